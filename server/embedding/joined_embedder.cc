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

void JoinedEmbedder::EmbedWords(absl::Span<WordSlot> slots) const {
  const int size = dimension();
  std::vector<float> vector(size);
  for (WordSlot& slot : slots) {
    std::fill_n(slot.vector, size, 0.0F);
    int known = 0;
    for (const auto& part : parts_) {
      if (!part->EmbedWord(slot.word, vector.data())) continue;
      AddVector(vector.data(), size, slot.vector);
      ++known;
    }
    for (int k = 0; k < size && known > 1; ++k) slot.vector[k] /= static_cast<float>(known);
    slot.known = known > 0;
  }
}

}  // namespace hexapla
