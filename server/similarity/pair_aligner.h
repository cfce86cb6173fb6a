// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_PAIR_ALIGNER_H_
#define HEXAPLA_SERVER_SIMILARITY_PAIR_ALIGNER_H_

#include "absl/status/statusor.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/search_band.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/similarity/centred_document.h"
#include "server/similarity/scoring_weights.h"
#include "server/similarity/sentence_similarity.h"

namespace hexapla {

struct PairOptions {
  // Most sentences of one side in a bead of both sides; 1 to 8.
  int bead_size_max = 5;
  // Whether a bead may hold several sentences of a side.
  bool merges = true;
  // Whether word and sentence vectors count: both languages are covered.
  bool semantic = true;
  // As AlignMonotonically's.
  double likely_from = kKeepNoLikelyBeads;
};

struct PairAlignment {
  // Probabilities of its beads are calibrated.
  Alignment alignment;
  // That the documents are versions of one another.
  double probability = 0;
};

// What a band of two documents says of their sentences. Their vectors are needed no
// more once it is made.
struct PairSentences {
  SearchBand band;
  SentenceSimilarity sentences;

  // Errors: as `stop` says.
  static absl::StatusOr<PairSentences> Create(const CentredDocument& source,
                                              const CentredDocument& target,
                                              const PairOptions& options, const StopCondition& stop,
                                              Parallel& parallel = Parallel::None());
};

// Aligns two documents in three looks. A sketch by sentence vectors and lengths
// finds the beads that are possible at all (SketchBeads); a first alignment weighs
// these by all features; a second scores those that the first found possible, with
// what the first taught about the documents (PairEvidence::Learn).
// Cost: linear in the sentences beyond small grids. The result is the same whoever
// helps. Errors: as `stop` says.
absl::StatusOr<PairAlignment> AlignPair(const CentredDocument& source,
                                        const CentredDocument& target, const PairOptions& options,
                                        const ScoringWeights& weights, const StopCondition& stop,
                                        Parallel& parallel = Parallel::None());

// The same, for who releases the vectors first: `sentences` were made with the same
// options.
absl::StatusOr<PairAlignment> AlignPair(PairSentences sentences, const PairOptions& options,
                                        const ScoringWeights& weights, const StopCondition& stop,
                                        Parallel& parallel = Parallel::None());

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_PAIR_ALIGNER_H_
