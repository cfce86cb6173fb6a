// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_PRODUCT_QUANTIZER_H_
#define HEXAPLA_TRAINING_PRODUCT_QUANTIZER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hexapla::training {

struct QuantizerOptions {
  int part = 4;           // columns coded by one byte
  int iterations = 15;    // of k-means
  size_t sample = 65536;  // rows that k-means sees
  uint32_t seed = 1;
  int threads = 2;
};

// A matrix as fastText's QuantMatrix stores it: every row is its norm (one
// byte, 256 norms) times a direction, each `part` columns of which are one of
// 256 centroids (product quantisation; Jégou et al. 2011).
struct QuantizedMatrix {
  int64_t rows = 0;
  int dimension = 0;
  int part = 0;
  std::vector<uint8_t> codes;       // rows x parts
  std::vector<float> centroids;     // part by part: 256 x width of the part
  std::vector<uint8_t> norm_codes;  // one a row
  std::vector<float> norms;         // 256

  int parts() const { return (dimension + part - 1) / part; }
  // Columns of part `p`.
  int width(int p) const { return std::min(part, dimension - p * part); }
  // Writes row `row` as stored.
  void Decode(int64_t row, float* out) const;
};

// Stores rows in a matrix whose centroids and norms are known. Several threads may
// use one for rows of their own.
class RowEncoder {
 public:
  // Keeps `matrix`, which must outlive it.
  explicit RowEncoder(QuantizedMatrix& matrix);

  void Store(int64_t row, const float* values) const;

 private:
  QuantizedMatrix& matrix_;
  std::vector<float> columns_;  // the centroids of each part column by column
};

// Quantises rows x dimension `matrix`. k-means sees rows drawn in proportion to
// `weights` (how often a row is used), so that common words lose least.
QuantizedMatrix Quantize(const std::vector<float>& matrix, int dimension,
                         const std::vector<double>& weights, const QuantizerOptions& options);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_PRODUCT_QUANTIZER_H_
