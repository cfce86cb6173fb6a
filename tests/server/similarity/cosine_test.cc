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

double PlainCosine(const EmbeddingMatrix& rows, size_t i, size_t j) {
  const float* const x = rows.row(i);
  const float* const y = rows.row(j);
  const int dimension = rows.dimension();
  return Plain(x, y, dimension) / std::sqrt(Plain(x, x, dimension) * Plain(y, y, dimension));
}

TEST(CosineTest, UnitRowsGiveCosinesOfAnyDimension) {
  for (const int dimension : {1, 3, 31, 32, 33, 200}) {
    const EmbeddingMatrix rows = RandomRows(11, dimension);
    const UnitRows units(rows);
    for (const size_t begin : {0, 4, 10, 11}) {
      std::vector<float> out(rows.rows() - begin);
      UnitRows::Cosines(units, 2, units, begin, rows.rows(), out.data());
      for (size_t i = 0; i < out.size(); ++i) {
        EXPECT_NEAR(out[i], PlainCosine(rows, 2, begin + i), 2e-3) << dimension;
      }
    }
  }
}

TEST(CosineTest, ATableHasTheCosinesOfItsRows) {
  const EmbeddingMatrix rows = RandomRows(9, 200);
  const UnitRows units(rows);
  const std::vector<int32_t> all = {8, 0, 3, 3, 1, 7, 2};
  for (size_t x_size = 0; x_size <= all.size(); ++x_size) {
    for (size_t y_size = 1; y_size <= all.size(); ++y_size) {
      const std::vector<int32_t> which(all.begin(), all.begin() + x_size);
      std::vector<float> out(x_size * 8);
      UnitRows::CosineTable(units, which, units, all.data(), y_size, out.data(), 8);
      for (size_t i = 0; i < x_size; ++i) {
        for (size_t j = 0; j < y_size; ++j) {
          float alone;
          UnitRows::Cosines(units, which[i], units, all[j], all[j] + 1, &alone);
          EXPECT_EQ(out[8 * i + j], alone);
        }
      }
    }
  }
}

TEST(CosineTest, AUnitRowOfZerosHasCosinesOfZero) {
  EmbeddingMatrix rows(2, 3);
  rows.row(1)[2] = -4;
  const UnitRows units(rows);
  float out[2];
  UnitRows::Cosines(units, 0, units, 0, 2, out);
  EXPECT_THAT(out, ElementsAre(0, 0));
  UnitRows::Cosines(units, 1, units, 0, 2, out);
  EXPECT_THAT(out, ElementsAre(0, FloatEq(1)));
}

}  // namespace
}  // namespace hexapla
