// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_LATTICE_H_
#define HEXAPLA_SERVER_ALIGNMENT_LATTICE_H_

#include <cstddef>
#include <limits>
#include <vector>

#include "absl/status/status.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/search_band.h"
#include "server/base/stop_condition.h"

namespace hexapla {

// All candidate beads of a band with their scores, and what follows from these
// under P(alignment) proportional to exp(sum of scores), a semi-Markov
// conditional random field (Sarawagi and Cohen 2004).
//
// A candidate is the node where it begins and the index of its shape. Legal
// order of calls: Score Forward Backward (Posterior | BestPath)*.
//
// Memory: 4 bytes a candidate and 16 a node.
// Threads: const methods may run concurrently.
class Lattice {
 public:
  // Borrows `band` and `shapes`, which must outlive the lattice.
  Lattice(const SearchBand& band, const std::vector<BeadShape>& shapes);

  // Fills in the score of every candidate inside the band.
  absl::Status Score(BeadScoreFunction score, const StopCondition& stop);

  // Sets one score. Requires: the candidate is inside the band.
  void SetScore(size_t node, size_t shape, float score) {
    scores_[node * shapes_.size() + shape] = score;
  }
  float score(size_t node, size_t shape) const { return scores_[node * shapes_.size() + shape]; }

  // Whether a bead of `shape` from (row, column) stays inside the band.
  bool Inside(int row, int column, BeadShape shape) const {
    return band_.Contains(row + shape.sources, column + shape.targets);
  }

  // Sum over all alignments; returns the log of it.
  absl::StatusOr<double> Forward(const StopCondition& stop);
  absl::Status Backward(const StopCondition& stop);

  // The share of all alignments, by weight, that hold the candidate.
  // Requires: it is inside the band.
  double Posterior(int row, int column, size_t shape) const;

  // The path that gains the most, a candidate being worth gain(row, column, its
  // index among the shapes); ties go to the earlier shape.
  absl::StatusOr<std::vector<Bead>> BestPath(
      absl::FunctionRef<double(int row, int column, size_t shape)> gain,
      const StopCondition& stop) const;

 private:
  // Calls visit(row, column, from_node, shape) for each candidate that ends at
  // the node.
  template <typename Visit>
  void ForEachInto(int row, int column, const Visit& visit) const;

  const SearchBand& band_;
  const std::vector<BeadShape>& shapes_;
  std::vector<float> scores_;
  std::vector<double> forward_;
  std::vector<double> backward_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_LATTICE_H_
