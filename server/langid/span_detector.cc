// SPDX-License-Identifier: Apache-2.0
//
// The text is cut into units, words for the most part, and a hidden Markov chain
// over them finds the languages (span_lattice.h):
//
//   Evidence. The identifier is asked about every unit by itself and about all
//   units up to the next sign of a change (the end of a sentence, a quotation
//   mark, a line break): a clause. A word alone places a boundary exactly but is
//   often wrong; the clause is nearly always right where languages change at its
//   ends, as they mostly do. The weighted logarithms of the two are added. (The
//   few words around each, asked too, doubled the time and gained nothing.)
//
//   Languages. Only those with some weight anywhere in the block are states. Two
//   passes find how large a share of the text each has, and a change into one
//   costs the logarithm of its share. So Croatian, Bosnian and Serbian do not take
//   turns in a text that is mostly one of them.
//
//   Changes cost the less the stronger the gap between two units is.
//
// Why not identify sentence by sentence: quotations within a sentence would be
// lost, and short sentences decided alone. Why not cut at every word the
// identifier is sure of: it is right for four words in five.
//
// Blocks bound the memory. One begins where the block before ends, with the
// strongest gap nearby, and knows nothing of it.
//
// Measured by tests/quality/span_accuracy.cc (docs/language-spans.md).

#include "server/langid/span_detector.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "server/base/status_macros.h"
#include "server/langid/label_table.h"
#include "server/langid/macrolanguage.h"
#include "server/langid/span_lattice.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

// Units of a block: 4,096 words are ten pages.
constexpr size_t kBlockUnits = 4096;
// Among so many last ones the strongest gap ends the block.
constexpr size_t kBlockEnd = 512;
// Languages considered in a block at most.
constexpr size_t kStatesMax = 24;
// Guesses that count as evidence.
constexpr int kGuesses = 16;
// Units of a clause that are looked at together, at most.
constexpr size_t kClauseUnits = 16;
// A language is considered when it has this much, in units, of what is said, or
// this share of it where that is less.
constexpr float kWeightMin = 0.5f;
constexpr float kWeightShareMin = 0.02f;
// Passes over a block's lattice that look for the languages' shares.
constexpr int kSharePasses = 2;
// No language's share is taken for less, in units of the text.
constexpr float kShareFloorUnits = 0.5f;
constexpr uint32_t kUnitsPerCheck = 64;
constexpr size_t kRunsPerCheck = 64;
constexpr float kReliableConfidence = 0.9f;

constexpr size_t kUndetermined = 0;

// The SpanScripts that a language is written in; empty: any.
std::vector<uint8_t> ScriptsOfLabel(absl::string_view label) {
  std::vector<uint8_t> codes;
  for (const std::string& script : MeaningOfLabel(label).scripts) {
    if (script == "Jpan" || script == "Hans" || script == "Hant") {
      codes.push_back(USCRIPT_HAN);
    } else if (script == "Kore") {
      codes.insert(codes.end(), {USCRIPT_HANGUL, USCRIPT_HAN});
    } else {
      const int code = u_getPropertyValueEnum(UCHAR_SCRIPT, script.c_str());
      if (code > 0 && code < 256) codes.push_back(static_cast<uint8_t>(SpanScript(code)));
    }
  }
  return codes;
}

// Languages by number, in order of appearance; 0 is "und".
class Languages {
 public:
  // Of macrolanguages the members may be written in any script.
  explicit Languages(bool macrolanguages) : any_script_(macrolanguages) { IndexOf("und", ""); }

