// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_CENTRED_DOCUMENT_H_
#define HEXAPLA_SERVER_SIMILARITY_CENTRED_DOCUMENT_H_

#include <cstddef>
#include <vector>

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
  // `vectors`: one a sentence, sums over its tokens.
  CentredVectors(const EmbeddedDocument& document, const EmbeddingMatrix& vectors);

  int size() const { return static_cast<int>(lengths_.size()); }
  const UnitRows& directions() const { return directions_; }
  float length(int sentence) const { return lengths_[sentence]; }
  // Of two vectors of this document.
  float InnerProduct(int a, int b) const;

  // The directions of the sums of 2^level neighbours each: the document, more
  // coarsely. Made anew each time, since keeping all levels takes as much memory as
  // the sentences. Cost: an addition of vectors a sentence.
  UnitRows Coarse(size_t level) const;

 private:
  int dimension_;
  UnitRows directions_;
  std::vector<float> lengths_;
};

// A document with its vectors as the aligner uses them: the document's own
// sentence vectors are not looked at again, and may be released.
// Lifetime: borrows the document.
class CentredDocument {
 public:
  // Implicit, for who has a document and aligns it once.
  CentredDocument(const EmbeddedDocument& document)  // NOLINT(google-explicit-constructor)
      : document_(document), vectors_(document, document.sentence_vectors) {}

  const EmbeddedDocument& document() const { return document_; }
  const CentredVectors& vectors() const { return vectors_; }

 private:
  const EmbeddedDocument& document_;
  CentredVectors vectors_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_CENTRED_DOCUMENT_H_
