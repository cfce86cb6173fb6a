// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_LATTICE_H_
#define HEXAPLA_SERVER_ALIGNMENT_LATTICE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/status/status.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/search_band.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"

namespace hexapla {

// All candidate beads of a band with their scores, and what follows from these
// under P(alignment) proportional to exp(sum of scores), a semi-Markov
// conditional random field (Sarawagi and Cohen 2004).
//
// A candidate is the node where it begins and the index of its shape. Legal
// order of calls: Score Forward Backward (Posterior | BestPath)*.
//
// Memory: 4 bytes a candidate that may be, and 24 a node.
// Threads: const methods may run concurrently.
class Lattice {
 public:
  // Borrows `band` and `shapes`, which must outlive the lattice.
  Lattice(const SearchBand& band, const std::vector<BeadShape>& shapes);

  // Fills in the score of every candidate inside the band. One that scores
  // -infinity takes no room. With help `score` is called from several threads.
  // Errors: as `stop` says; ResourceExhausted at 2^32 candidates.
  absl::Status Score(BeadScoreFunction score, const StopCondition& stop,
                     Parallel& parallel = Parallel::None());

  // -infinity for what is no candidate.
  float score(size_t node, size_t shape) const {
    if (!Has(node, shape)) return -std::numeric_limits<float>::infinity();
    const uint32_t* const words = &allowed_[node * words_];
    size_t at = first_[node];
    for (size_t w = 0; w < shape / 32; ++w) at += CountBits(words[w]);
    return scores_[at + CountBits(words[shape / 32] & ((uint32_t{1} << shape % 32) - 1))];
  }
  // Whether a bead of this shape may begin at the node.
  bool Has(size_t node, size_t shape) const {
    return (allowed_[node * words_ + shape / 32] >> shape % 32 & 1) != 0;
  }

  // Whether a bead of `shape` from (row, column) stays inside the band.
  bool Inside(int row, int column, BeadShape shape) const {
    return band_.Contains(row + shape.sources, column + shape.targets);
  }

  // Sum over all alignments; returns the log of it. Both may run at the same time.
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
  // Scores the candidates of a row onto the end of `scores`, and notes of each node
  // how many `scores` held before.
  void ScoreRow(int row, BeadScoreFunction score, std::vector<float>& scores);

  // Calls visit(row, column, from_node, shape) for each candidate that ends at
  // the node.
  template <typename Visit>
  void ForEachInto(int row, int column, const Visit& visit) const;

  // Few bits are set; counting them one by one is faster than a call.
  static size_t CountBits(uint32_t bits) {
    size_t count = 0;
    for (; bits != 0; bits &= bits - 1) ++count;
    return count;
  }

  const SearchBand& band_;
  const std::vector<BeadShape>& shapes_;
  // Of each node: the shapes of its candidates as bits, in so many words, and where
  // their scores begin.
  size_t words_;
  std::vector<uint32_t> allowed_;
  std::vector<uint32_t> first_;
  std::vector<float> scores_;
  std::vector<double> forward_;
  std::vector<double> backward_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_LATTICE_H_