  size_t IndexOf(absl::string_view tag, absl::string_view raw_label) {
    // Which Chinese it is shows in the span as a whole.
    if (LanguageSubtag(tag) == "zh") tag = "zh";
    const auto [it, is_new] = indices_.try_emplace(std::string(tag), tags_.size());
    if (is_new) {
      tags_.emplace_back(tag);
      raw_labels_.emplace_back(raw_label);
      scripts_.push_back(any_script_ ? std::vector<uint8_t>() : ScriptsOfLabel(raw_label));
    }
    return it->second;
  }
  size_t size() const { return tags_.size(); }
  const std::string& tag(size_t index) const { return tags_[index]; }
  const std::string& raw_label(size_t index) const { return raw_labels_[index]; }
  // Whether it may be written in `script`, a SpanScript.
  bool IsWrittenIn(size_t index, uint8_t script) const {
    const std::vector<uint8_t>& scripts = scripts_[index];
    return scripts.empty() || script == USCRIPT_COMMON ||
           std::find(scripts.begin(), scripts.end(), script) != scripts.end();
  }

 private:
  const bool any_script_;
  absl::flat_hash_map<std::string, size_t> indices_;
  std::vector<std::string> tags_;
  std::vector<std::string> raw_labels_;
  std::vector<std::vector<uint8_t>> scripts_;
};

// What the identifier says of a piece: probabilities of languages. Empty when it
// says nothing.
struct Guess {
  size_t language = 0;
  float probability = 0;
};
using Guesses = std::vector<Guess>;

// A run of units in one language.
struct Run {
  size_t language = 0;
  size_t first_unit = 0;
  uint32_t letters = 0;
  // Sums over its letters of the probability of each language; the likeliest.
  std::vector<Guess> weights = {};
};

class Detector {
 public:
  Detector(const LanguageIdentifier& identifier, absl::string_view text,
           const IdentifyOptions& options, const Adjustments& adjustments,
           const StopCondition& stop, const SpanWeights& weights)
      : identifier_(identifier),
        text_(text),
        options_(options),
        adjustments_(adjustments),
        stop_(stop),
        weights_(weights),
        languages_(adjustments.group_macrolanguages) {}

  absl::StatusOr<DetectedSpans> Run() {
    units_ = CutIntoSpanUnits(text_);
    for (size_t begin = 0; begin < units_.size();) {
      const size_t end = EndOfBlock(begin);
      HEXAPLA_RETURN_IF_ERROR(AddBlock(begin, end));
      begin = end;
    }
    return Result();
  }

 private:
  size_t EndOfBlock(size_t begin) const {
    if (units_.size() - begin <= kBlockUnits) return units_.size();
    size_t best = begin + kBlockUnits;
    for (size_t end = best; end > begin + kBlockUnits - kBlockEnd; --end) {
      if (units_[end].gap > units_[best].gap) best = end;
    }
    return best;
  }

  // The text from one unit to another, the second included.
  absl::string_view TextOf(size_t first, size_t last) const {
    return TextRange{.begin = units_[first].range.begin, .end = units_[last].range.end}.Of(text_);
  }

  Guesses Ask(absl::string_view piece, bool alone) {
    IdentifyOptions options = options_;
    options.guesses_max = kGuesses;
    const Identification answer = identifier_.Identify(piece, options);
    Guesses guesses;
    if (answer.guesses[0].language == "und") {
      // Of a word alone this says that it is short; of more, that it is foreign.
      if (!alone) guesses.push_back({kUndetermined, 1.0f});
      return guesses;
    }
    for (const LanguageGuess& guess : answer.guesses) {
      const size_t language = languages_.IndexOf(Grouped(guess.language), guess.raw_label);
      const auto known = std::find_if(guesses.begin(), guesses.end(), [language](const Guess& g) {
        return g.language == language;
      });
      if (known == guesses.end()) {
        guesses.push_back({language, guess.confidence});
      } else {
        known->probability += guess.confidence;
      }
    }
    return guesses;
  }

  std::string Grouped(const std::string& tag) const {
    return adjustments_.group_macrolanguages ? MacrolanguageOf(tag) : tag;
  }

  const Guesses& AskUnit(size_t unit) {
    const auto [it, is_new] = unit_guesses_.try_emplace(units_[unit].range.Of(text_));
    if (is_new) it->second = Ask(it->first, /*alone=*/true);
    return it->second;
  }

  // Where the clause that starts with unit `begin` ends.
  size_t EndOfClause(size_t begin, size_t block_end) const {
    size_t end = begin + 1;
    while (end < block_end && units_[end].gap < SpanGap::kQuotation) ++end;
    return end;
  }

