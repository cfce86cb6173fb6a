// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MATCHING_PAIR_JUDGE_H_
#define HEXAPLA_SERVER_MATCHING_PAIR_JUDGE_H_

#include "absl/status/statusor.h"

#include "server/base/stop_condition.h"
#include "server/embedding/sentence_embedder.h"
#include "server/matching/heap_document.h"
#include "server/similarity/scoring_weights.h"

namespace hexapla {

// The probability that two documents are versions of one another, by aligning
// their heads: the same share of either, of the longer kHeadSentences at most.
// Symmetric up to the last bits.
//
// Cost: about that of an alignment of kHeadSentences sentences.
// Errors: as `stop` says.
absl::StatusOr<double> JudgePair(const HeapDocument& source, const HeapDocument& target,
                                 const SentenceEmbedder& embedder, const ScoringWeights& weights,
                                 const StopCondition& stop);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MATCHING_PAIR_JUDGE_H_
