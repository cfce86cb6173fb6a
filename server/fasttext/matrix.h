// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_MATRIX_H_
#define HEXAPLA_SERVER_FASTTEXT_MATRIX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hexapla::fasttext {

// A matrix of floats as fastText stores it: dense, or product-quantised, with
// or without the norms of its rows quantised apart.
//
// A product-quantised row is cut into parts of a few columns; each part is one
// byte, the number of its centroid among the 256 of that part (Jégou, Douze,
// Schmid: Product quantization for nearest neighbor search, 2011). Its rows are
// decoded as they are used: a matrix takes no more memory than its file.
//
// Cost: AddRows reads a row once; it is vectorised for the machine it runs on.
// Lifetime: borrows the model's bytes.
// Threads: immutable once built, so concurrent use is safe.
class Matrix {
 public:
  // The parts of a product-quantised matrix.
  struct Quantizer {
    size_t parts = 0;                     // bytes of code a row
    size_t part_cols = 0;                 // columns of each part but the last
    size_t last_part_cols = 0;            // columns of the last part
    std::vector<float> centroids;         // 256 a part, each of that part's columns
    const uint8_t* codes = nullptr;       // `parts` a row
    std::vector<float> norms;             // 256 norms, or none
    const uint8_t* norm_codes = nullptr;  // one a row when there are norms
  };

  Matrix() = default;
  // A dense matrix; `values` are floats in row order, of any alignment.
  static Matrix Dense(int64_t rows, int64_t cols, const char* values);
  static Matrix Quantized(int64_t rows, int64_t cols, Quantizer quantizer);

  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  bool quantized() const { return quantized_; }

  // acc[0, cols()) += scale * the row. Requires: 0 <= row < rows().
  void AddRow(int64_t row, float scale, float* acc) const;
  // The same for the sum of `n` rows, faster. The order of additions, and so
  // the last bit of a sum, depends on the machine.
  void AddRows(const int32_t* rows, size_t n, float scale, float* acc) const;
  // The inner product of a row with x[0, cols()).
  float Dot(int64_t row, const float* x) const;
  // out[0, rows()) = the inner product of every row with x.
  void DotAll(const float* x, float* out) const;

 private:
  int64_t rows_ = 0;
  int64_t cols_ = 0;
  bool quantized_ = false;
  const uint8_t* values_ = nullptr;  // when dense
  Quantizer quantizer_;              // when quantised
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_MATRIX_H_