  absl::Status AddBlock(size_t begin, size_t end) {
    unit_guesses_.clear();
    evidence_.assign(end - begin, {});
    for (size_t clause = begin; clause < end;) {
      const size_t clause_end = EndOfClause(clause, end);
      HEXAPLA_RETURN_IF_ERROR(LookAtClause(begin, clause, clause_end));
      clause = clause_end;
    }
    ChooseStates();
    SpanLattice lattice = MakeLattice(begin, end);
    AddRuns(begin, BestPath(lattice), Posteriors(Tempered(lattice)));
    return absl::OkStatus();
  }

  absl::Status LookAtClause(size_t block, size_t begin, size_t end) {
    const size_t parts = (end - begin + kClauseUnits - 1) / kClauseUnits;
    for (size_t part = 0; part < parts; ++part) {
      const size_t first = begin + (end - begin) * part / parts;
      const size_t last = begin + (end - begin) * (part + 1) / parts - 1;
      const Guesses clause = Ask(TextOf(first, last), /*alone=*/false);
      for (size_t unit = first; unit <= last; ++unit) {
        if (unit % kUnitsPerCheck == 0) HEXAPLA_RETURN_IF_ERROR(stop_.Check());
        evidence_[unit - block] = {.unit = AskUnit(unit), .clause = clause};
      }
    }
    return absl::OkStatus();
  }

  // Fills states_, and their shares of what is said.
  void ChooseStates() {
    std::vector<float> totals(languages_.size(), 0.0f);
    for (const Evidence& evidence : evidence_) {
      for (const Guess& guess : evidence.unit) totals[guess.language] += guess.probability / 2;
      for (const Guess& guess : evidence.clause) totals[guess.language] += guess.probability / 2;
    }
    const float least =
        std::min(kWeightMin, kWeightShareMin * static_cast<float>(evidence_.size()));
    states_.clear();
    for (size_t language = 0; language < totals.size(); ++language) {
      if (totals[language] >= least) states_.push_back(language);
    }
    if (states_.empty()) {
      states_.push_back(
          static_cast<size_t>(std::max_element(totals.begin(), totals.end()) - totals.begin()));
    }
    std::stable_sort(states_.begin(), states_.end(),
                     [&totals](size_t a, size_t b) { return totals[a] > totals[b]; });
    if (states_.size() > kStatesMax) states_.resize(kStatesMax);
    shares_.clear();
    for (const size_t language : states_) shares_.push_back(totals[language]);
    state_of_language_.assign(languages_.size(), -1);
    for (size_t s = 0; s < states_.size(); ++s) {
      state_of_language_[states_[s]] = static_cast<int>(s);
    }
  }

  SpanLattice MakeLattice(size_t begin, size_t end) {
    SpanLattice lattice;
    lattice.states = states_.size();
    lattice.evidence.resize((end - begin) * states_.size());
    for (size_t unit = begin; unit < end; ++unit) {
      float* const row = lattice.evidence.data() + (unit - begin) * states_.size();
      AddEvidence(evidence_[unit - begin].unit, weights_.unit, row);
      AddEvidence(evidence_[unit - begin].clause, weights_.clause, row);
      AddScript(units_[unit], row);
      lattice.change_costs.push_back(ChangeCost(unit));
    }
    SetShares(lattice);
    for (int pass = 0; pass < kSharePasses; ++pass) {
      const std::vector<float> posteriors = Posteriors(lattice);
      std::fill(shares_.begin(), shares_.end(), 0.0f);
      for (size_t i = 0; i < posteriors.size(); ++i) shares_[i % states_.size()] += posteriors[i];
      SetShares(lattice);
    }
    return lattice;
  }

  void AddEvidence(const Guesses& guesses, float weight, float* row) const {
    if (guesses.empty()) return;
    for (size_t s = 0; s < states_.size(); ++s) row[s] += weight * weights_.least;
    const float least = std::exp(weights_.least);
    for (const Guess& guess : guesses) {
      const int state = state_of_language_[guess.language];
      if (state < 0 || guess.probability <= least) continue;
      row[state] += weight * (std::log(guess.probability) - weights_.least);
    }
  }

