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

// The sure beads' recurring words of the target, and where each recurring word of
// the source stands.
struct Meetings {
  std::vector<std::vector<int32_t>> targets;        // of beads
  std::vector<std::vector<int32_t>> beads_of_word;  // of source words
};

absl::StatusOr<Meetings> FindMeetings(const EmbeddedDocument& source,
                                      const EmbeddedDocument& target, const Alignment& alignment,
                                      const StopCondition& stop) {
  Meetings meetings;
  meetings.beads_of_word.resize(source.words.size());
  for (const Bead& bead : alignment.beads) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    if (bead.source.empty() || bead.target.empty() || bead.probability < kSure) continue;
    const auto number = static_cast<int32_t>(meetings.targets.size());
    for (const int32_t s : RecurringWords(source, bead.source)) {
      meetings.beads_of_word[s].push_back(number);
    }
    meetings.targets.push_back(RecurringWords(target, bead.target));
  }
  return meetings;
}

}  // namespace

absl::StatusOr<std::vector<WordAssociation>> LearnLexicon(const EmbeddedDocument& source,
                                                          const EmbeddedDocument& target,
                                                          const Alignment& alignment,
                                                          const StopCondition& stop) {
  HEXAPLA_ASSIGN_OR_RETURN(const Meetings meetings, FindMeetings(source, target, alignment, stop));
  std::vector<WordAssociation> lexicon;
  std::vector<int> counts(target.words.size());
  std::vector<int32_t> met;
  std::vector<int32_t> again;  // those that met often enough
  for (size_t s = 0; s < source.words.size(); ++s) {
    const std::vector<int32_t>& beads = meetings.beads_of_word[s];
    if (beads.size() < kMeetingsMin) continue;
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    met.clear();
    again.clear();
    for (const int32_t bead : beads) {
      for (const int32_t t : meetings.targets[bead]) {
        const int count = ++counts[t];
        if (count == 1) met.push_back(t);
        if (count == kMeetingsMin) again.push_back(t);
      }
    }
    std::sort(again.begin(), again.end());
    for (const int32_t t : again) {
      const int count = counts[t];
      const int occurrences = std::max(source.words[s].sentences, target.words[t].sentences);
      const float share = (static_cast<float>(count) - kChance) / static_cast<float>(occurrences);
      if (share < kShareMin) continue;
      lexicon.push_back({static_cast<int32_t>(s), t,
                         static_cast<uint8_t>(std::min(1.0F, share) * kSimilarityMost)});
    }
    for (const int32_t t : met) counts[t] = 0;
  }
  return lexicon;
}

}  // namespace hexapla
