// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/joined_embedder.h"

#include <algorithm>

#include "server/embedding/vector_sum.h"

namespace hexapla {

JoinedEmbedder::JoinedEmbedder(std::vector<std::unique_ptr<const SentenceEmbedder>> parts)
    : parts_(std::move(parts)) {
  for (const auto& part : parts_) {
    languages_.insert(languages_.end(), part->languages().begin(), part->languages().end());
  }
}

const SentenceEmbedder& JoinedEmbedder::ForLanguage(absl::string_view language) const {
  for (const auto& part : parts_) {
    if (Covers(*part, language)) return *part;
  }
  return *this;
}

bool JoinedEmbedder::EmbedWord(absl::string_view word, float* out) const {
  const int size = dimension();
  thread_local std::vector<float> vector;
  vector.resize(size);
  std::fill_n(out, size, 0.0F);
  int known = 0;
  for (const auto& part : parts_) {
    if (!part->EmbedWord(word, vector.data())) continue;
    AddVector(vector.data(), size, out);
    ++known;
  }
  for (int k = 0; k < size && known > 1; ++k) out[k] /= static_cast<float>(known);
  return known > 0;
}

}  // namespace hexapla
