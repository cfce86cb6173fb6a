// SPDX-License-Identifier: Apache-2.0
#include "server/langid/fasttext_language_identifier.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/status_macros.h"
#include "server/langid/cld2_vote.h"
#include "server/langid/han_variant.h"
#include "server/langid/label_table.h"
#include "server/text/language_tag.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

// The share of all languages that the candidates must have held for an answer
// among them to be reliable: text in none of them is not.
constexpr float kCandidatesShareMin = 0.5F;

using fasttext::Classifier;

// A first guess is relied upon from this confidence on; docs/language-id.md has
// how often that is right. A model alone is too modest about sentences: with 0.70
// to 0.80 lid.176 was right on 94 % of development texts from 40 letters on, and
// on 55 to 85 % of shorter ones. So there a lower bound is enough.
constexpr float kReliableConfidence = 0.9f;
constexpr float kReliableConfidenceLong = 0.7f;
constexpr uint32_t kReliableLetters = 40;

// A script counts when it has at least one letter in this many.
constexpr uint32_t kScriptShare = 4;

// What becomes of the weight of a language that no model believes in.
constexpr float kOthersFactor = 1e-6f;

// ICU's codes of the letters that a script of ISO 15924 is made of.
void AppendLetterScripts(absl::string_view script, std::vector<uint8_t>& codes) {
  if (script == "Jpan") {
    codes.insert(codes.end(), {USCRIPT_HIRAGANA, USCRIPT_KATAKANA, USCRIPT_HAN});
  } else if (script == "Kore") {
    codes.insert(codes.end(), {USCRIPT_HANGUL, USCRIPT_HAN});
  } else if (script == "Hans" || script == "Hant" || script == "Hani") {
    codes.insert(codes.end(), {USCRIPT_HAN, USCRIPT_BOPOMOFO});
  } else {
    const int32_t code = u_getPropertyValueEnum(UCHAR_SCRIPT, std::string(script).c_str());
    if (code > 0 && code < 256) codes.push_back(static_cast<uint8_t>(code));
  }
}

template <typename Value>
bool Contains(const std::vector<Value>& values, int value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

uint32_t JapaneseLetters(const ScriptCounts& counts) {
  return counts.kana() + counts.of(USCRIPT_HAN);
}

// A Japanese word or two in Chinese text do not make it Japanese.
bool IsJapanese(const ScriptCounts& counts) {
  return counts.kana() > 0 && counts.kana() * 8 >= JapaneseLetters(counts);
}

std::string ScriptOf(const CleanedText& cleaned) {
  const ScriptCounts& counts = cleaned.scripts;
  const int dominant = counts.Dominant();
  if (dominant == USCRIPT_HANGUL) return "Kore";
  if (JapaneseLetters(counts) >= counts.of(dominant)) {
    if (IsJapanese(counts)) return "Jpan";
    const absl::string_view variant = HanVariantOf(cleaned.text);
    return variant.empty() ? "Hani" : std::string(variant.data(), variant.size());
  }
  return uscript_getShortName(static_cast<UScriptCode>(dominant));
}

}  // namespace

// Memory that an identification needs and the next one can use again.
struct FastTextLanguageIdentifier::Workspace {
  CleanedText cleaned;
  Classifier::Scratch scratch;
  std::vector<float> probabilities;               // one a label
  std::vector<float> weights;                     // one a language
  std::vector<int32_t> best_labels;               // one a language
  std::vector<int32_t> race;                      // the languages still in it
  std::vector<float> second;                      // the second model's weights, one a language
  std::vector<int32_t> contenders;                // of the race, those that a model believes in
  std::vector<float> scores;                      // one a contender
  std::vector<fasttext::Prediction> predictions;  // the first model's best
  bool is_predicted = false;                      // whether they are of this text
};

absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> FastTextLanguageIdentifier::Create(
    absl::string_view path) {
  HEXAPLA_ASSIGN_OR_RETURN(std::shared_ptr<const fasttext::Model> model,
                           fasttext::Model::Read(path));
  auto identifier = Create(std::move(model));
  if (identifier.ok()) return identifier;
  return absl::Status(identifier.status().code(),
                      absl::StrCat(path, ": ", identifier.status().message()));
}

absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> FastTextLanguageIdentifier::Create(
    std::shared_ptr<const fasttext::Model> model) {
  HEXAPLA_ASSIGN_OR_RETURN(std::unique_ptr<const Classifier> classifier,
                           Classifier::Create(std::move(model)));
  return std::unique_ptr<FastTextLanguageIdentifier>(
      new FastTextLanguageIdentifier(std::move(classifier)));
}

absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> FastTextLanguageIdentifier::Create(
    const FastTextLanguageIdentifier& first, const FastTextLanguageIdentifier& second,
    const OpinionWeights& weights) {
  std::unique_ptr<FastTextLanguageIdentifier> identifier(
      new FastTextLanguageIdentifier(first.classifier_));
  identifier->second_ = second.classifier_;
  if (!identifier->AddSecond(weights)) {
    return absl::InvalidArgumentError(
        "the model of the second opinion has no language of the first");
  }
  return identifier;
}

FastTextLanguageIdentifier::FastTextLanguageIdentifier(std::shared_ptr<const Classifier> classifier)
    : classifier_(std::move(classifier)), languages_of_script_(256) {
  for (int32_t label = 0; label < classifier_->labels_size(); ++label) AddLabel(label);
  for (size_t script = 0; script < languages_of_script_.size(); ++script) {
    for (size_t i = 0; i < languages_.size(); ++i) {
      const std::vector<uint8_t>& scripts = languages_[i].scripts;
      if (!scripts.empty() && !Contains(scripts, static_cast<int>(script))) continue;
      languages_of_script_[script].push_back(static_cast<int32_t>(i));
    }
  }
  // The tables behind these are made now, not in the first call.
  CleanedText cleaned;
  Clean("a", cleaned);
  HanVariantOf("");
}

void FastTextLanguageIdentifier::AddLabel(int32_t label) {
  const LabelMeaning meaning = MeaningOfLabel(RawLabel(label));
  const auto [it, is_new] =
      index_of_tag_.try_emplace(meaning.language, static_cast<int32_t>(languages_.size()));
  language_of_label_.push_back(it->second);
  if (!is_new) return;
  Language language;
  language.tag = meaning.language;
  language.script_given = meaning.script_given;
  for (const std::string& script : meaning.scripts) {
    AppendLetterScripts(script, language.scripts);
    if (language.usual_scripts == 0) language.usual_scripts = language.scripts.size();
  }
  languages_.push_back(std::move(language));
}

bool FastTextLanguageIdentifier::AddSecond(const OpinionWeights& weights) {
  weights_ = weights;
  known_to_second_.assign(languages_.size(), 0);
  for (int32_t label = 0; label < second_->labels_size(); ++label) {
    const absl::string_view name = absl::StripPrefix(second_->label(label), "__label__");
    const auto found = index_of_tag_.find(MeaningOfLabel(name).language);
    const int32_t language = found == index_of_tag_.end() ? -1 : found->second;
    language_of_second_label_.push_back(language);
    if (language >= 0) known_to_second_[language] = 1;
  }
  const auto bias_of = [](const OpinionWeights::Stage& stage, const std::string& tag) {
    const auto bias = stage.biases.find(tag);
    return bias == stage.biases.end() ? 0.0f : bias->second;
  };
  for (const Language& language : languages_) {
    model_biases_.push_back(bias_of(weights.models, language.tag));
    everyone_biases_.push_back(bias_of(weights.everyone, language.tag));
  }
  for (const std::string& tag : Cld2Languages()) {
    const auto found = index_of_tag_.find(tag);
    language_of_cld2_.push_back(found == index_of_tag_.end() ? -1 : found->second);
  }
  return Contains(known_to_second_, 1);
}

absl::string_view FastTextLanguageIdentifier::RawLabel(int32_t label) const {
  return absl::StripPrefix(classifier_->label(label), "__label__");
}

std::vector<std::string> FastTextLanguageIdentifier::Languages() const {
  std::vector<std::string> tags;
  for (const Language& language : languages_) tags.push_back(language.tag);
  std::sort(tags.begin(), tags.end());
  return tags;
}

float FastTextLanguageIdentifier::WeightOf(const std::vector<int32_t>& languages,
                                           const Workspace& workspace) {
  float sum = 0;
  for (const int32_t language : languages) sum += workspace.weights[language];
  return sum;
}

