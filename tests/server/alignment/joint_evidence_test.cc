// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/joint_evidence.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/testing/exhaustive_joint_aligner.h"
#include "tests/testing/random_pairs.h"

namespace hexapla {
namespace {

using ::hexapla::testing::RandomPair;
using ::hexapla::testing::SumOfWays;

TEST(JointEvidenceTest, SumsAgreeWithTheListOfAllWays) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE(round);
    const int sources = 1 + static_cast<int>(random() % 5);
    const int targets = 1 + static_cast<int>(random() % 5);
    const std::vector<JointVersion> versions = {{.size = sources, .alone = {}},
                                                {.size = targets, .alone = {}}};
    const std::vector<JointPair> pairs = {RandomPair(sources, targets, 5, random)};
    const JointEvidence evidence(versions, pairs);
    JointEvidence::LinkSums sums;
    const SentenceRun source = {static_cast<int>(random() % sources), sources};
    const SentenceRun target = {static_cast<int>(random() % targets), targets};
    const double expected = SumOfWays(pairs[0].likely, source, target) - 1;
    evidence.SumLinks(0, source, 1, target, 0, sums);
    EXPECT_NEAR(sums.sum[source.size()][target.size()], expected, 1e-6 * (1 + expected));
    evidence.SumLinks(1, target, 0, source, 0, sums);
    EXPECT_NEAR(sums.sum[target.size()][source.size()], expected, 1e-6 * (1 + expected));
  }
}

TEST(JointEvidenceTest, NoWayPassesAClosedBoundary) {
  std::mt19937 random(4);
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE(round);
    const std::vector<JointVersion> versions = {{.size = 4, .alone = {}}, {.size = 3, .alone = {}}};
    const std::vector<JointPair> pairs = {RandomPair(4, 3, 8, random)};
    const JointEvidence evidence(versions, pairs);
    JointEvidence::LinkSums sums;
    const int boundary = 1 + round % 3;
    evidence.SumLinks(0, {0, 4}, 1, {0, 3}, 1U << boundary, sums);
    const double expected = SumOfWays(pairs[0].likely, {0, 4}, {0, 3}, {boundary});
    EXPECT_NEAR(sums.sum[4][3], expected, 1e-6 * (1 + expected));
  }
}

TEST(JointEvidenceTest, ReachIsWhereTheAlignmentPasses) {
  // [0]:[0] [1]:[] [2,3]:[1,2] []:[3]
  const std::vector<JointVersion> versions = {{.size = 4, .alone = {}}, {.size = 4, .alone = {}}};
  const std::vector<JointPair> pairs = {{.beads = {{.source = {0, 1}, .target = {0, 1}},
                                                   {.source = {1, 2}, .target = {1, 1}},
                                                   {.source = {2, 4}, .target = {1, 3}},
                                                   {.source = {4, 4}, .target = {3, 4}}},
                                         .likely = {}}};
  const JointEvidence evidence(versions, pairs);
  const std::vector<std::pair<int, int>> reaches = {{0, 0}, {1, 1}, {1, 1}, {1, 3}, {3, 4}};
  for (int position = 0; position <= 4; ++position) {
    EXPECT_EQ(evidence.ReachOf(0, position, 1).first, reaches[position].first) << position;
    EXPECT_EQ(evidence.ReachOf(0, position, 1).last, reaches[position].second) << position;
  }
  EXPECT_EQ(evidence.ReachOf(1, 1, 0).first, 1);
  EXPECT_EQ(evidence.ReachOf(1, 1, 0).last, 2);
  EXPECT_EQ(evidence.ReachOf(1, 4, 0).last, 4);
}

TEST(JointEvidenceTest, SurenessIsTheShareOfSentencesThatMeet) {
  const std::vector<JointVersion> versions(3, {.size = 4, .alone = {}});
  const std::vector<JointPair> pairs = {
      {.beads = {}, .likely = {{0, 0, {1, 1}, 5, 1}, {1, 1, {2, 1}, 1, 0.5}}},
      {.beads = {}, .likely = {}},
      {.beads = {}, .likely = {{3, 3, {1, 1}, 5, 1}}}};
  const JointEvidence evidence(versions, pairs);
  EXPECT_DOUBLE_EQ(evidence.Sureness(0, 1), (2 + 1.5) / 8);
  EXPECT_DOUBLE_EQ(evidence.Sureness(1, 0), evidence.Sureness(0, 1));
  EXPECT_DOUBLE_EQ(evidence.Sureness(0, 2), 0);
  EXPECT_DOUBLE_EQ(evidence.Sureness(2, 1), 0.25);
}

TEST(JointEvidenceTest, LinksAreFoundFromBothSides) {
  const std::vector<JointVersion> versions(2, {.size = 4, .alone = {}});
  const std::vector<JointPair> pairs = {{.beads = {}, .likely = {{1, 2, {2, 1}, 5, 1}}}};
  const JointEvidence evidence(versions, pairs);
  EXPECT_TRUE(evidence.MayLink(0, {0, 4}, 1, 2));
  EXPECT_TRUE(evidence.MayLink(0, {1, 2}, 1, 2));
  EXPECT_FALSE(evidence.MayLink(0, {2, 4}, 1, 2));
  EXPECT_FALSE(evidence.MayLink(0, {0, 4}, 1, 1));
  EXPECT_TRUE(evidence.MayLink(1, {2, 3}, 0, 1));
  EXPECT_FALSE(evidence.MayLink(1, {0, 2}, 0, 1));
}

}  // namespace
}  // namespace hexapla
