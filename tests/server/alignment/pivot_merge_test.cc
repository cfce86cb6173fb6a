// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/pivot_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "tests/testing/coverage.h"

namespace hexapla {
namespace {

using ::hexapla::testing::CoverageFault;
using ::hexapla::testing::Text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Bead BeadOf(SentenceRun source, SentenceRun target, double score = 0, double probability = 1) {
  return {.source = source, .target = target, .score = score, .probability = probability};
}

TEST(MergeAtPivotTest, TwoVersionsKeepTheirAlignment) {
  const std::vector<Bead> beads = {BeadOf({0, 0}, {0, 1}), BeadOf({0, 2}, {1, 2}),
                                   BeadOf({2, 3}, {2, 2}), BeadOf({3, 4}, {2, 4}),
                                   BeadOf({4, 4}, {4, 5})};
  EXPECT_THAT(Text(MergeAtPivot(0, {4, 5}, {{}, beads})),
              ElementsAre("[]:[0]", "[0,1]:[1]", "[2]:[]", "[3]:[2,3]", "[]:[4]"));
  EXPECT_THAT(Text(MergeAtPivot(1, {5, 4}, {beads, {}})),
              ElementsAre("[0]:[]", "[1]:[0,1]", "[]:[2]", "[2,3]:[3]", "[4]:[]"));
}

TEST(MergeAtPivotTest, ABeadThatCrossesABoundaryJoinsBothSides) {
  const std::vector<Bead> singles = {BeadOf({0, 1}, {0, 1}), BeadOf({1, 2}, {1, 2})};
  const std::vector<Bead> merged = {BeadOf({0, 2}, {0, 1})};
  EXPECT_THAT(Text(MergeAtPivot(0, {2, 2, 1}, {{}, singles, merged})),
              ElementsAre("[0,1]:[0,1]:[0]"));
}

TEST(MergeAtPivotTest, OverlappingBeadsJoinInAChain) {
  const std::vector<Bead> first = {BeadOf({0, 2}, {0, 1}), BeadOf({2, 4}, {1, 2}),
                                   BeadOf({4, 5}, {2, 3})};
  const std::vector<Bead> second = {BeadOf({0, 1}, {0, 1}), BeadOf({1, 3}, {1, 2}),
                                    BeadOf({3, 4}, {2, 3}), BeadOf({4, 5}, {3, 4})};
  EXPECT_THAT(Text(MergeAtPivot(0, {5, 3, 4}, {{}, first, second})),
              ElementsAre("[0,1,2,3]:[0,1]:[0,1,2]", "[4]:[2]:[3]"));
}

TEST(MergeAtPivotTest, SentencesWithoutAPivotStandAlone) {
  const std::vector<Bead> with_insertion = {BeadOf({0, 1}, {0, 1}), BeadOf({1, 1}, {1, 2}),
                                            BeadOf({1, 1}, {2, 3}), BeadOf({1, 2}, {3, 4})};
  const std::vector<Bead> with_deletion = {BeadOf({0, 1}, {0, 1}), BeadOf({1, 2}, {1, 1})};
  EXPECT_THAT(Text(MergeAtPivot(0, {2, 4, 1}, {{}, with_insertion, with_deletion})),
              ElementsAre("[0]:[0]:[0]", "[]:[1]:[]", "[]:[2]:[]", "[1]:[3]:[]"));
}

TEST(MergeAtPivotTest, AnInsertionInsideAUnionBelongsToIt) {
  const std::vector<Bead> merged = {BeadOf({0, 2}, {0, 1})};
  const std::vector<Bead> with_insertion = {BeadOf({0, 1}, {0, 1}), BeadOf({1, 1}, {1, 2}),
                                            BeadOf({1, 2}, {2, 3})};
  EXPECT_THAT(Text(MergeAtPivot(0, {2, 1, 3}, {{}, merged, with_insertion})),
              ElementsAre("[0,1]:[0]:[0,1,2]"));
  EXPECT_THAT(Text(MergeAtPivot(0, {2, 3, 1}, {{}, with_insertion, merged})),
              ElementsAre("[0,1]:[0,1,2]:[0]"));
}

TEST(MergeAtPivotTest, ProbabilitiesMultiplyAndScoresAdd) {
  const std::vector<Bead> first = {BeadOf({0, 1}, {0, 1}, 2, 0.9), BeadOf({1, 2}, {1, 2}, 1, 0.8)};
  const std::vector<Bead> second = {BeadOf({0, 2}, {0, 1}, 4, 0.5),
                                    BeadOf({2, 2}, {1, 2}, -1, 0.25)};
  const std::vector<MultiBead> merged = MergeAtPivot(0, {2, 2, 2}, {{}, first, second});
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_DOUBLE_EQ(merged[0].probability, 0.9 * 0.8 * 0.5);
  EXPECT_DOUBLE_EQ(merged[0].score, 7);
  EXPECT_DOUBLE_EQ(merged[1].probability, 0.25);
  EXPECT_DOUBLE_EQ(merged[1].score, -1);
}

TEST(MergeAtPivotTest, AnEmptyPivotLeavesInsertions) {
  EXPECT_THAT(Text(MergeAtPivot(0, {0, 2}, {{}, {BeadOf({0, 0}, {0, 1}), BeadOf({0, 0}, {1, 2})}})),
              ElementsAre("[]:[0]", "[]:[1]"));
  EXPECT_THAT(MergeAtPivot(0, {0, 0}, {{}, {}}), IsEmpty());
}

// Beads of up to three sentences on a side, with deletions and insertions.
std::vector<Bead> RandomBeads(int sources, int targets, std::mt19937& random) {
  std::vector<Bead> beads;
  for (int s = 0, t = 0; s < sources || t < targets;) {
    int k = std::min<int>(static_cast<int>(random() % 4), sources - s);
    int l = std::min<int>(static_cast<int>(random() % 4), targets - t);
    if (k == 0) l = std::min(1, targets - t);
    if (l == 0) k = std::min(1, sources - s);
    if (k + l == 0) continue;
    beads.push_back(BeadOf({s, s + k}, {t, t + l}));
    s += k;
    t += l;
  }
  return beads;
}

bool Holds(const SentenceRun& outer, const SentenceRun& inner) {
  return outer.begin <= inner.begin && inner.end <= outer.end;
}

TEST(MergeAtPivotTest, RandomAlignmentsAreCoveredOnceAndKeptTogether) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    const int versions = 2 + round % 4;
    const int pivot = static_cast<int>(random() % versions);
    std::vector<int> sizes;
    for (int v = 0; v < versions; ++v) sizes.push_back(static_cast<int>(random() % 12));
    std::vector<std::vector<Bead>> with_pivot(versions);
    for (int v = 0; v < versions; ++v) {
      if (v != pivot) with_pivot[v] = RandomBeads(sizes[pivot], sizes[v], random);
    }
    const std::vector<MultiBead> merged = MergeAtPivot(pivot, sizes, with_pivot);
    EXPECT_EQ(CoverageFault(merged, sizes), "");