Identification FastTextLanguageIdentifier::Identify(absl::string_view text,
                                                    const IdentifyOptions& options) const {
  thread_local Workspace workspace;
  Clean(text, workspace.cleaned);
  if (options.skip_cleaning) {
    const absl::string_view head = TruncateUtf8(text, kCleanedBytesMax);
    workspace.cleaned.text.assign(head.data(), head.size());
  }
  const uint32_t letters = workspace.cleaned.scripts.letters();
  const bool has_letters = letters > 0;
  const int guesses_max = std::max(1, options.guesses_max);
  Identification identification;
  identification.script = has_letters ? ScriptOf(workspace.cleaned) : "Zyyy";
  workspace.race.clear();
  workspace.is_predicted = false;
  bool candidates_hold = true;
  if (has_letters) {
    EnterScripts(workspace);
    const int32_t sure = options.candidates.empty() ? SureAlone(workspace) : -1;
    if (sure >= 0) {
      identification.guesses = RankAlone(sure, guesses_max, workspace);
      identification.reliable = IsReliable(identification.guesses[0].confidence, letters);
      return identification;
    }
    const bool is_known = Weigh(workspace);
    if (!is_known && workspace.race.size() > 1) workspace.race.clear();
    if (!options.candidates.empty()) {
      const float all = WeightOf(workspace.race, workspace);
      KeepCandidates(options.candidates, workspace);
      candidates_hold = WeightOf(workspace.race, workspace) >= kCandidatesShareMin * all;
    }
  }
  if (workspace.race.empty()) {
    identification.guesses.push_back({.language = "und", .raw_label = ""});
    return identification;
  }
  identification.guesses = Rank(guesses_max, workspace);
  identification.reliable =
      candidates_hold && IsReliable(identification.guesses[0].confidence, letters);
  return identification;
}

bool FastTextLanguageIdentifier::IsReliable(float confidence, uint32_t letters) const {
  const bool modest = second_ == nullptr && letters >= kReliableLetters;
  return confidence >= (modest ? kReliableConfidenceLong : kReliableConfidence);
}

int32_t FastTextLanguageIdentifier::SureAlone(Workspace& workspace) const {
  const auto letters = static_cast<float>(workspace.cleaned.scripts.letters());
  workspace.is_predicted = second_ != nullptr && letters >= weights_.alone.letters;
  if (!workspace.is_predicted) return -1;
  std::vector<fasttext::Prediction>& best = workspace.predictions;
  classifier_->Predict(workspace.cleaned.text, {.labels_max = 2}, workspace.scratch, best);
  if (best.empty() || best[0].probability < weights_.alone.probability) return -1;
  return IsInRace(language_of_label_[best[0].label], workspace) ? best[0].label : -1;
}

bool FastTextLanguageIdentifier::IsInRace(int32_t language, const Workspace& workspace) {
  return std::binary_search(workspace.race.begin(), workspace.race.end(), language);
}

std::vector<LanguageGuess> FastTextLanguageIdentifier::RankAlone(int32_t label, int guesses_max,
                                                                 Workspace& workspace) const {
  const float confidence = weights_.alone.confidence;
  const int32_t language = language_of_label_[label];
  const LanguageGuess first = GuessOf(language, label, confidence, workspace.cleaned);
  if (guesses_max == 1) return {first};
  const std::vector<fasttext::Prediction>& best = workspace.predictions;
  if (guesses_max == 2 && best.size() == 2) {
    // What remains is shared as the model shares it. Its best two are known already:
    // most calls ask for no more, and weighing all languages takes as long as both.
    const int32_t second = language_of_label_[best[1].label];
    if (second != language && IsInRace(second, workspace)) {
      const float others = std::max(1 - best[0].probability, best[1].probability);
      const float share = (1 - confidence) * best[1].probability / others;
      return {first, GuessOf(second, best[1].label, share, workspace.cleaned)};
    }
  }
  AskFirst(workspace);
  std::vector<float>& weights = workspace.weights;
  float others = 0;
  for (const int32_t index : workspace.race) others += index == language ? 0 : weights[index];
  weights[language] = others > 0 ? others * confidence / (1 - confidence) : 1.0f;
  return Rank(guesses_max, workspace);
}

LanguageGuess FastTextLanguageIdentifier::GuessOf(int32_t language, int32_t label, float confidence,
                                                  const CleanedText& cleaned) const {
  const absl::string_view raw = RawLabel(label);
  return {.language = TagOf(languages_[language], cleaned),
          .raw_label = std::string(raw.data(), raw.size()),
          .confidence = confidence};
}

