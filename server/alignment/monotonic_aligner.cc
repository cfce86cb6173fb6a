// SPDX-License-Identifier: Apache-2.0
//
// Monotone sentence alignment as inference in a semi-Markov random field.
//
// An alignment is a path through the grid of nodes from (0, 0) to (n, m); each
// step is a bead. With a score per bead, P(path) ~ exp(sum of its scores). The
// classical aligners (Gale and Church 1993; Vecalign, Thompson and Koehn 2019)
// take the most probable path. We sum over all of them, forward and backward,
// which gives every candidate bead its posterior: the probability that it is in
// the right alignment, if the scores tell the truth. (A deletion may stand at
// several places between the other side's sentences and be the same bead, so
// its posteriors are added up.)
//
// Then we take the path with the greatest strict F1 to be expected (minimum Bayes
// risk; Goodman 1996 for parsing). F1 counts each bead of both sides that is
// right in precision and in recall, each deletion that is right in precision
// alone, and each bead of the path, right or wrong, against precision. Near a
// precision P, its change is proportional to the sum over the path of
//   posterior - P/2        for a bead of both sides,
//   posterior/2 - P/2      for a deletion.
// So the beads that most alternatives share win over the single most probable
// path, and where nothing is sure a merge, one bead, wins over a pair and a
// deletion, two that are both wrong if one is.
//
// Example: 2 x 2 sentences. Paths are 1-1 1-1, 2-2, 1-0 1-2, ... If 1-1 1-1
// weighs .6 and 2-2 .3, its beads have posterior .6 each, and 2 x (.6 - .4) beats
// .3 - .4. If both weigh .45, 2 x .05 still beats .05; at .4 and .5, 2-2 wins.
//
// Cost: three passes over the band's candidates; the scores are asked for once.
// Proof: monotonic_aligner_test.cc compares it with an exhaustive twin that
// lists every alignment of small grids.
#include "server/alignment/monotonic_aligner.h"

#include <algorithm>
#include <utility>

#include "server/alignment/lattice.h"
#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// What a deletion that is right gains, against a bead of both sides.
constexpr double kDeletionGain = 0.5;
// What each bead costs, half the precision: .8 is reached on hard text.
constexpr double kBeadCost = 0.4;
// A bead of both sides this improbable is never chosen, however many deletions
// it would save.
constexpr double kPosteriorMin = 0.1;
constexpr double kNeverGain = -1e3;

constexpr BeadShape kDeletionShape{1, 0};
constexpr BeadShape kInsertionShape{0, 1};

// The probability that a sentence is deleted or inserted: the sum over all
// places on the other side where the deletion may stand, which all mean the
// same bead.
struct DeletionPosteriors {
  std::vector<double> source;
  std::vector<double> target;
};

double Gain(BeadShape shape, double posterior) {
  if (!shape.two_sided()) return kDeletionGain * posterior - kBeadCost;
  return posterior < kPosteriorMin ? kNeverGain : posterior - kBeadCost;
}

size_t IndexOf(const std::vector<BeadShape>& shapes, BeadShape shape) {
  return std::find(shapes.begin(), shapes.end(), shape) - shapes.begin();
}

