// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/lattice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>

namespace hexapla {
namespace {

using ::testing::ElementsAre;

constexpr double kTolerance = 1e-6;

Bead BeadOf(int source_begin, int source_end, int target_begin, int target_end) {
  return {.source = {source_begin, source_end}, .target = {target_begin, target_end}};
}

double Zero(int, int, BeadShape) { return 0; }

TEST(LatticeTest, AlignmentsWithoutScoresAreCounted) {
  // Delannoy numbers: paths of the steps 1-1, 1-0 and 0-1.
  const std::vector<BeadShape> shapes = BeadShapes(1, false);
  struct Case {
    int sources;
    int targets;
    double paths;
  };
  for (const Case& c :
       {Case{0, 0, 1}, Case{0, 5, 1}, Case{1, 1, 3}, Case{2, 2, 13}, Case{3, 3, 63}}) {
    const SearchBand band = SearchBand::Full(c.sources, c.targets);
    Lattice lattice(band, shapes);
    ASSERT_TRUE(lattice.Score(Zero, {}).ok());
    EXPECT_NEAR(lattice.Forward({}).value(), std::log(c.paths), kTolerance);
  }
}

TEST(LatticeTest, PosteriorsOfWhatMayCoverASentenceAddUpToOne) {
  const std::vector<BeadShape> shapes = BeadShapes(3, true);
  const SearchBand band = SearchBand::Around({{0, 0}, {6, 4}}, 6, 4, 2);
  Lattice lattice(band, shapes);
  const auto score = [](int source, int target, BeadShape shape) {
    return std::sin(source * 7 + target * 3 + shape.sources * 5 + shape.targets * 11);
  };
  ASSERT_TRUE(lattice.Score(score, {}).ok());
  ASSERT_TRUE(lattice.Forward({}).ok());
  ASSERT_TRUE(lattice.Backward({}).ok());
  std::vector<double> covered(band.sources());
  for (int row = 0; row <= band.sources(); ++row) {
    for (int column = band.begin(row); column < band.end(row); ++column) {
      for (size_t s = 0; s < shapes.size(); ++s) {
        if (!lattice.Inside(row, column, shapes[s])) continue;
        const double posterior = lattice.Posterior(row, column, s);
        EXPECT_GE(posterior, 0);
        EXPECT_LE(posterior, 1);
        for (int i = row; i < row + shapes[s].sources; ++i) covered[i] += posterior;
      }
    }
  }
  for (const double sum : covered) EXPECT_NEAR(sum, 1, kTolerance);
}

TEST(LatticeTest, WhatScoresMinusInfinityIsNoCandidate) {
  const std::vector<BeadShape> shapes = BeadShapes(1, false);
  const SearchBand band = SearchBand::Full(1, 1);
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  Lattice lattice(band, shapes);
  // Of three paths, a pair and two orders of deletion and insertion, two remain.
  const auto score = [&](int source, int target, BeadShape shape) {
    if (shape.two_sided()) return 3.0;
    return source == 0 && target == 0 && shape.sources == 0 ? kNever : 0.0;
  };
  ASSERT_TRUE(lattice.Score(score, {}).ok());
  EXPECT_TRUE(lattice.Has(band.Node(0, 0), 0));
  EXPECT_FALSE(lattice.Has(band.Node(0, 0), 2));
  EXPECT_EQ(lattice.score(band.Node(0, 0), 0), 3);
  EXPECT_EQ(lattice.score(band.Node(0, 0), 1), 0);
  EXPECT_EQ(lattice.score(band.Node(0, 0), 2), static_cast<float>(kNever));
  ASSERT_NEAR(lattice.Forward({}).value(), std::log(std::exp(3.0) + 1), kTolerance);
  ASSERT_TRUE(lattice.Backward({}).ok());
  EXPECT_NEAR(lattice.Posterior(0, 0, 0), std::exp(3.0) / (std::exp(3.0) + 1), kTolerance);
  EXPECT_NEAR(lattice.Posterior(0, 0, 1), 1 / (std::exp(3.0) + 1), kTolerance);
  EXPECT_EQ(lattice.Posterior(0, 0, 2), 0);
}

TEST(LatticeTest, TheBestPathGainsTheMost) {
  const std::vector<BeadShape> shapes = BeadShapes(2, true);
  const SearchBand band = SearchBand::Full(3, 2);
  Lattice lattice(band, shapes);
  ASSERT_TRUE(lattice.Score(Zero, {}).ok());
  const auto gain = [&](int row, int column, size_t shape) {
    const Bead bead =
        BeadOf(row, row + shapes[shape].sources, column, column + shapes[shape].targets);
    if (bead == BeadOf(0, 2, 0, 1)) return 3.0;
    return shapes[shape] == BeadShape{1, 1} ? 1.0 : 0.0;
  };
  EXPECT_THAT(lattice.BestPath(gain, {}).value(),
              ElementsAre(BeadOf(0, 2, 0, 1), BeadOf(2, 3, 1, 2)));
}

TEST(LatticeTest, EveryPassStopsWhenTold) {
  const std::vector<BeadShape> shapes = BeadShapes(1, false);
  const SearchBand band = SearchBand::Full(3, 3);
  Lattice lattice(band, shapes);
  const std::atomic<bool> cancelled = true;
  const StopCondition stop(&cancelled, absl::InfiniteFuture());
  const auto gain = [](int, int, size_t) { return 0.0; };
  EXPECT_EQ(lattice.Score(Zero, stop).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(lattice.Forward(stop).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(lattice.Backward(stop).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(lattice.BestPath(gain, stop).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace hexapla
