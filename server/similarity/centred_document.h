// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_CENTRED_DOCUMENT_H_
#define HEXAPLA_SERVER_SIMILARITY_CENTRED_DOCUMENT_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/embedding/embedded_document.h"
#include "server/embedding/embedding_matrix.h"
#include "server/similarity/cosine.h"

namespace hexapla {

// Sentence vectors less the document's drift, as directions and lengths. Every
// document has a drift of its own (its subject, its language), so the mean word
// vector of the document, times the sentence's number of words, is taken off each
// sentence vector; of a short document only part of it, for there the mean is
// mostly signal.
//
// Memory: two bytes a number.
class CentredVectors {
 public:
  // `vectors`: one a sentence, sums over its tokens. Errors: as `stop` says.
  static absl::StatusOr<CentredVectors> Create(const EmbeddedDocument& document,
                                               const EmbeddingMatrix& vectors,
                                               const StopCondition& stop,
                                               Parallel& parallel = Parallel::None());

  int size() const { return static_cast<int>(lengths_.size()); }
  const UnitRows& directions() const { return directions_; }
  float length(int sentence) const { return lengths_[sentence]; }
  // Of two vectors of this document.
  float InnerProduct(int a, int b) const;

  // The directions of the sums of 2^level neighbours each: the document, more
  // coarsely. Made anew each time, since keeping all levels takes as much memory as
  // the sentences. Cost: an addition of vectors a sentence. Errors: as `stop` says.
  absl::StatusOr<UnitRows> Coarse(size_t level, const StopCondition& stop,
                                  Parallel& parallel = Parallel::None()) const;

 private:
  CentredVectors(size_t sentences, int dimension)
      : dimension_(dimension), directions_(sentences, dimension), lengths_(sentences) {}

  int dimension_;
  UnitRows directions_;
  std::vector<float> lengths_;
};

// A document with its vectors as the aligner uses them: the document's own
// sentence vectors are not looked at again, and may be released.
// Lifetime: borrows the document.
class CentredDocument {
 public:
  // Errors: as `stop` says.
  static absl::StatusOr<CentredDocument> Create(const EmbeddedDocument& document,
                                                const StopCondition& stop,
                                                Parallel& parallel = Parallel::None());
  // Implicit, for who has a document and aligns it once.
  CentredDocument(const EmbeddedDocument& document)  // NOLINT(google-explicit-constructor)
      : CentredDocument(*Create(document, StopCondition())) {}

  const EmbeddedDocument& document() const { return document_; }
  const CentredVectors& vectors() const { return vectors_; }

 private:
  CentredDocument(const EmbeddedDocument& document, CentredVectors vectors)
      : document_(document), vectors_(std::move(vectors)) {}

  const EmbeddedDocument& document_;
  CentredVectors vectors_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_CENTRED_DOCUMENT_H_
