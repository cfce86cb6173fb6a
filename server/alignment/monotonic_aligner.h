// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_MONOTONIC_ALIGNER_H_
#define HEXAPLA_SERVER_ALIGNMENT_MONOTONIC_ALIGNER_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

#include "server/alignment/bead.h"
#include "server/alignment/search_band.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"

namespace hexapla {

// How many sentences of each side a bead holds; never 0-0.
struct BeadShape {
  int sources = 0;
  int targets = 0;

  bool two_sided() const { return sources > 0 && targets > 0; }
  friend bool operator==(const BeadShape&, const BeadShape&) = default;
};

// Most sentences in a bead of several on both sides together (2-4 and 3-3 are
// the largest); one sentence may meet more.
inline constexpr int kBeadSentencesMax = 6;

// The shapes that a search considers: 1-1 first, then 1-0 and 0-1, then the
// others by size, up to `size_max` sentences on a side and kBeadSentencesMax
// together (1-k and k-1 up to size_max whatever that is). Without merges only
// 1-1, 1-0 and 0-1. Of equally good alignments the one that uses the earlier
// shape at its last difference wins.
std::vector<BeadShape> BeadShapes(int size_max, bool merges);

// The score of the candidate bead of `shape` that begins at source sentence
// `source` and target sentence `target`: higher is better, -infinity never.
using BeadScoreFunction = absl::FunctionRef<double(int source, int target, BeadShape shape)>;

// A candidate bead that a pair of versions may well hold.
struct LikelyBead {
  int source = 0;
  int target = 0;
  BeadShape shape;
  // Its score less those of deleting each of its sentences: log-odds against
  // nothing in it belonging together.
  float log_odds = 0;
  float posterior = 0;
};

struct Alignment {
  // In order; together they cover every sentence exactly once. Each has its
  // score and, as probability, its posterior: the share of all alignments in
  // the band, weighted by exp(score), that hold it; of a deletion, wherever
  // between the other side's sentences it stands.
  std::vector<Bead> beads;
  // Sum of the beads' scores.
  double score = 0;
  // Log of the sum of exp(score) over all alignments in the band.
  double log_partition = 0;
  // If asked for: the candidates of both sides with a posterior of at least
  // `likely_from`, and those among `beads`; by source, then by target.
  std::vector<LikelyBead> likely;
};

// Of AlignMonotonically: a posterior that no bead has, so that none is kept.
inline constexpr double kKeepNoLikelyBeads = 2;

// Finds the monotone alignment of the greatest expected strict F1; see the essay
// in monotonic_aligner.cc.
//
// Cost: O(nodes of the band x shapes) calls of `score`, time and memory. With help
// `score` is called from several threads.
// Errors: as `stop` says, polled every row.
absl::StatusOr<Alignment> AlignMonotonically(const SearchBand& band,
                                             const std::vector<BeadShape>& shapes,
                                             BeadScoreFunction score, const StopCondition& stop,
                                             double likely_from = kKeepNoLikelyBeads,
                                             Parallel& parallel = Parallel::None());

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_MONOTONIC_ALIGNER_H_
