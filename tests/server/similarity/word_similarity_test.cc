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

using Bytes = std::vector<uint8_t>;

// The covers of a source sentence and of target sentences [begin, end).
struct Covers {
  Bytes forth;
  Bytes back;
};

Covers CoversOf(const WordSimilarity& similarity, const EmbeddedDocument& source,
                const EmbeddedDocument& target, int sentence, int begin, int end) {
  Covers covers{Bytes(source.tokens_of(sentence) * (end - begin)),
                Bytes(target.token_begin[end] - target.token_begin[begin])};
  WordSimilarity::Scratch scratch(similarity);
  similarity.Cover(sentence, begin, end, covers.forth.data(), covers.back.data(), scratch);
  return covers;
}

TEST(WordSimilarityTest, SpellingCountsMostNumbersNeverMixVectorsDecideTheRest) {
  const EmbeddedDocument source = Embed({"cat 7 Marlena", "cat", "7"}, Space());
  const EmbeddedDocument target = Embed({"chat 8 Marlena lait 7", "lait", "8"}, Space());
  const WordSimilarity similarity(source, target, /*semantic=*/true);
  const Covers all = CoversOf(similarity, source, target, 0, 0, 1);
  EXPECT_EQ(all.forth, Bytes({250, 255, 255}));
  EXPECT_EQ(all.back[0], 250);  // cat, chat
  EXPECT_EQ(all.back[2], WordSimilarity::kIdentical);
  EXPECT_LT(all.back[3], 150);  // lait
  EXPECT_EQ(all.back[4], WordSimilarity::kIdentical);
  EXPECT_LT(CoversOf(similarity, source, target, 1, 1, 2).forth[0], 150);      // cat, lait
  EXPECT_EQ(CoversOf(similarity, source, target, 2, 2, 3).forth, Bytes({0}));  // 7, 8
}

TEST(WordSimilarityTest, WithoutVectorsOnlySpellingCounts) {
  const EmbeddedDocument source = Embed({"cat Marlena"}, Space());
  const EmbeddedDocument target = Embed({"chat Marlena"}, Space());
  const WordSimilarity similarity(source, target, /*semantic=*/false);
  const Covers covers = CoversOf(similarity, source, target, 0, 0, 1);
  EXPECT_EQ(covers.forth, Bytes({0, WordSimilarity::kIdentical}));
  EXPECT_EQ(covers.back, Bytes({0, WordSimilarity::kIdentical}));
}

TEST(WordSimilarityTest, EachSentenceOfTheWindowHasItsOwnCover) {
  const EmbeddedDocument source = Embed({"cat milk w7"}, Space());
  const EmbeddedDocument target = Embed({"", "chat chat", "w7", "lait"}, Space());
  const WordSimilarity similarity(source, target, /*semantic=*/true);
  const Covers covers = CoversOf(similarity, source, target, 0, 0, 4);
  const auto of = [&](int column, int token) { return covers.forth[column * 3 + token]; };
  EXPECT_EQ(of(0, 0), 0);  // a blank sentence covers nothing
  EXPECT_EQ(of(1, 0), 250);
  EXPECT_EQ(of(2, 2), WordSimilarity::kIdentical);
  EXPECT_EQ(of(3, 1), 250);
  EXPECT_LT(of(1, 2), 150);
  EXPECT_EQ(covers.back, Bytes({250, 250, WordSimilarity::kIdentical, 250}));
}

// Sentences longer than what is compared at once.
TEST(WordSimilarityTest, LongSentencesOfLargeDocumentsGiveTheSame) {
  const EmbeddedDocument source = Embed(ManyWords("cat milk w7"), Space());
  const EmbeddedDocument target = Embed(ManyWords("lait w7 chat"), Space());
  const WordSimilarity similarity(source, target, /*semantic=*/true);
  const Covers first = CoversOf(similarity, source, target, 0, 0, 2);
  EXPECT_EQ(Bytes(first.forth.begin(), first.forth.begin() + 3),
            Bytes({250, 250, WordSimilarity::kIdentical}));
  EXPECT_EQ(first.forth[5], WordSimilarity::kIdentical);  // w7 is also in sentence 1
  EXPECT_EQ(first.back[3 + 7], WordSimilarity::kIdentical);
  const Covers second = CoversOf(similarity, source, target, 2, 1, 4);
  for (int token = 0; token < 100; ++token) {
    EXPECT_LT(second.forth[token], WordSimilarity::kIdentical);
    EXPECT_EQ(second.forth[100 + token], WordSimilarity::kIdentical);
    EXPECT_EQ(second.back[100 + token], WordSimilarity::kIdentical);
  }
}

}  // namespace
}  // namespace hexapla