  // A sentence that starts in another script is as good a sign as a line.
  float ChangeCost(size_t unit) const {
    SpanGap gap = units_[unit].gap;
    if (gap == SpanGap::kSentence && unit > 0 && units_[unit].script != units_[unit - 1].script) {
      gap = SpanGap::kLine;
    }
    return weights_.change_costs[static_cast<size_t>(gap)];
  }

  void AddScript(const SpanUnit& unit, float* row) const {
    float penalty = weights_.script * static_cast<float>(unit.letters);
    // A single letter may be a symbol.
    if (unit.script != USCRIPT_LATIN && unit.letters > 1) {
      penalty = std::min(penalty, weights_.foreign_word);
    }
    for (size_t s = 0; s < states_.size(); ++s) {
      if (languages_.IsWrittenIn(states_[s], unit.script)) continue;
      row[s] += penalty;
    }
  }

  void SetShares(SpanLattice& lattice) const {
    float sum = 0;
    for (const float share : shares_) sum += share + kShareFloorUnits;
    lattice.log_shares.clear();
    for (size_t s = 0; s < states_.size(); ++s) {
      const float share = (shares_[s] + kShareFloorUnits) / sum;
      lattice.log_shares.push_back(weights_.share * std::log(share) +
                                   (IsHinted(states_[s]) ? weights_.hint : 0.0f));
    }
  }

  bool IsHinted(size_t language) const {
    return std::any_of(adjustments_.hints.begin(), adjustments_.hints.end(),
                       [&](const std::string& hint) {
                         return SameLanguage(Grouped(hint), languages_.tag(language));
                       });
  }

  SpanLattice Tempered(SpanLattice lattice) const {
    for (float& value : lattice.evidence) value /= weights_.temperature;
    return lattice;
  }

  void AddRuns(size_t begin, const std::vector<size_t>& path,
               const std::vector<float>& posteriors) {
    for (size_t i = 0; i < path.size(); ++i) {
      const size_t language = states_[path[i]];
      if (runs_.empty() || runs_.back().language != language) {
        runs_.push_back({.language = language, .first_unit = begin + i});
      }
      struct Run& run = runs_.back();
      const uint32_t letters = units_[begin + i].letters;
      run.letters += letters;
      for (size_t s = 0; s < states_.size(); ++s) {
        const float weight = posteriors[i * states_.size() + s] * static_cast<float>(letters);
        const auto known =
            std::find_if(run.weights.begin(), run.weights.end(),
                         [&](const Guess& guess) { return guess.language == states_[s]; });
        if (known == run.weights.end()) {
          run.weights.push_back({states_[s], weight});
        } else {
          known->probability += weight;
        }
      }
    }
  }

  absl::StatusOr<DetectedSpans> Result() {
    DetectedSpans result;
    if (runs_.empty()) {
      Identification undetermined;
      undetermined.guesses.push_back({.language = "und", .raw_label = ""});
      undetermined.script = "Zyyy";
      result.spans.push_back(
          {.range = {.begin = 0, .end = text_.size()}, .identification = undetermined});
      return result;
    }
    uint32_t letters = 0;
    for (size_t i = 0; i < runs_.size(); ++i) {
      if (i % kRunsPerCheck == 0) HEXAPLA_RETURN_IF_ERROR(stop_.Check());
      const bool is_last = i + 1 == runs_.size();
      const size_t end_unit = is_last ? units_.size() : runs_[i + 1].first_unit;
      const size_t end = is_last ? text_.size() : units_[end_unit].cut;
      const TextRange range = {.begin = units_[runs_[i].first_unit].cut, .end = end};
      result.spans.push_back(
          {.range = range, .identification = Describe(runs_[i], end_unit, range)});
      AddShare(result.spans.back(), runs_[i].letters, result.shares);
      letters += runs_[i].letters;
    }
    for (DetectedShare& share : result.shares) share.share /= static_cast<float>(letters);
    std::stable_sort(
        result.shares.begin(), result.shares.end(),
        [](const DetectedShare& a, const DetectedShare& b) { return a.share > b.share; });
    return result;
  }