void FastTextLanguageIdentifier::EnterScripts(Workspace& workspace) const {
  const ScriptCounts& counts = workspace.cleaned.scripts;
  std::vector<int32_t>& race = workspace.race;
  const int dominant = counts.Dominant();
  if (IsJapanese(counts) && JapaneseLetters(counts) >= counts.of(dominant)) {
    race = languages_of_script_[USCRIPT_HIRAGANA];
    return;
  }
  race = languages_of_script_[dominant];
  const size_t of_dominant = race.size();
  for (const uint8_t script : counts.seen()) {
    if (script == dominant || counts.of(script) * kScriptShare < counts.letters()) continue;
    const std::vector<int32_t>& more = languages_of_script_[script];
    race.insert(race.end(), more.begin(), more.end());
  }
  if (race.size() == of_dominant) return;
  std::sort(race.begin(), race.end());
  race.erase(std::unique(race.begin(), race.end()), race.end());
}

bool FastTextLanguageIdentifier::AskFirst(Workspace& workspace) const {
  std::vector<float>& probabilities = workspace.probabilities;
  probabilities.resize(language_of_label_.size());
  const int64_t features =
      workspace.is_predicted
          ? classifier_->PredictAllOfLast(workspace.scratch, probabilities.data())
          : classifier_->PredictAll(workspace.cleaned.text, workspace.scratch,
                                    probabilities.data());
  workspace.weights.assign(languages_.size(), 0.0f);
  workspace.best_labels.assign(languages_.size(), -1);
  for (size_t label = 0; label < probabilities.size(); ++label) {
    const int32_t language = language_of_label_[label];
    int32_t& best = workspace.best_labels[language];
    if (best < 0 || probabilities[label] > probabilities[best]) best = static_cast<int32_t>(label);
    workspace.weights[language] += probabilities[label];
  }
  return features > 0;
}

bool FastTextLanguageIdentifier::Weigh(Workspace& workspace) const {
  const bool is_known = AskFirst(workspace);
  if (second_ == nullptr) return is_known;
  const bool known_to_second = AskSecond(workspace);
  FindContenders(workspace);
  Pool(workspace);
  return is_known || known_to_second;
}

bool FastTextLanguageIdentifier::AskSecond(Workspace& workspace) const {
  std::vector<float>& probabilities = workspace.probabilities;
  probabilities.resize(language_of_second_label_.size());
  const int64_t features =
      second_->PredictAll(workspace.cleaned.text, workspace.scratch, probabilities.data());
  std::vector<float>& second = workspace.second;
  second.assign(languages_.size(), 0.0f);
  for (size_t label = 0; label < probabilities.size(); ++label) {
    const int32_t language = language_of_second_label_[label];
    if (language >= 0) second[language] += probabilities[label];
  }
  // What it gives to languages of other scripts is no evidence.
  float sum = 0;
  for (const int32_t language : workspace.race) sum += second[language];
  const float scale = sum > 0 ? 1.0f / sum : 0.0f;
  for (const int32_t language : workspace.race) second[language] *= scale;
  return features > 0;
}

void FastTextLanguageIdentifier::FindContenders(Workspace& workspace) const {
  workspace.contenders.clear();
  for (const int32_t language : workspace.race) {
    const bool believed =
        std::max(workspace.weights[language], workspace.second[language]) >= kOpinionMin;
    if (believed) workspace.contenders.push_back(language);
  }
  if (workspace.contenders.empty()) workspace.contenders = workspace.race;
}

void FastTextLanguageIdentifier::Pool(Workspace& workspace) const {
  const float best = Score(weights_.models, model_biases_, -1, workspace);
  if (best < weights_.certain) {
    Score(weights_.everyone, everyone_biases_, AskVoter(workspace), workspace);
  }
  // The others keep their order, far behind.
  for (const int32_t language : workspace.race) workspace.weights[language] *= kOthersFactor;
  for (size_t i = 0; i < workspace.contenders.size(); ++i) {
    workspace.weights[workspace.contenders[i]] = workspace.scores[i];
  }
}

float FastTextLanguageIdentifier::Score(const OpinionWeights::Stage& stage,
                                        const std::vector<float>& biases, int32_t vote,
                                        Workspace& workspace) const {
  const OpinionWeights::Place place = OpinionWeights::PlaceOf(workspace.cleaned.scripts.letters());
  const float first = OpinionWeights::At(stage.first, place);
  const float second = OpinionWeights::At(stage.second, place);
  const float absent = OpinionWeights::At(stage.absent, place);
  const float voted = OpinionWeights::At(stage.vote, place);
  std::vector<float>& scores = workspace.scores;
  scores.clear();
  float best = -std::numeric_limits<float>::infinity();
  for (const int32_t language : workspace.contenders) {
    float score = biases[language];
    score += first * std::log(std::max(kOpinionMin, workspace.weights[language]));
    score += known_to_second_[language] == 0
                 ? absent
                 : second * std::log(std::max(kOpinionMin, workspace.second[language]));
    if (language == vote) score += voted;
    scores.push_back(score);
    best = std::max(best, score);
  }
  float sum = 0;
  for (float& score : scores) sum += score = std::exp(score - best);
  for (float& score : scores) score /= sum;
  return 1 / sum;
}

