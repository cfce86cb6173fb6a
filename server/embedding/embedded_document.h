// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_EMBEDDED_DOCUMENT_H_
#define HEXAPLA_SERVER_EMBEDDING_EMBEDDED_DOCUMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/embedding/embedding_matrix.h"
#include "server/embedding/sentence_embedder.h"
#include "server/text/tokenizer.h"

namespace hexapla {

// One language version as the aligner sees it: its words, its sentences made
// of them, and their vectors in the shared space.
//
// Memory: a vector per distinct word and per sentence, four bytes a token.
struct EmbeddedDocument {
  // A distinct word of the document.
  struct Word {
    std::string text;
    TokenKind kind;
    int sentences = 0;  // in how many sentences it stands
  };

  std::vector<Word> words;
  EmbeddingMatrix word_vectors;      // one a word, not normalised
  std::vector<int32_t> tokens;       // words of all sentences, in order
  std::vector<int32_t> token_begin;  // sentence -> its first token; one more at the end
  EmbeddingMatrix sentence_vectors;  // sums of their word vectors
  std::vector<int32_t> lengths;      // of sentences, in code points without spaces
  // How many sentences each sentence seems to hold, by its full stops and their
  // like: 2 for "It rained. We left."
  std::vector<int32_t> units;
  // Whether the break after each sentence seems to cut one in two: it ends
  // without a full stop or its like, or the next begins in lower case or with
  // a closing mark. 0 or 1.
  std::vector<uint8_t> cut_after;

  int size() const { return static_cast<int>(lengths.size()); }
  int tokens_of(int sentence) const { return token_begin[sentence + 1] - token_begin[sentence]; }
};

// Of a sentence of more tokens an evenly spread sample of so many stands for
// all: an alignment costs the product of its sentences' tokens.
inline constexpr size_t kSentenceTokensMax = 192;

// Embeds `sentences` (valid UTF-8); a blank one has no tokens and length 0.
// Cost: linear; a word is embedded once however often it occurs.
// Errors: as `stop` says.
absl::StatusOr<EmbeddedDocument> EmbedDocument(const std::vector<absl::string_view>& sentences,
                                               const SentenceEmbedder& embedder,
                                               const StopCondition& stop,
                                               Parallel& parallel = Parallel::None());

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_EMBEDDED_DOCUMENT_H_
