// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/sentence_vectors.h"

#include <algorithm>
#include <utility>

#include "server/base/status_macros.h"
#include "server/fasttext/subwords.h"

namespace hexapla::fasttext {

absl::StatusOr<std::unique_ptr<const SentenceVectors>> SentenceVectors::Create(
    std::shared_ptr<const Model> model) {
  std::unique_ptr<const Classifier> classifier;
  if (model->args().kind == Kind::kSupervised) {
    // The space may be large; decoded, it would take its memory twice.
    HEXAPLA_ASSIGN_OR_RETURN(classifier, Classifier::Create(model, /*decoded_bytes_max=*/0));
  }
  return std::unique_ptr<const SentenceVectors>(
      new SentenceVectors(std::move(model), std::move(classifier)));
}

void SentenceVectors::Embed(absl::string_view text, Scratch& scratch, float* out) const {
  if (classifier_ != nullptr) {
    classifier_->Embed(text, scratch.classifier_, out);
    return;
  }
  const int dim = model_->dim();
  std::fill_n(out, dim, 0.0f);
  int words = 0;
  for (size_t at = 0; at < text.size();) {
    if (IsSpace(text[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < text.size() && !IsSpace(text[at])) ++at;
    words += AddUnitWordVector(*model_, text.substr(begin, at - begin), 1, out) ? 1 : 0;
  }
  for (int k = 0; k < dim && words > 1; ++k) out[k] /= static_cast<float>(words);
}

}  // namespace hexapla::fasttext
