// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline/version_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/testing/coverage.h"

namespace hexapla {
namespace {

using ::hexapla::testing::CoverageFault;
using ::hexapla::testing::Text;
using ::testing::ElementsAre;

// Groups versions by a table, [a][b] for a < b.
std::vector<std::vector<int>> Group(const std::vector<std::vector<double>>& table) {
  return GroupVersions(
      static_cast<int>(table.size()), [&](int a, int b) { return table[a][b]; }, 0.5);
}

TEST(GroupVersionsTest, RelatedVersionsAreOneGroup) {
  EXPECT_THAT(Group({{0, 0.9, 0.8}, {0, 0, 0.7}, {0, 0, 0}}), ElementsAre(ElementsAre(0, 1, 2)));
}

TEST(GroupVersionsTest, AStrangerStandsAlone) {
  EXPECT_THAT(Group({{0, 0.1, 0.9}, {0, 0, 0.2}, {0, 0, 0}}),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1)));
}

TEST(GroupVersionsTest, OneDoubtfulPairPartsNobody) {
  EXPECT_THAT(Group({{0, 0.9, 0.3}, {0, 0, 0.9}, {0, 0, 0}}), ElementsAre(ElementsAre(0, 1, 2)));
}

TEST(GroupVersionsTest, OneMistakenPairJoinsNobody) {
  EXPECT_THAT(Group({{0, 0.9, 0.6}, {0, 0, 0.1}, {0, 0, 0}}),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2)));
}

TEST(GroupVersionsTest, TwoDocumentsAreTwoGroups) {
  EXPECT_THAT(Group({{0, 0.1, 0.9, 0.1}, {0, 0, 0.2, 0.8}, {0, 0, 0, 0.1}, {0, 0, 0, 0}}),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3)));
}

TEST(GroupVersionsTest, StrangersAllStandAlone) {
  EXPECT_THAT(Group({{0, 0.1, 0.1}, {0, 0, 0.1}, {0, 0, 0}}),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
}

TEST(InterleaveGroupsTest, BeadsOfEachGroupKeepTheirOrder) {
  GroupBeads pair{.versions = {0, 2}, .beads = {}};
  pair.beads.push_back({.sides = {{0, 1}, {0, 1}}, .score = 3, .probability = 0.9});
  pair.beads.push_back({.sides = {{1, 2}, {1, 1}}, .score = 1, .probability = 0.8});
  pair.beads.back().side_probabilities = {0.85, 0.95};
  GroupBeads single{.versions = {1}, .beads = {}};
  for (int s = 0; s < 3; ++s) {
    single.beads.push_back({.sides = {{s, s + 1}}, .score = 0, .probability = 0.7});
  }
  const std::vector<MultiBead> beads = InterleaveGroups({pair, single}, {2, 3, 1});
  EXPECT_EQ(CoverageFault(beads, {2, 3, 1}), "");
  EXPECT_THAT(Text(beads),
              ElementsAre("[0]:[]:[0]", "[]:[0]:[]", "[]:[1]:[]", "[1]:[]:[]", "[]:[2]:[]"));
  EXPECT_THAT(beads[0].side_probabilities, ElementsAre(0.9, 0.9, 0.9));
  EXPECT_THAT(beads[1].side_probabilities, ElementsAre(0.7, 0.7, 0.7));
  EXPECT_THAT(beads[3].side_probabilities, ElementsAre(0.85, 0.8, 0.95));
  EXPECT_EQ(beads[0].score, 3);
}

TEST(InterleaveGroupsTest, NoBeadsGiveNone) {
  EXPECT_TRUE(
      InterleaveGroups({{.versions = {0}, .beads = {}}, {.versions = {1}, .beads = {}}}, {0, 0})
          .empty());
}

}  // namespace
}  // namespace hexapla
