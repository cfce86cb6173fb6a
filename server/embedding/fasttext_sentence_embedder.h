// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_FASTTEXT_SENTENCE_EMBEDDER_H_
#define HEXAPLA_SERVER_EMBEDDING_FASTTEXT_SENTENCE_EMBEDDER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/embedding/sentence_embedder.h"
#include "server/fasttext/model_reader.h"

namespace hexapla {

// The embedding space of a fastText model, quantised or not: a word's vector is
// fastText's own, the mean of its row and of those of its character n-grams.
//
// Cost: a word is about twelve rows; the memory is that of the model's file.
// Threads: immutable, so concurrent use is safe.
class FasttextSentenceEmbedder : public SentenceEmbedder {
 public:
  // Reads the model at `path`, made for `languages` (BCP-47). Errors: as
  // fasttext::Model::Read; InvalidArgument when its dimension is not `dimension`.
  static absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> Create(
      absl::string_view path, std::vector<std::string> languages, int dimension);

  int dimension() const override { return model_->dim(); }
  const std::vector<std::string>& languages() const override { return languages_; }
  bool EmbedWord(absl::string_view word, float* out) const override;

 private:
  FasttextSentenceEmbedder(std::unique_ptr<const fasttext::Model> model,
                           std::vector<std::string> languages)
      : model_(std::move(model)), languages_(std::move(languages)) {}

  const std::unique_ptr<const fasttext::Model> model_;
  const std::vector<std::string> languages_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_FASTTEXT_SENTENCE_EMBEDDER_H_