absl::StatusOr<DeletionPosteriors> SumDeletions(const SearchBand& band,
                                                const std::vector<BeadShape>& shapes,
                                                const Lattice& lattice, const StopCondition& stop) {
  DeletionPosteriors sums{std::vector<double>(band.sources()), std::vector<double>(band.targets())};
  const size_t deletion = IndexOf(shapes, kDeletionShape);
  const size_t insertion = IndexOf(shapes, kInsertionShape);
  for (int row = 0; row <= band.sources(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (int column = band.begin(row); column < band.end(row); ++column) {
      const size_t node = band.Node(row, column);
      if (deletion < shapes.size() && lattice.Has(node, deletion)) {
        sums.source[row] += lattice.Posterior(row, column, deletion);
      }
      if (insertion < shapes.size() && lattice.Has(node, insertion)) {
        sums.target[column] += lattice.Posterior(row, column, insertion);
      }
    }
  }
  // Rounding may carry the sum of a sure deletion past 1.
  for (double& sum : sums.source) sum = std::min(sum, 1.0);
  for (double& sum : sums.target) sum = std::min(sum, 1.0);
  return sums;
}

// What deleting each source sentence and inserting each target sentence scores,
// where the band first has them.
struct DeletionScores {
  std::vector<double> source;
  std::vector<double> target;
};

DeletionScores FindDeletionScores(const SearchBand& band, const std::vector<BeadShape>& shapes,
                                  const Lattice& lattice) {
  DeletionScores scores{std::vector<double>(band.sources()), std::vector<double>(band.targets())};
  const size_t deletion = IndexOf(shapes, kDeletionShape);
  const size_t insertion = IndexOf(shapes, kInsertionShape);
  for (int row = 0, column = 0; row <= band.sources(); ++row) {
    if (deletion < shapes.size() && row < band.sources()) {
      scores.source[row] = lattice.score(band.Node(row, band.begin(row + 1)), deletion);
    }
    for (; insertion < shapes.size() && column + 1 < band.end(row); ++column) {
      scores.target[column] = lattice.score(band.Node(row, column), insertion);
    }
  }
  return scores;
}

absl::StatusOr<std::vector<LikelyBead>> FindLikelyBeads(const SearchBand& band,
                                                        const std::vector<BeadShape>& shapes,
                                                        const Lattice& lattice,
                                                        const std::vector<Bead>& chosen,
                                                        double from, const StopCondition& stop) {
  const DeletionScores deletions = FindDeletionScores(band, shapes, lattice);
  std::vector<LikelyBead> likely;
  auto next = chosen.begin();
  for (int row = 0; row <= band.sources(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (int column = band.begin(row); column < band.end(row); ++column) {
      while (next != chosen.end() &&
             std::pair(next->source.begin, next->target.begin) < std::pair(row, column)) {
        ++next;
      }
      for (size_t s = 0; s < shapes.size(); ++s) {
        const BeadShape shape = shapes[s];
        if (!shape.two_sided() || !lattice.Has(band.Node(row, column), s)) continue;
        const bool is_chosen = next != chosen.end() &&
                               next->source == SentenceRun{row, row + shape.sources} &&
                               next->target == SentenceRun{column, column + shape.targets};
        const double posterior = lattice.Posterior(row, column, s);
        if (posterior < from && !is_chosen) continue;
        double log_odds = lattice.score(band.Node(row, column), s);
        for (int i = row; i < row + shape.sources; ++i) log_odds -= deletions.source[i];
        for (int j = column; j < column + shape.targets; ++j) log_odds -= deletions.target[j];
        likely.push_back(
            {row, column, shape, static_cast<float>(log_odds), static_cast<float>(posterior)});
      }
    }
  }
  return likely;
}

}  // namespace

std::vector<BeadShape> BeadShapes(int size_max, bool merges) {
  std::vector<BeadShape> shapes = {{1, 1}, {1, 0}, {0, 1}};
  if (!merges) return shapes;
  for (int total = 3; total <= size_max + std::max(1, size_max); ++total) {
    for (int sources = 1; sources < total; ++sources) {
      const int targets = total - sources;
      if (sources > size_max || targets > size_max) continue;
      const bool one_to_many = sources == 1 || targets == 1;
      if (total <= kBeadSentencesMax || one_to_many) shapes.push_back({sources, targets});
    }
  }
  return shapes;
}

absl::StatusOr<Alignment> AlignMonotonically(const SearchBand& band,
                                             const std::vector<BeadShape>& shapes,
                                             BeadScoreFunction score, const StopCondition& stop,
                                             double likely_from, Parallel& parallel) {
  Alignment alignment;
  Lattice lattice(band, shapes);
  HEXAPLA_RETURN_IF_ERROR(lattice.Score(score, stop, parallel));
  absl::StatusOr<double> log_partition = 0.0;
  absl::Status backward;
  RunBoth(
      parallel, [&] { log_partition = lattice.Forward(stop); },
      [&] { backward = lattice.Backward(stop); });
  HEXAPLA_ASSIGN_OR_RETURN(alignment.log_partition, log_partition);
  HEXAPLA_RETURN_IF_ERROR(backward);
  HEXAPLA_ASSIGN_OR_RETURN(const DeletionPosteriors deletions,
                           SumDeletions(band, shapes, lattice, stop));
  const auto posterior = [&](int row, int column, size_t shape) {
    if (shapes[shape] == kDeletionShape) return deletions.source[row];
    if (shapes[shape] == kInsertionShape) return deletions.target[column];
    return lattice.Posterior(row, column, shape);
  };
  HEXAPLA_ASSIGN_OR_RETURN(alignment.beads, lattice.BestPath(
                                                [&](int row, int column, size_t shape) {
                                                  return Gain(shapes[shape],
                                                              posterior(row, column, shape));
                                                },
                                                stop));
  for (Bead& bead : alignment.beads) {
    const size_t shape = IndexOf(shapes, {bead.source.size(), bead.target.size()});
    bead.score = lattice.score(band.Node(bead.source.begin, bead.target.begin), shape);
    bead.probability = posterior(bead.source.begin, bead.target.begin, shape);
    alignment.score += bead.score;
  }
  if (likely_from <= 1) {
    HEXAPLA_ASSIGN_OR_RETURN(alignment.likely, FindLikelyBeads(band, shapes, lattice,
                                                               alignment.beads, likely_from, stop));
  }
  return alignment;
}

}  // namespace hexapla