int32_t FastTextLanguageIdentifier::AskVoter(const Workspace& workspace) const {
  const int number = AskCld2(workspace.cleaned.text);
  return number < static_cast<int>(language_of_cld2_.size()) ? language_of_cld2_[number] : -1;
}

FastTextLanguageIdentifier::Opinions FastTextLanguageIdentifier::OpinionsOn(
    absl::string_view text) const {
  Workspace workspace;
  Clean(text, workspace.cleaned);
  Opinions opinions;
  opinions.letters = workspace.cleaned.scripts.letters();
  if (opinions.letters == 0) return opinions;
  EnterScripts(workspace);
  AskFirst(workspace);
  AskSecond(workspace);
  FindContenders(workspace);
  const int32_t vote = AskVoter(workspace);
  for (const int32_t language : workspace.contenders) {
    if (language == vote) opinions.vote = static_cast<int>(opinions.languages.size());
    opinions.languages.push_back(languages_[language].tag);
    opinions.first.push_back(std::max(kOpinionMin, workspace.weights[language]));
    opinions.second.push_back(known_to_second_[language] == 0
                                  ? -1.0f
                                  : std::max(kOpinionMin, workspace.second[language]));
  }
  return opinions;
}

void FastTextLanguageIdentifier::KeepCandidates(const std::vector<std::string>& candidates,
                                                Workspace& workspace) const {
  std::vector<char> is_candidate(languages_.size(), 0);
  for (const std::string& candidate : candidates) {
    const absl::string_view script = ScriptSubtag(candidate);
    for (size_t i = 0; i < languages_.size(); ++i) {
      const Language& language = languages_[i];
      if (!SameLanguage(language.tag, candidate)) continue;
      is_candidate[i] |=
          script.empty() || language.script_given.empty() || language.script_given == script;
    }
  }
  std::vector<int32_t>& race = workspace.race;
  const auto is_out = [&](int32_t index) { return is_candidate[index] == 0; };
  race.erase(std::remove_if(race.begin(), race.end(), is_out), race.end());
}

std::vector<LanguageGuess> FastTextLanguageIdentifier::Rank(int guesses_max,
                                                            Workspace& workspace) const {
  std::vector<int32_t>& race = workspace.race;
  const std::vector<float>& weights = workspace.weights;
  const size_t size = std::min(race.size(), static_cast<size_t>(guesses_max));
  float sum = 0;
  for (const int32_t index : race) sum += weights[index];
  std::partial_sort(race.begin(), race.begin() + size, race.end(), [&](int32_t a, int32_t b) {
    return weights[a] != weights[b] ? weights[a] > weights[b] : a < b;
  });
  std::vector<LanguageGuess> guesses;
  for (size_t i = 0; i < size; ++i) {
    const int32_t index = race[i];
    // Nothing to divide: the model excludes all that script and caller allow.
    const float share = sum > 0 ? weights[index] / sum : 1.0f / static_cast<float>(race.size());
    guesses.push_back(GuessOf(index, workspace.best_labels[index], share, workspace.cleaned));
  }
  return guesses;
}

std::string FastTextLanguageIdentifier::TagOf(const Language& language,
                                              const CleanedText& cleaned) const {
  if (!language.script_given.empty()) return language.tag;
  if (language.tag == "zh") {
    const absl::string_view variant = HanVariantOf(cleaned.text);
    return variant.empty() ? "zh" : absl::StrCat("zh-", variant);
  }
  const int dominant = cleaned.scripts.Dominant();
  const auto& scripts = language.scripts;
  const auto usual_end = scripts.begin() + static_cast<std::ptrdiff_t>(language.usual_scripts);
  if (std::find(usual_end, scripts.end(), dominant) == scripts.end()) return language.tag;
  return absl::StrCat(language.tag, "-", uscript_getShortName(static_cast<UScriptCode>(dominant)));
}

}  // namespace hexapla