  static void AddShare(const DetectedSpan& span, uint32_t letters,
                       std::vector<DetectedShare>& shares) {
    const std::string& language = span.identification.guesses[0].language;
    const auto known = std::find_if(shares.begin(), shares.end(), [&](const DetectedShare& share) {
      return share.language == language;
    });
    DetectedShare& share =
        known == shares.end() ? shares.emplace_back(DetectedShare{language, 0}) : *known;
    share.share += static_cast<float>(letters);
  }

  // The script of most letters of a run that ends before `end_unit`.
  uint8_t ScriptOf(const struct Run& run, size_t end_unit) const {
    std::array<uint32_t, 256> letters = {};
    for (size_t unit = run.first_unit; unit < end_unit; ++unit) {
      letters[units_[unit].script] += units_[unit].letters;
    }
    return static_cast<uint8_t>(std::max_element(letters.begin(), letters.end()) - letters.begin());
  }

  Identification Describe(struct Run& run, size_t end_unit, const TextRange& range) const {
    const Identification whole =
        AdjustedIdentifier(identifier_, adjustments_).Identify(range.Of(text_), options_);
    Identification result;
    result.script = whole.script;
    std::stable_sort(run.weights.begin(), run.weights.end(), [&](const Guess& a, const Guess& b) {
      if ((a.language == run.language) != (b.language == run.language)) {
        return a.language == run.language;
      }
      return a.probability > b.probability;
    });
    // An alternative that cannot be written like this is none; its weight comes
    // from pieces of another script, or from a clause that reaches beyond.
    const uint8_t script = ScriptOf(run, end_unit);
    float letters = 0;
    std::erase_if(run.weights, [&](const Guess& guess) {
      return guess.language != run.language && !languages_.IsWrittenIn(guess.language, script);
    });
    for (const Guess& guess : run.weights) letters += guess.probability;
    for (const Guess& guess : run.weights) {
      if (result.guesses.size() == static_cast<size_t>(std::max(1, options_.guesses_max))) break;
      result.guesses.push_back(
          {.language = languages_.tag(guess.language),
           .raw_label = languages_.raw_label(guess.language),
           .confidence = letters > 0 ? std::min(1.0f, guess.probability / letters) : 0.0f});
    }
    LanguageGuess& first = result.guesses[0];
    const LanguageGuess& of_whole = whole.guesses[0];
    if (run.language == kUndetermined) {
      first.confidence = 0;
    } else if (SameLanguage(of_whole.language, first.language)) {
      // As a whole it may say more: zh-Hant.
      first.language = of_whole.language;
      first.raw_label = of_whole.raw_label;
      result.reliable = whole.reliable && first.confidence >= kReliableConfidence;
    }
    return result;
  }

  struct Evidence {
    Guesses unit;
    Guesses clause;
  };

  const LanguageIdentifier& identifier_;
  const absl::string_view text_;
  const IdentifyOptions& options_;
  const Adjustments& adjustments_;
  const StopCondition& stop_;
  const SpanWeights& weights_;

  std::vector<SpanUnit> units_;
  Languages languages_;
  std::vector<struct Run> runs_;
  // Of the block at hand.
  absl::flat_hash_map<absl::string_view, Guesses> unit_guesses_;
  std::vector<Evidence> evidence_;
  std::vector<size_t> states_;  // languages
  std::vector<float> shares_;   // in units
  std::vector<int> state_of_language_;
};

}  // namespace

absl::StatusOr<DetectedSpans> DetectSpans(const LanguageIdentifier& identifier,
                                          absl::string_view text, const IdentifyOptions& options,
                                          const Adjustments& adjustments, const StopCondition& stop,
                                          const SpanWeights& weights) {
  return Detector(identifier, text, options, adjustments, stop, weights).Run();
}

}  // namespace hexapla
