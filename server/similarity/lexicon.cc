// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/lexicon.h"

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// Beads this probable are sure.
constexpr double kSure = 0.7;
// Words of more than this share of the sentences, or of so many, are too common
// to tell.
constexpr int kCommonShare = 8;
constexpr int kCommonMin = 3;
constexpr int kCommonMax = 1000;
// How often two words must meet, how much of that is put down to chance, and the
// least share of their occurrences that must remain.
constexpr int kMeetingsMin = 2;
constexpr float kChance = 0.75F;
constexpr float kShareMin = 0.3F;
// Words of a side of a bead that count.
constexpr size_t kWordsMax = 32;
// Less than equal spelling, 255.
constexpr float kSimilarityMost = 250;
// Source words of one part of the work, each part with a counter for every target
// word.
constexpr int kWordsOfPart = 2048;

// The distinct words of a run that recur in the document without being common,
// the rarest of them.
std::vector<int32_t> RecurringWords(const EmbeddedDocument& document, SentenceRun run) {
  const int most = std::clamp(document.size() / kCommonShare, kCommonMin, kCommonMax);
  std::vector<int32_t> words;
  for (int t = document.token_begin[run.begin]; t < document.token_begin[run.end]; ++t) {
    const EmbeddedDocument::Word& word = document.words[document.tokens[t]];
    if (word.kind == TokenKind::kWord && word.sentences >= kMeetingsMin && word.sentences <= most) {
      words.push_back(document.tokens[t]);
    }
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  if (words.size() > kWordsMax) {
    const auto is_rarer = [&](int32_t a, int32_t b) {
      return std::pair(document.words[a].sentences, a) < std::pair(document.words[b].sentences, b);
    };
    std::nth_element(words.begin(), words.begin() + kWordsMax, words.end(), is_rarer);
    words.resize(kWordsMax);
  }
  return words;
}

// The recurring words of both sides of a sure bead; none of one that is not.
struct BeadWords {
  std::vector<int32_t> source;
  std::vector<int32_t> target;
};

bool IsSure(const Bead& bead) {
  return !bead.source.empty() && !bead.target.empty() && bead.probability >= kSure;
}

// Which target words a source word keeps meeting.
class Meetings {
 public:
  Meetings(const EmbeddedDocument& source, const EmbeddedDocument& target,
           const std::vector<BeadWords>& beads,
           const std::vector<std::vector<int32_t>>& beads_of_word)
      : source_(source),
        target_(target),
        beads_(beads),
        beads_of_word_(beads_of_word),
        counts_(target.words.size()) {}

  void AddOf(int word, std::vector<WordAssociation>& lexicon) {
    met_.clear();
    again_.clear();
    for (const int32_t bead : beads_of_word_[word]) {
      for (const int32_t t : beads_[bead].target) {
        const int count = ++counts_[t];
        if (count == 1) met_.push_back(t);
        if (count == kMeetingsMin) again_.push_back(t);
      }
    }
    std::sort(again_.begin(), again_.end());
    for (const int32_t t : again_) {
      const int occurrences = std::max(source_.words[word].sentences, target_.words[t].sentences);
      const float share =
          (static_cast<float>(counts_[t]) - kChance) / static_cast<float>(occurrences);
      if (share < kShareMin) continue;
      lexicon.push_back({word, t, static_cast<uint8_t>(std::min(1.0F, share) * kSimilarityMost)});
    }
    for (const int32_t t : met_) counts_[t] = 0;
  }

 private:
  const EmbeddedDocument& source_;
  const EmbeddedDocument& target_;
  const std::vector<BeadWords>& beads_;
  const std::vector<std::vector<int32_t>>& beads_of_word_;
  std::vector<int> counts_;  // of target words
  std::vector<int32_t> met_;
  std::vector<int32_t> again_;  // those that met often enough
};

}  // namespace

absl::StatusOr<std::vector<WordAssociation>> LearnLexicon(const EmbeddedDocument& source,
                                                          const EmbeddedDocument& target,
                                                          const Alignment& alignment,
                                                          const StopCondition& stop,
                                                          Parallel& parallel) {
  const std::vector<Bead>& beads = alignment.beads;
  std::vector<BeadWords> words(beads.size());
  const auto find_words = [&](int begin, int end) {
    for (int bead = begin; bead < end; ++bead) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      if (!IsSure(beads[bead])) continue;
      words[bead] = {RecurringWords(source, beads[bead].source),
                     RecurringWords(target, beads[bead].target)};
    }
    return absl::OkStatus();
  };
  HEXAPLA_RETURN_IF_ERROR(RunRows(parallel, static_cast<int>(beads.size()), find_words));
  std::vector<std::vector<int32_t>> beads_of_word(source.words.size());
  for (size_t bead = 0; bead < words.size(); ++bead) {
    for (const int32_t word : words[bead].source) {
      beads_of_word[word].push_back(static_cast<int32_t>(bead));
    }
  }
  const int size = static_cast<int>(source.words.size());
  std::vector<std::vector<WordAssociation>> parts((size + kWordsOfPart - 1) / kWordsOfPart);
  const auto find_meetings = [&](int begin, int end) {
    Meetings meetings(source, target, words, beads_of_word);
    for (int word = begin; word < end; ++word) {
      if (beads_of_word[word].size() < kMeetingsMin) continue;
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      meetings.AddOf(word, parts[begin / kWordsOfPart]);
    }
    return absl::OkStatus();
  };
  HEXAPLA_RETURN_IF_ERROR(RunRows(parallel, size, kWordsOfPart, find_meetings));
  std::vector<WordAssociation> lexicon;
  for (const auto& part : parts) lexicon.insert(lexicon.end(), part.begin(), part.end());
  return lexicon;
}

}  // namespace hexapla
