// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/fasttext_sentence_embedder.h"

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/fasttext/subwords.h"

namespace hexapla {

absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> FasttextSentenceEmbedder::Create(
    absl::string_view path, std::vector<std::string> languages, int dimension) {
  HEXAPLA_ASSIGN_OR_RETURN(std::unique_ptr<const fasttext::Model> model,
                           fasttext::Model::Read(path));
  if (model->dim() != dimension) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": its vectors have dimension ", model->dim(), ", not ", dimension));
  }
  return std::unique_ptr<const SentenceEmbedder>(
      new FasttextSentenceEmbedder(std::move(model), std::move(languages)));
}

bool FasttextSentenceEmbedder::EmbedWord(absl::string_view word, float* out) const {
  return fasttext::WordVector(*model_, word, out);
}

}  // namespace hexapla
