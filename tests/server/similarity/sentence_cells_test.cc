// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/sentence_cells.h"

#include <gtest/gtest.h>

#include <vector>

#include "server/alignment/monotonic_aligner.h"

namespace hexapla {
namespace {

TEST(SentenceCellsTest, AWholeGridHasAllCells) {
  const SentenceCells cells(SearchBand::Full(3, 4), 5);
  EXPECT_EQ(cells.rows(), 3);
  EXPECT_EQ(cells.columns(), 4);
  EXPECT_EQ(cells.size(), 12U);
  EXPECT_EQ(cells.Index(1, 2), 6U);
  EXPECT_TRUE(cells.Contains(0, 0));
  EXPECT_FALSE(cells.Contains(3, 0));
  EXPECT_FALSE(cells.Contains(0, 4));
  EXPECT_FALSE(cells.Contains(-1, 0));
}

TEST(SentenceCellsTest, ABandHasTheCellsOfEveryBeadInsideIt) {
  const SearchBand band = SearchBand::Around({{0, 0}, {40, 10}, {60, 60}}, 60, 60, 3);
  const SentenceCells cells(band, 5);
  EXPECT_LT(cells.size(), 60U * 60U);
  for (const BeadShape& shape : BeadShapes(5, true)) {
    for (int row = 0; row + shape.sources <= 60; ++row) {
      for (int column = 0; column + shape.targets <= 60; ++column) {
        if (!band.Contains(row, column) ||
            !band.Contains(row + shape.sources, column + shape.targets)) {
          continue;
        }
        for (int i = row; i < row + shape.sources; ++i) {
          for (int j = column; j < column + shape.targets; ++j) EXPECT_TRUE(cells.Contains(i, j));
        }
      }
    }
  }
}

TEST(SentenceCellsTest, RowsAreGivenTheColumnsTheyAskForInRisingOrder) {
  const SentenceCells cells({1, 9, 0, 4}, {3, 0, 2, 6}, 6);
  EXPECT_EQ(cells.rows(), 4);
  EXPECT_EQ(cells.columns(), 6);
  const std::vector<int> begin = {0, 0, 0, 4};
  const std::vector<int> end = {3, 3, 3, 6};
  for (int row = 0; row < 4; ++row) {
    EXPECT_EQ(cells.begin(row), begin[row]);
    EXPECT_EQ(cells.end(row), end[row]);
  }
  EXPECT_EQ(cells.size(), 11U);
  EXPECT_EQ(cells.Index(3, 4), 9U);
}

TEST(SentenceCellsTest, EmptyDocumentsHaveNone) {
  EXPECT_EQ(SentenceCells(SearchBand::Full(0, 3), 5).size(), 0U);
  EXPECT_EQ(SentenceCells(SearchBand::Full(3, 0), 5).size(), 0U);
}

}  // namespace
}  // namespace hexapla
