// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/centred_document.h"

#include <algorithm>
#include <cmath>

#include "server/base/status_macros.h"
#include "server/embedding/vector_sum.h"

namespace hexapla {
namespace {

// The share of the mean that is taken off: tokens / (tokens + this).
constexpr float kMeanTokens = 150;

absl::StatusOr<std::vector<float>> DriftOf(const EmbeddedDocument& document,
                                           const EmbeddingMatrix& vectors,
                                           const StopCondition& stop) {
  std::vector<float> drift(vectors.dimension());
  for (size_t s = 0; s < vectors.rows(); ++s) {
    if (s % kRowsOfPart == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
    AddVector(vectors.row(s), drift.size(), drift.data());
  }
  for (float& x : drift) x /= static_cast<float>(document.tokens.size()) + kMeanTokens;
  return drift;
}

}  // namespace

absl::StatusOr<CentredVectors> CentredVectors::Create(const EmbeddedDocument& document,
                                                      const EmbeddingMatrix& vectors,
                                                      const StopCondition& stop,
                                                      Parallel& parallel) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<float> drift, DriftOf(document, vectors, stop));
  CentredVectors centred(vectors.rows(), vectors.dimension());
  HEXAPLA_RETURN_IF_ERROR(RunRows(parallel, centred.size(), [&](int begin, int end) {
    std::vector<float> row(drift.size());
    for (int s = begin; s < end; ++s) {
      const auto share = static_cast<float>(document.tokens_of(s));
      const float* const vector = vectors.row(s);
      for (size_t k = 0; k < row.size(); ++k) row[k] = vector[k] - share * drift[k];
      centred.directions_.Set(s, row.data());
      centred.lengths_[s] =
          std::sqrt(hexapla::InnerProduct(row.data(), row.data(), centred.dimension_));
    }
    return stop.Check();
  }));
  return centred;
}

float CentredVectors::InnerProduct(int a, int b) const {
  float cosine;
  UnitRows::Cosines(directions_, a, directions_, b, b + 1, &cosine);
  return cosine * lengths_[a] * lengths_[b];
}

absl::StatusOr<UnitRows> CentredVectors::Coarse(size_t level, const StopCondition& stop,
                                                Parallel& parallel) const {
  const size_t joined = size_t{1} << level;
  const size_t sentences = lengths_.size();
  UnitRows coarse((sentences + joined - 1) >> level, dimension_);
  const int rows_of_part = std::max(1, kRowsOfPart >> level);
  HEXAPLA_RETURN_IF_ERROR(RunRows(
      parallel, static_cast<int>(coarse.rows()), rows_of_part, [&](size_t begin, size_t end) {
        std::vector<float> sum(dimension_);
        for (size_t i = begin; i < end; ++i) {
          std::fill(sum.begin(), sum.end(), 0.0F);
          for (size_t s = i * joined; s < std::min(sentences, (i + 1) * joined); ++s) {
            directions_.AddTo(s, lengths_[s], sum.data());
          }
          coarse.Set(i, sum.data());
        }
        return stop.Check();
      }));
  return coarse;
}

absl::StatusOr<CentredDocument> CentredDocument::Create(const EmbeddedDocument& document,
                                                        const StopCondition& stop,
                                                        Parallel& parallel) {
  HEXAPLA_ASSIGN_OR_RETURN(
      CentredVectors vectors,
      CentredVectors::Create(document, document.sentence_vectors, stop, parallel));
  return CentredDocument(document, std::move(vectors));
}

}  // namespace hexapla
