// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/lexicon.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"

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
// Less than equal spelling, 255.
constexpr float kSimilarityMost = 250;

// The distinct words of a run that recur in the document without being common.
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
  return words;
}

// What of their occurrences two words share, less some for chance.
float Share(int meetings, int occurrences) {
  return (static_cast<float>(meetings) - kChance) / static_cast<float>(occurrences);
}

}  // namespace

std::vector<WordAssociation> LearnLexicon(const EmbeddedDocument& source,
                                          const EmbeddedDocument& target,
                                          const Alignment& alignment) {
  absl::flat_hash_map<std::pair<int32_t, int32_t>, int> meetings;
  for (const Bead& bead : alignment.beads) {
    if (bead.source.empty() || bead.target.empty() || bead.probability < kSure) continue;
    const std::vector<int32_t> targets = RecurringWords(target, bead.target);
    for (const int32_t s : RecurringWords(source, bead.source)) {
      const int occurrences = source.words[s].sentences;
      for (const int32_t t : targets) {
        const auto [least, most] = std::minmax(occurrences, target.words[t].sentences);
        // Two words of too different numbers could meet every time in vain.
        if (Share(least, most) >= kShareMin) ++meetings[{s, t}];
      }
    }
  }
  std::vector<WordAssociation> lexicon;
  for (const auto& [pair, count] : meetings) {
    if (count < kMeetingsMin) continue;
    const int occurrences =
        std::max(source.words[pair.first].sentences, target.words[pair.second].sentences);
    const float share = Share(count, occurrences);
    if (share < kShareMin) continue;
    lexicon.push_back(
        {pair.first, pair.second, static_cast<uint8_t>(std::min(1.0F, share) * kSimilarityMost)});
  }
  std::sort(lexicon.begin(), lexicon.end(), [](const auto& a, const auto& b) {
    return std::pair(a.source, a.target) < std::pair(b.source, b.target);
  });
  return lexicon;
}

}  // namespace hexapla
