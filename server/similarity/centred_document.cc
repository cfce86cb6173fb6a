// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/centred_document.h"

#include <algorithm>
#include <cmath>

#include "server/embedding/vector_sum.h"

namespace hexapla {
namespace {

// The share of the mean that is taken off: tokens / (tokens + this).
constexpr float kMeanTokens = 150;

std::vector<float> DriftOf(const EmbeddedDocument& document, const EmbeddingMatrix& vectors) {
  std::vector<float> drift(vectors.dimension());
  for (size_t s = 0; s < vectors.rows(); ++s) {
    AddVector(vectors.row(s), drift.size(), drift.data());
  }
  for (float& x : drift) x /= static_cast<float>(document.tokens.size()) + kMeanTokens;
  return drift;
}

}  // namespace

CentredVectors::CentredVectors(const EmbeddedDocument& document, const EmbeddingMatrix& vectors)
    : dimension_(vectors.dimension()),
      directions_(vectors.rows(), dimension_),
      lengths_(vectors.rows()) {
  const std::vector<float> drift = DriftOf(document, vectors);
  std::vector<float> row(dimension_);
  for (int s = 0; s < size(); ++s) {
    const auto share = static_cast<float>(document.tokens_of(s));
    const float* const vector = vectors.row(s);
    for (size_t k = 0; k < row.size(); ++k) row[k] = vector[k] - share * drift[k];
    directions_.Set(s, row.data());
    lengths_[s] = std::sqrt(hexapla::InnerProduct(row.data(), row.data(), dimension_));
  }
}

float CentredVectors::InnerProduct(int a, int b) const {
  float cosine;
  UnitRows::Cosines(directions_, a, directions_, b, b + 1, &cosine);
  return cosine * lengths_[a] * lengths_[b];
}

UnitRows CentredVectors::Coarse(size_t level) const {
  const size_t joined = size_t{1} << level;
  const size_t sentences = lengths_.size();
  UnitRows coarse((sentences + joined - 1) >> level, dimension_);
  std::vector<float> sum(dimension_);
  for (size_t i = 0; i < coarse.rows(); ++i) {
    std::fill(sum.begin(), sum.end(), 0.0F);
    for (size_t s = i * joined; s < std::min(sentences, (i + 1) * joined); ++s) {
      directions_.AddTo(s, lengths_[s], sum.data());
    }
    coarse.Set(i, sum.data());
  }
  return coarse;
}

}  // namespace hexapla
