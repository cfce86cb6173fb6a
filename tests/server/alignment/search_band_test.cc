// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/search_band.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using Path = std::vector<std::pair<int, int>>;

std::vector<std::string> Rows(const SearchBand& band) {
  std::vector<std::string> rows;
  for (int r = 0; r <= band.sources(); ++r) {
    rows.push_back(absl::StrCat("[", band.begin(r), ",", band.end(r), ")"));
  }
  return rows;
}

// Which invariant of the class the band breaks; "" if none.
std::string FaultOf(const SearchBand& band, int sources, int targets) {
  if (band.sources() != sources || band.targets() != targets) return "size";
  if (!band.Contains(0, 0)) return "the first corner";
  if (!band.Contains(sources, targets)) return "the last corner";
  size_t nodes = 0;
  for (int r = 0; r <= sources; ++r) {
    if (band.begin(r) >= band.end(r)) return absl::StrCat("row ", r, " is empty");
    if (band.begin(r) < 0 || band.end(r) > targets + 1) return absl::StrCat("row ", r, " is wide");
    if (band.Node(r, band.begin(r)) != nodes) return absl::StrCat("number of row ", r);
    nodes += band.end(r) - band.begin(r);
    if (r == 0) continue;
    if (band.begin(r) < band.begin(r - 1)) return absl::StrCat("begin falls in row ", r);
    if (band.end(r) < band.end(r - 1)) return absl::StrCat("end falls in row ", r);
    if (band.begin(r) >= band.end(r - 1)) return absl::StrCat("no way into row ", r);
  }
  return band.nodes() == nodes ? "" : "number of nodes";
}

// Nodes in rising order, with steps of up to `step` on either side.
Path RandomPath(int sources, int targets, int step, std::mt19937& random) {
  Path path = {{0, 0}};
  while (path.back() != std::pair(sources, targets)) {
    const auto [row, column] = path.back();
    path.emplace_back(std::min<int>(sources, row + static_cast<int>(random() % (step + 1))),
                      std::min<int>(targets, column + static_cast<int>(random() % (step + 1))));
  }
  return path;
}

TEST(SearchBandTest, AFullBandHasEveryNode) {
  const SearchBand band = SearchBand::Full(2, 3);
  EXPECT_EQ(FaultOf(band, 2, 3), "");
  EXPECT_EQ(band.nodes(), 12u);
  EXPECT_THAT(Rows(band), ElementsAre("[0,4)", "[0,4)", "[0,4)"));
}

TEST(SearchBandTest, ABandFollowsItsPath) {
  EXPECT_THAT(Rows(SearchBand::Around({{0, 0}, {3, 3}}, 3, 3, 1)),
              ElementsAre("[0,3)", "[0,4)", "[0,4)", "[1,4)"));
  EXPECT_THAT(Rows(SearchBand::Around({{0, 0}, {0, 5}, {2, 5}}, 2, 5, 1)),
              ElementsAre("[0,6)", "[0,6)", "[4,6)"));
}

TEST(SearchBandTest, NodesOutsideAreNotContained) {
  const SearchBand band = SearchBand::Around({{0, 0}, {9, 9}}, 9, 9, 1);
  EXPECT_TRUE(band.Contains(5, 5));
  EXPECT_FALSE(band.Contains(5, 9));
  EXPECT_FALSE(band.Contains(5, -1));
  EXPECT_FALSE(band.Contains(-1, 0));
  EXPECT_FALSE(band.Contains(10, 9));
}

TEST(SearchBandTest, InvariantsHoldAroundRandomPaths) {
  struct Case {
    int sources;
    int targets;
  };
  std::mt19937 random(3);
  for (const Case& c : {Case{0, 0}, Case{0, 1}, Case{1, 0}, Case{0, 50}, Case{50, 0}, Case{1, 1},
                        Case{1, 1000}, Case{1000, 1}, Case{7, 60}, Case{60, 7}, Case{40, 40}}) {
    for (int round = 0; round < 20; ++round) {
      const int radius = 1 + round % 4;
      const Path path = RandomPath(c.sources, c.targets, 1 + round, random);
      const SearchBand band = SearchBand::Around(path, c.sources, c.targets, radius);
      ASSERT_EQ(FaultOf(band, c.sources, c.targets), "")
          << c.sources << "x" << c.targets << ", radius " << radius;
      for (const auto& [row, column] : path) {
        const int right = std::min(c.targets, column + radius);
        const int below = std::min(c.sources, row + radius);
        EXPECT_TRUE(band.Contains(row, column) && band.Contains(row, right) &&
                    band.Contains(below, column) && band.Contains(below, right));
      }
    }
  }
}

TEST(SearchBandTest, ASparsePathIsJoined) {
  // Corners alone, and no node at all, still make a way through.
  for (const Path& path : {Path{}, Path{{0, 0}}, Path{{0, 0}, {500, 3}}, Path{{0, 0}, {3, 500}}}) {
    EXPECT_EQ(FaultOf(SearchBand::Around(path, 500, 500, 2), 500, 500), "");
  }
}

TEST(SearchBandTest, NodesGrowWithTheLengthOfThePathAndTheRadius) {
  const auto nodes = [](int size, int radius) {
    return SearchBand::Around({{0, 0}, {size, size}}, size, size, radius).nodes();
  };
  EXPECT_NEAR(static_cast<double>(nodes(20000, 5)) / static_cast<double>(nodes(10000, 5)), 2, 0.01);
  EXPECT_LT(nodes(10000, 5), 10001u * (4 * 5 + 1));
}

TEST(SearchBandTest, RowsAreGivenNoMoreNodesThanTheInvariantsAsk) {
  const SearchBand band = SearchBand::OfRows({0, 2, 9, 4}, {1, 4, 0, 6});
  EXPECT_EQ(FaultOf(band, 3, 5), "");
  EXPECT_EQ(band.targets(), 5);
  EXPECT_EQ(band.begin(0), 0);
  EXPECT_EQ(band.end(1), 4);
  EXPECT_EQ(band.begin(3), 3);  // row 2 asked for nothing; 4 would not meet row 1
  EXPECT_EQ(band.end(3), 6);
}

TEST(SearchBandTest, RowsOfAnyKindAreJoined) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    const int sources = static_cast<int>(random() % 30);
    const int targets = static_cast<int>(random() % 30);
    std::vector<int> begin;
    std::vector<int> end;
    for (int row = 0; row <= sources; ++row) {
      begin.push_back(static_cast<int>(random() % (targets + 2)));
      end.push_back(static_cast<int>(random() % (targets + 2)));
    }
    end.back() = targets + 1;
    const SearchBand band = SearchBand::OfRows(begin, end);
    ASSERT_EQ(FaultOf(band, sources, targets), "");
    for (int row = 0; row <= sources; ++row) {
      for (int column = begin[row]; column < end[row]; ++column) {
        EXPECT_TRUE(band.Contains(row, column));
      }
    }
  }
}

}  // namespace
}  // namespace hexapla
