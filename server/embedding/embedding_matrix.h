// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_EMBEDDING_MATRIX_H_
#define HEXAPLA_SERVER_EMBEDDING_EMBEDDING_MATRIX_H_

#include <cstddef>
#include <vector>

namespace hexapla {

// Vectors of one dimension, row after row.
class EmbeddingMatrix {
 public:
  EmbeddingMatrix() = default;
  EmbeddingMatrix(size_t rows, int dimension)
      : dimension_(dimension), values_(rows * static_cast<size_t>(dimension)) {}

  size_t rows() const { return dimension_ == 0 ? 0 : values_.size() / dimension_; }
  int dimension() const { return dimension_; }
  float* row(size_t i) { return values_.data() + i * dimension_; }
  const float* row(size_t i) const { return values_.data() + i * dimension_; }
  // Rows up to so many will be appended without moving those there are.
  void Reserve(size_t rows) { values_.reserve(rows * static_cast<size_t>(dimension_)); }
  // Appends a row of zeros and returns it; earlier pointers become invalid.
  float* AddRow() {
    values_.resize(values_.size() + dimension_);
    return values_.data() + values_.size() - dimension_;
  }

 private:
  int dimension_ = 0;
  std::vector<float> values_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_EMBEDDING_MATRIX_H_
