// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_JOINED_EMBEDDER_H_
#define HEXAPLA_SERVER_EMBEDDING_JOINED_EMBEDDER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "server/embedding/sentence_embedder.h"

namespace hexapla {

// One space in several parts, each with languages of its own, as aligned word
// vectors are published: a file a language.
//
// Threads: immutable, so concurrent use is safe if the parts allow it.
class JoinedEmbedder final : public SentenceEmbedder {
 public:
  // Requires: at least one part, all of the same dimension.
  explicit JoinedEmbedder(std::vector<std::unique_ptr<const SentenceEmbedder>> parts);

  int dimension() const override { return parts_.front()->dimension(); }
  // Of all parts.
  const std::vector<std::string>& languages() const override { return languages_; }

  // The part that covers `language`; this object if none does.
  const SentenceEmbedder& ForLanguage(absl::string_view language) const override;

  // Of a word whose language is not known, the mean of the vectors that the parts
  // have for it.
  bool EmbedWord(absl::string_view word, float* out) const override;

 private:
  const std::vector<std::unique_ptr<const SentenceEmbedder>> parts_;
  std::vector<std::string> languages_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_JOINED_EMBEDDER_H_
