// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_CENTRED_SENTENCES_H_
#define HEXAPLA_SERVER_SIMILARITY_CENTRED_SENTENCES_H_

#include <vector>

#include "server/embedding/embedded_document.h"
#include "server/embedding/embedding_matrix.h"
#include "server/embedding/vector_sum.h"

namespace hexapla {

// Sentence vectors less the document's drift. Every document has a drift of its
// own (its subject, its language), so the mean word vector of the document, times
// the sentence's number of words, is taken off each sentence vector; of a short
// document only part of it, for there the mean is mostly signal.
// Lifetime: borrows both.
class CentredSentences {
 public:
  // `vectors`: one a sentence, sums over its tokens.
  CentredSentences(const EmbeddedDocument& document, const EmbeddingMatrix& vectors)
      : document_(document), vectors_(vectors), mean_(vectors.dimension()) {
    for (size_t s = 0; s < vectors.rows(); ++s) {
      AddVector(vectors.row(s), mean_.size(), mean_.data());
    }
    for (float& x : mean_) x /= static_cast<float>(document.tokens.size()) + kMeanTokens;
  }

  // Writes the sentence's vector to out[0, dimension()).
  void Get(int sentence, float* out) const {
    const auto share = static_cast<float>(document_.tokens_of(sentence));
    const float* const vector = vectors_.row(sentence);
    for (size_t k = 0; k < mean_.size(); ++k) out[k] = vector[k] - share * mean_[k];
  }

 private:
  // The share of the mean that is taken off: tokens / (tokens + this).
  static constexpr float kMeanTokens = 150;

  const EmbeddedDocument& document_;
  const EmbeddingMatrix& vectors_;
  std::vector<float> mean_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_CENTRED_SENTENCES_H_
