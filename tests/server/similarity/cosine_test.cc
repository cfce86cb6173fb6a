// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/cosine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

EmbeddingMatrix RandomRows(size_t rows, int dimension) {
  std::mt19937 random(static_cast<uint32_t>(dimension));
  EmbeddingMatrix matrix(rows, dimension);
  for (size_t i = 0; i < rows; ++i) {
    for (int k = 0; k < dimension; ++k) {
      matrix.row(i)[k] = static_cast<float>(random()) / 2147483648.0F - 1;
    }
  }
  return matrix;
}

double Plain(const float* x, const float* y, int dimension) {
  double sum = 0;
  for (int k = 0; k < dimension; ++k) sum += static_cast<double>(x[k]) * y[k];
  return sum;
}

TEST(CosineTest, InnerProductsOfAnyDimension) {
  for (const int dimension : {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 160, 300}) {
    SCOPED_TRACE(dimension);
    const EmbeddingMatrix rows = RandomRows(5, dimension);
    const std::vector<int32_t> which = {4, 0, 0, 2};
    std::vector<float> out(which.size());
    InnerProducts(rows.row(1), rows, which.data(), which.size(), out.data());
    for (size_t i = 0; i < which.size(); ++i) {
      const double expected = Plain(rows.row(1), rows.row(which[i]), dimension);
      EXPECT_NEAR(out[i], expected, 1e-4);
      EXPECT_NEAR(InnerProduct(rows.row(1), rows.row(which[i]), dimension), expected, 1e-4);
    }
  }
}

TEST(CosineTest, AnInnerProductIsTheSameEitherWay) {
  const EmbeddingMatrix rows = RandomRows(2, 160);
  EXPECT_EQ(InnerProduct(rows.row(0), rows.row(1), 160),
            InnerProduct(rows.row(1), rows.row(0), 160));
}

TEST(CosineTest, NormalizedRowsHaveLengthOne) {
  EmbeddingMatrix rows = RandomRows(10, 37);
  NormalizeRows(rows);
  for (size_t i = 0; i < rows.rows(); ++i) {
    EXPECT_NEAR(InnerProduct(rows.row(i), rows.row(i), 37), 1, 1e-5);
  }
}

TEST(CosineTest, ARowOfZerosStays) {
  EmbeddingMatrix rows(2, 3);
  rows.row(1)[2] = -4;
  NormalizeRows(rows);
  EXPECT_THAT(std::vector<float>(rows.row(0), rows.row(0) + 3), ElementsAre(0, 0, 0));
  EXPECT_THAT(std::vector<float>(rows.row(1), rows.row(1) + 3), ElementsAre(0, 0, FloatEq(-1)));
}

TEST(CosineTest, UnitRowsGiveCosinesOfAnyDimension) {
  for (const int dimension : {1, 3, 31, 32, 33, 200}) {
    const EmbeddingMatrix rows = RandomRows(9, dimension);
    const UnitRows units(rows);
    const std::vector<int32_t> which = {8, 0, 3, 3, 1};
    std::vector<float> out(which.size());
    UnitRows::Cosines(units, 2, units, which.data(), which.size(), out.data());
    for (size_t i = 0; i < which.size(); ++i) {
      const float* const x = rows.row(2);
      const float* const y = rows.row(which[i]);
      const double expected = InnerProduct(x, y, dimension) /
                              std::sqrt(InnerProduct(x, x, dimension)) /
                              std::sqrt(InnerProduct(y, y, dimension));
      EXPECT_NEAR(out[i], expected, 2e-3) << dimension;
    }
  }
}

TEST(CosineTest, AUnitRowOfZerosHasCosinesOfZero) {
  EmbeddingMatrix rows(2, 3);
  rows.row(1)[2] = -4;
  const UnitRows units(rows);
  const int32_t both[] = {0, 1};
  float out[2];
  UnitRows::Cosines(units, 0, units, both, 2, out);
  EXPECT_THAT(out, ElementsAre(0, 0));
  UnitRows::Cosines(units, 1, units, both, 2, out);
  EXPECT_THAT(out, ElementsAre(0, FloatEq(1)));
}

}  // namespace
}  // namespace hexapla
