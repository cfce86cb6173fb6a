// SPDX-License-Identifier: Apache-2.0
#include "training/space_quantizer.h"

#include <cmath>
#include <cstdint>

#include "training/parallel.h"

namespace hexapla::training {
namespace {

// What the rows that make up word `word` have lost in all, added to `to`. The
// word's own row is the first of them and is left out.
void AddLossOfNgrams(const std::vector<float>& matrix, const QuantizedMatrix& quantized,
                     const Features& features, size_t word, std::vector<float>& to) {
  const int dimension = quantized.dimension;
  std::vector<float> stored(dimension);
  const int32_t type = features.words[word];
  for (int64_t k = features.type_begin[type] + 1; k < features.type_begin[type + 1]; ++k) {
    const int64_t row = features.type_rows[k];
    quantized.Decode(row, stored.data());
    for (int d = 0; d < dimension; ++d) to[d] += matrix[row * dimension + d] - stored[d];
  }
}

}  // namespace

QuantizedMatrix QuantizeSpace(const std::vector<float>& matrix, int dimension,
                              const Features& features, const std::vector<double>& weights,
                              const QuantizerOptions& options) {
  QuantizedMatrix quantized = Quantize(matrix, dimension, weights, options);
  const RowEncoder encoder(quantized);
  OnShares(options.threads, features.words.size(), [&](size_t first, size_t last) {
    std::vector<float> row(dimension);
    for (size_t word = first; word < last; ++word) {
      row.assign(matrix.begin() + word * dimension, matrix.begin() + (word + 1) * dimension);
      AddLossOfNgrams(matrix, quantized, features, word, row);
      encoder.Store(static_cast<int64_t>(word), row.data());
    }
  });
  return quantized;
}

double WordCosine(const std::vector<float>& matrix, const QuantizedMatrix& quantized,
                  const Features& features) {
  const int dimension = quantized.dimension;
  std::vector<float> stored(dimension);
  double sum = 0;
  double total = 0;
  for (size_t word = 0; word < features.words.size(); ++word) {
    std::vector<double> lost(dimension);
    std::vector<double> before(dimension);
    const int32_t type = features.words[word];
    for (int64_t k = features.type_begin[type]; k < features.type_begin[type + 1]; ++k) {
      const int64_t row = features.type_rows[k];
      quantized.Decode(row, stored.data());
      for (int d = 0; d < dimension; ++d) {
        before[d] += matrix[row * dimension + d];
        lost[d] += matrix[row * dimension + d] - stored[d];
      }
    }
    double dot = 0;
    double square_before = 1e-20;
    double square_after = 1e-20;
    for (int d = 0; d < dimension; ++d) {
      const double after = before[d] - lost[d];
      dot += before[d] * after;
      square_before += before[d] * before[d];
      square_after += after * after;
    }
    const double weight = std::sqrt(static_cast<double>(features.word_counts[word]));
    sum += weight * dot / std::sqrt(square_before * square_after);
    total += weight;
  }
  return total > 0 ? sum / total : 0;
}

}  // namespace hexapla::training
