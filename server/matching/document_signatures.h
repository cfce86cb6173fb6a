// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MATCHING_DOCUMENT_SIGNATURES_H_
#define HEXAPLA_SERVER_MATCHING_DOCUMENT_SIGNATURES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "server/base/stop_condition.h"
#include "server/embedding/embedding_matrix.h"
#include "server/embedding/sentence_embedder.h"
#include "server/matching/heap_document.h"

namespace hexapla {

// What a document is about, small enough to be compared with all others.
struct DocumentSignatures {
  // A row a document, of length 1: the vectors of its words weighted by rarity
  // in its language, without what its language and the heap have in common. A
  // row of zeros where the space does not cover the language.
  EmbeddingMatrix vectors;
  // Documents -> their tellers: words that this heap holds in a few documents
  // of at least two languages, as numbers and names are. Sorted by word.
  struct Teller {
    int32_t word = 0;
    float weight = 0;  // such that the squares of a document's weights sum to 1
  };
  std::vector<std::vector<Teller>> tellers;
};

// Cost: linear in the words; every distinct word is embedded once, and no
// vector of a word is kept.
// Errors: as `stop` says.
absl::StatusOr<DocumentSignatures> ComputeSignatures(const std::vector<HeapDocument>& documents,
                                                     const HeapVocabulary& vocabulary,
                                                     const SentenceEmbedder& embedder,
                                                     const StopCondition& stop);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MATCHING_DOCUMENT_SIGNATURES_H_
