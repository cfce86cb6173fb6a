// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/word_similarity.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::Embed;
using ::hexapla::testing::TableEmbedder;

const TableEmbedder& Space() {
  static const auto* const kSpace = new TableEmbedder({"cat chat", "milk lait"});
  return *kSpace;
}

// So many different words that no table of all pairs is kept.
std::vector<std::string> ManyWords(const std::string& first) {
  std::vector<std::string> sentences = {first};
  for (int s = 0; s < 50; ++s) {
    std::string sentence;
    for (int w = 0; w < 100; ++w) sentence += "w" + std::to_string(100 * s + w) + " ";
    sentences.push_back(sentence);
  }
  return sentences;
}

TEST(WordSimilarityTest, SpellingCountsMostNumbersNeverMixVectorsDecideTheRest) {
  const EmbeddedDocument source = Embed({"cat 7 Marlena"}, Space());
  const EmbeddedDocument target = Embed({"chat 8 Marlena lait 7"}, Space());
  WordSimilarity similarity(source, target, /*semantic=*/true);
  similarity.SetWindow(0, 1);
  EXPECT_EQ(similarity.Of(0)[0], 250);  // cat, chat
  EXPECT_LT(similarity.Of(0)[3], 150);  // cat, lait
  EXPECT_EQ(similarity.Of(1)[1], 0);    // 7, 8
  EXPECT_EQ(similarity.Of(1)[4], WordSimilarity::kIdentical);
  EXPECT_EQ(similarity.Of(2)[2], WordSimilarity::kIdentical);
}

TEST(WordSimilarityTest, WithoutVectorsOnlySpellingCounts) {
  const EmbeddedDocument source = Embed({"cat Marlena"}, Space());
  const EmbeddedDocument target = Embed({"chat Marlena"}, Space());
  WordSimilarity similarity(source, target, /*semantic=*/false);
  similarity.SetWindow(0, 1);
  EXPECT_EQ(similarity.Of(0)[0], 0);
  EXPECT_EQ(similarity.Of(1)[1], WordSimilarity::kIdentical);
}

TEST(WordSimilarityTest, LargeDocumentsGiveTheSameInsideTheWindow) {
  const EmbeddedDocument source = Embed(ManyWords("cat milk w7"), Space());
  const EmbeddedDocument target = Embed(ManyWords("lait w7 chat"), Space());
  ASSERT_GT(source.words.size() * target.words.size(), size_t{16} << 20);
  WordSimilarity similarity(source, target, /*semantic=*/true);
  similarity.SetWindow(0, 2);
  EXPECT_EQ(similarity.Of(0)[2], 250);  // cat, chat
  EXPECT_EQ(similarity.Of(1)[0], 250);  // milk, lait
  EXPECT_EQ(similarity.Of(2)[1], WordSimilarity::kIdentical);
  similarity.SetWindow(1, 3);
  EXPECT_EQ(similarity.Of(2)[1], WordSimilarity::kIdentical);  // w7 is also in sentence 1
}

}  // namespace
}  // namespace hexapla
