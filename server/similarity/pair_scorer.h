// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_PAIR_SCORER_H_
#define HEXAPLA_SERVER_SIMILARITY_PAIR_SCORER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/base/stop_condition.h"
#include "server/embedding/sentence_embedder.h"
#include "server/similarity/pair_weights.h"

namespace hexapla {

struct PairScore {
  // Log-odds, and the probability that they stand for.
  double score = 0;
  double probability = 0.5;
};

// Says how likely the two sentences of a pair are translations of one another.
// A pair is scored by itself: what else is in its batch changes nothing. Swapping
// the two sides together with the languages gives nearly the same score.
//
// Lifetime: borrows the embedder and the weights. Cost: about 0.1 ms a pair.
// Threads: const methods may run concurrently.
class PairScorer {
 public:
  // Languages are canonical tags or "und". A pair of languages that the space
  // does not both cover is scored by length, numbers and names.
  PairScorer(const SentenceEmbedder& embedder, const PairWeights& weights,
             absl::string_view source_language, absl::string_view target_language);

  // Both are valid UTF-8 and not blank. Errors: as `stop` says.
  absl::StatusOr<PairScore> Score(absl::string_view source, absl::string_view target,
                                  const StopCondition& stop) const;

 private:
  const SentenceEmbedder& source_embedder_;
  const SentenceEmbedder& target_embedder_;
  const PairWeights& weights_;
  const bool semantic_;
  const double log_length_ratio_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_PAIR_SCORER_H_
