// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_SENTENCE_EMBEDDER_H_
#define HEXAPLA_SERVER_EMBEDDING_SENTENCE_EMBEDDER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hexapla {

// The space that all languages share: words with the same meaning lie near one
// another, whatever their language.
// Threads: const methods may run concurrently.
class SentenceEmbedder {
 public:
  virtual ~SentenceEmbedder() = default;

  // Length of every vector; at least 1.
  virtual int dimension() const = 0;

  // The languages that the space was made for, BCP-47 as CanonicalLanguageTag
  // gives it.
  virtual const std::vector<std::string>& languages() const = 0;

  // Writes the vector of `word`, one token of server/text/tokenizer.h, into
  // out[0, dimension()). Its length is the word's weight in a sentence. Returns
  // false and writes zeros when the space knows nothing of the word.
  virtual bool EmbedWord(absl::string_view word, float* out) const = 0;

  // Where words of `language` (BCP-47) have their vectors: itself, unless the
  // space keeps its languages apart. Borrows from this embedder.
  virtual const SentenceEmbedder& ForLanguage(absl::string_view /*language*/) const {
    return *this;
  }

  // Writes the vector that fastText itself gives the sentence (see
  // fasttext::SentenceVectors) into out[0, dimension()). Returns false, and leaves
  // `out` alone, when the space is not of one fastText model.
  virtual bool EmbedAsFastText(absl::string_view /*sentence*/, float* /*out*/) const {
    return false;
  }
};

// Whether the space was made for `language` (BCP-47), as SameLanguage says.
bool Covers(const SentenceEmbedder& embedder, absl::string_view language);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_SENTENCE_EMBEDDER_H_