    // No pairwise bead is torn apart, and every other boundary stands.
    std::vector<bool> crossed(sizes[pivot] + 1);
    for (int v = 0; v < versions; ++v) {
      for (const Bead& bead : with_pivot[v]) {
        EXPECT_TRUE(std::any_of(merged.begin(), merged.end(), [&](const MultiBead& whole) {
          return Holds(whole.sides[pivot], bead.source) && Holds(whole.sides[v], bead.target);
        }));
        for (int s = bead.source.begin + 1; s < bead.source.end; ++s) crossed[s] = true;
      }
    }
    for (const MultiBead& bead : merged) {
      for (int s = bead.sides[pivot].begin + 1; s < bead.sides[pivot].end; ++s) {
        EXPECT_TRUE(crossed[s]) << "boundary " << s;
      }
    }
  }
}

TEST(MirrorTest, SidesChangePlaces) {
  const std::vector<Bead> beads = {BeadOf({0, 2}, {0, 1}, 3, 0.5), BeadOf({2, 2}, {1, 2})};
  const std::vector<Bead> mirrored = Mirror(beads);
  EXPECT_EQ(mirrored[0], BeadOf({0, 1}, {0, 2}));
  EXPECT_EQ(mirrored[1], BeadOf({1, 2}, {2, 2}));
  EXPECT_EQ(mirrored[0].score, 3);
  EXPECT_EQ(mirrored[0].probability, 0.5);
  EXPECT_EQ(Mirror(mirrored), beads);
}

}  // namespace
}  // namespace hexapla
