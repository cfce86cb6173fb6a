// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_FASTTEXT_SENTENCE_EMBEDDER_H_
#define HEXAPLA_SERVER_EMBEDDING_FASTTEXT_SENTENCE_EMBEDDER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/embedding/sentence_embedder.h"
#include "server/embedding/word_weights.h"
#include "server/fasttext/model_reader.h"
#include "server/fasttext/sentence_vectors.h"

namespace hexapla {

// The embedding space of a fastText model, quantised or not.
//
// Cost: a word is about twelve rows; the memory is that of the model's file.
// Threads: immutable, so concurrent use is safe.
class FasttextSentenceEmbedder : public SentenceEmbedder {
 public:
  // Of a model that is read already. Errors: InvalidArgument when it is supervised
  // and has no labels.
  static absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> FromModel(
      std::shared_ptr<const fasttext::Model> model, std::vector<std::string> languages,
      WordWeights weights = WordWeights::kLength);

  // Reads the model at `path`, made for `languages` (BCP-47). Errors: as
  // fasttext::Model::Read; InvalidArgument when its dimension is not `dimension`; as
  // FromModel.
  static absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> Create(
      absl::string_view path, std::vector<std::string> languages, int dimension,
      WordWeights weights = WordWeights::kLength);

  int dimension() const override { return model_->dim(); }
  const std::vector<std::string>& languages() const override { return languages_; }
  bool EmbedWord(absl::string_view word, float* out) const override;
  bool EmbedAsFastText(absl::string_view sentence, float* out) const override;

 private:
  FasttextSentenceEmbedder(std::shared_ptr<const fasttext::Model> model,
                           std::unique_ptr<const fasttext::SentenceVectors> sentence_vectors,
                           std::vector<std::string> languages, WordWeights weights);

  float FrequencyWeight(absl::string_view word) const;

  const std::shared_ptr<const fasttext::Model> model_;
  const std::unique_ptr<const fasttext::SentenceVectors> sentence_vectors_;
  const std::vector<std::string> languages_;
  const WordWeights weights_;
  const float rank_share_;  // p of the first word
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_FASTTEXT_SENTENCE_EMBEDDER_H_
