// SPDX-License-Identifier: Apache-2.0
#include "server/matching/pair_judge.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "server/base/status_macros.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/pair_aligner.h"

namespace hexapla {
namespace {

// A judgement needs no beads of four sentences, and a third of the shapes cost
// a third of the time.
constexpr int kBeadSizeMax = 3;

// The first `share` of the document's sentences, at least one.
std::vector<absl::string_view> HeadOf(const HeapDocument& document, double share) {
  const double count = std::ceil(share * document.sentence_count);
  const size_t size = std::clamp<size_t>(static_cast<size_t>(count), 1, document.head.size());
  return {document.head.begin(), document.head.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

absl::StatusOr<double> JudgePair(const HeapDocument& source, const HeapDocument& target,
                                 const SentenceEmbedder& embedder, const ScoringWeights& weights,
                                 const StopCondition& stop) {
  const int longer = std::max(source.sentence_count, target.sentence_count);
  const double share = std::min(1.0, static_cast<double>(kHeadSentences) / longer);
  HEXAPLA_ASSIGN_OR_RETURN(
      const EmbeddedDocument sources,
      EmbedDocument(HeadOf(source, share), embedder.ForLanguage(source.language.tag), stop));
  HEXAPLA_ASSIGN_OR_RETURN(
      const EmbeddedDocument targets,
      EmbedDocument(HeadOf(target, share), embedder.ForLanguage(target.language.tag), stop));
  HEXAPLA_ASSIGN_OR_RETURN(
      const PairAlignment pair,
      AlignPair(sources, targets,
                {.bead_size_max = kBeadSizeMax, .semantic = source.covered && target.covered},
                weights, stop));
  return pair.probability;
}

}  // namespace hexapla
