// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_BEAD_SCORER_H_
#define HEXAPLA_SERVER_SIMILARITY_BEAD_SCORER_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/search_band.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/pair_evidence.h"
#include "server/similarity/scoring_weights.h"

namespace hexapla {

// One number per candidate bead: the inner product of its features and the
// fitted weights. Blank sentences, which have nothing to align, cost nothing to
// delete and never stand in a bead of both sides.
//
// Lifetime: borrows the documents and the weights.
// Threads: const methods may run concurrently.
class BeadScorer {
 public:
  static absl::StatusOr<BeadScorer> Create(const EmbeddedDocument& source,
                                           const EmbeddedDocument& target, const SearchBand& band,
                                           const EvidenceOptions& options,
                                           const ScoringWeights& weights,
                                           const StopCondition& stop);

  // With the words' evidence for the beads within `cells`.
  static absl::StatusOr<BeadScorer> Create(SentenceSimilarity sentences, SentenceCells cells,
                                           const EvidenceOptions& options,
                                           const ScoringWeights& weights, const StopCondition& stop,
                                           Parallel& parallel = Parallel::None());

  // Learns from a first alignment by these scores; see PairEvidence::Learn.
  absl::Status Learn(const Alignment& first, const StopCondition& stop,
                     Parallel& parallel = Parallel::None()) {
    return evidence_.Learn(first, stop, parallel);
  }

  double operator()(int source, int target, BeadShape shape) const;

  // Turns the posterior of a bead into the probability that it is right.
  double CalibratedProbability(double posterior) const;

  // The probability that the documents are versions of one another, given
  // their best alignment.
  double DocumentProbability(const Alignment& alignment) const;

 private:
  BeadScorer(PairEvidence evidence, const EmbeddedDocument& source, const EmbeddedDocument& target,
             const ScoringWeights& weights);

  PairEvidence evidence_;
  const ScoringWeights* weights_;
  // Blank sentences before each sentence; one more at the end.
  std::vector<int> source_blanks_;
  std::vector<int> target_blanks_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_BEAD_SCORER_H_
