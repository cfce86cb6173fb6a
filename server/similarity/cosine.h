// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_COSINE_H_
#define HEXAPLA_SERVER_SIMILARITY_COSINE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/embedding/embedding_matrix.h"

namespace hexapla {

// out[i] = x . rows.row(which[i]) for i in [0, size).
// Cost: vectorised for the machine it runs on. The order of additions, and so
// the last bit of a sum, depends on the machine.
void InnerProducts(const float* x, const EmbeddingMatrix& rows, const int32_t* which, size_t size,
                   float* out);

// x . y over `dimension` floats.
float InnerProduct(const float* x, const float* y, int dimension);

// Scales every row to length 1; a row of zeros stays.
void NormalizeRows(EmbeddingMatrix& rows);

// The rows of a matrix scaled to length 1 and rounded to 16 bits, for cosines
// that are exact to about 1e-3 at half the memory and time.
class UnitRows {
 public:
  // Rows of zeros.
  UnitRows(size_t rows, int dimension);
  explicit UnitRows(const EmbeddingMatrix& rows);

  size_t rows() const { return rows_; }
  // Row `i` becomes `row`, scaled.
  void Set(size_t i, const float* row);
  // sum += length * row `i`.
  void AddTo(size_t i, float length, float* sum) const;
  // out[i] = the cosine of row `row` of `x` and row begin + i of `y`, up to `end`.
  // Requires: equal dimensions, here and below.
  static void Cosines(const UnitRows& x, size_t row, const UnitRows& y, size_t begin, size_t end,
                      float* out);
  // out[i * out_stride + j] = the cosine of row which_x[i] of `x` and row which_y[j]
  // of `y`. Writes up to three numbers behind those of each row: the last again.
  // Requires: y_size > 0, and out_stride is at least y_size rounded up to fours.
  // Cost: half a load a product; several times faster than one by one.
  static void CosineTable(const UnitRows& x, const std::vector<int32_t>& which_x, const UnitRows& y,
                          const int32_t* which_y, size_t y_size, float* out, size_t out_stride);

 private:
  size_t rows_;
  int dimension_;
  size_t stride_;  // the dimension, padded with zeros
  std::vector<int16_t> values_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_COSINE_H_
