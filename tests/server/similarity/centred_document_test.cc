// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/centred_document.h"

#include <gtest/gtest.h>

#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::Embed;
using ::hexapla::testing::TableEmbedder;

TEST(CentredDocumentTest, TheDocumentsOwnVectorsAreNoLongerNeeded) {
  const TableEmbedder space({"cat chat", "milk lait"});
  EmbeddedDocument document = Embed({"cat milk", "cat", "", "milk milk", "cat milk"}, space);
  const CentredDocument centred(document);
  document.sentence_vectors = EmbeddingMatrix();
  const CentredVectors& vectors = centred.vectors();
  EXPECT_EQ(&centred.document(), &document);
  ASSERT_EQ(vectors.size(), 5);
  EXPECT_EQ(vectors.length(2), 0);  // blank
  EXPECT_EQ(vectors.InnerProduct(1, 2), 0);
  for (int s = 0; s < vectors.size(); ++s) {
    const float square = vectors.length(s) * vectors.length(s);
    EXPECT_NEAR(vectors.InnerProduct(s, s), square, 1e-3 * square);
  }
  EXPECT_EQ(vectors.InnerProduct(0, 1), vectors.InnerProduct(4, 1));
}

TEST(CentredDocumentTest, CoarseDirectionsAreThoseOfTheSums) {
  const TableEmbedder space({"cat chat", "milk lait"});
  const EmbeddedDocument pairs = Embed({"cat", "milk", "milk", "cat", "cat"}, space);
  const CentredVectors vectors =
      CentredVectors::Create(pairs, pairs.sentence_vectors, StopCondition()).value();
  const UnitRows coarse = vectors.Coarse(1, StopCondition()).value();
  ASSERT_EQ(coarse.rows(), 3u);
  // "cat milk" and "milk cat" are the same, a rest stands alone.
  float cosine;
  UnitRows::Cosines(coarse, 0, coarse, 1, 2, &cosine);
  EXPECT_NEAR(cosine, 1, 1e-3);
  UnitRows::Cosines(coarse, 2, vectors.directions(), 4, 5, &cosine);
  EXPECT_NEAR(cosine, 1, 1e-3);
  EXPECT_EQ(vectors.Coarse(2, StopCondition()).value().rows(), 2u);
  EXPECT_EQ(vectors.Coarse(3, StopCondition()).value().rows(), 1u);
}

}  // namespace
}  // namespace hexapla
