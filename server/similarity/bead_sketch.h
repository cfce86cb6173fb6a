// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_BEAD_SKETCH_H_
#define HEXAPLA_SERVER_SIMILARITY_BEAD_SKETCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/search_band.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/similarity/scoring_weights.h"
#include "server/similarity/sentence_similarity.h"

namespace hexapla {

// The beads of both sides that are worth a closer look, in a band no wider than
// they need. Deletions and insertions may stand anywhere in the band.
struct CandidateBeads {
  SearchBand band;
  // Of each node of the band: bit s is set if shapes[s] may begin there.
  std::vector<uint32_t> allowed;

  bool Allows(int row, int column, size_t shape) const {
    return (allowed[band.Node(row, column)] >> shape & 1) != 0;
  }
};

// Beads on whose best path so much is lost are given up.
inline constexpr float kSketchSlack = 10;

// The first of three looks at two documents: scores every bead of a wide band by
// sentence vectors, lengths and marks alone (kSketchTerms), and keeps those on
// whose best path little is lost against the best path of all. The words of the
// sentences are then compared for these only.
//
// Example: of the 500 beads that may begin at a sentence of a novel, about five
// remain, and the right ones are among them (training/fit_weights reports how many).
//
// Cost: two vectorised passes over the candidates, about five nanoseconds each; one
// helper runs one of them.
// Requires: `sentences` was made for `band`; at most 31 shapes.
// Errors: as `stop` says.
absl::StatusOr<CandidateBeads> SketchBeads(const SentenceSimilarity& sentences,
                                           const SearchBand& band,
                                           const std::vector<BeadShape>& shapes,
                                           const ScoringWeights& weights, const StopCondition& stop,
                                           Parallel& parallel = Parallel::None());

// Every bead of a band, for documents without sentence vectors to go by.
CandidateBeads AllBeads(SearchBand band);

// The sentences that meet in the candidates, and those around them.
SentenceCells CellsOf(const CandidateBeads& candidates, const std::vector<BeadShape>& shapes);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_BEAD_SKETCH_H_
