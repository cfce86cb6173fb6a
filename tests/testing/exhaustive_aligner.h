// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_EXHAUSTIVE_ALIGNER_H_
#define HEXAPLA_TESTS_TESTING_EXHAUSTIVE_ALIGNER_H_

#include <cstddef>
#include <vector>

#include "absl/functional/function_ref.h"

#include "server/alignment/bead.h"
#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/search_band.h"

namespace hexapla::testing {

// The slow twin of the aligner: it lists every alignment of a small grid and
// adds up what the aligner works out by recursion. It shares no code with it.
//
// Cost: exponential; a 4x4 grid with all shapes has a few thousand alignments.
class ExhaustiveAligner {
 public:
  // Lists the alignments of `shapes` whose nodes all lie inside `band`, and
  // weighs each by exp(the sum of the scores of its beads).
  ExhaustiveAligner(const SearchBand& band, const std::vector<BeadShape>& shapes,
                    BeadScoreFunction score);

  const std::vector<std::vector<Bead>>& alignments() const { return alignments_; }

  // Log of the sum of all weights.
  double LogPartition() const;

  // The share of all weight in alignments that hold the bead; a deletion or an
  // insertion is held wherever between the other side's sentences it stands.
  double Posterior(const Bead& bead) const;

  // The most that the beads of one alignment gain together.
  double BestGain(absl::FunctionRef<double(const Bead&)> gain) const;

 private:
  std::vector<std::vector<Bead>> alignments_;
  std::vector<double> weights_;  // one an alignment
  double total_ = 0;
};

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_EXHAUSTIVE_ALIGNER_H_
