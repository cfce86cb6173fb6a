// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/fasttext_sentence_embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/server/fasttext/trained_models.h"

namespace hexapla {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> Create(const std::string& recipe,
                                                               int dimension) {
  return FasttextSentenceEmbedder::Create(fasttext::ModelFile(fasttext::RecipeOf(recipe)),
                                          {"en", "ru"}, dimension);
}

TEST(FasttextSentenceEmbedderTest, VectorsAreThoseOfLibfasttext) {
  for (const char* name : {"Skipgram", "Wide", "QuantizedFours", "Pruned", "WordsOnly"}) {
    SCOPED_TRACE(name);
    const fasttext::Recipe recipe = fasttext::RecipeOf(name);
    const auto embedder = Create(name, recipe.dim);
    ASSERT_TRUE(embedder.ok()) << embedder.status();
    const auto theirs = fasttext::TheirModel(recipe);
    ::fasttext::Vector expected(recipe.dim);
    std::vector<float> vector(recipe.dim);
    for (const std::string& word : fasttext::SomeWords()) {
      theirs->getWordVector(expected, word);
      (*embedder)->EmbedWord(word, vector.data());
      for (int k = 0; k < recipe.dim; ++k) EXPECT_NEAR(vector[k], expected[k], 1e-5) << word;
    }
  }
}

TEST(FasttextSentenceEmbedderTest, AnUnknownWordIsToldAndZero) {
  const auto embedder = Create("WordsOnly", 16);
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  std::vector<float> vector(16, 1);
  EXPECT_FALSE((*embedder)->EmbedWord("unheard", vector.data()));
  EXPECT_THAT(vector, Each(0));
  EXPECT_TRUE((*embedder)->EmbedWord("</s>", vector.data()));
}

TEST(FasttextSentenceEmbedderTest, KnowsItsDimensionAndLanguages) {
  const auto embedder = Create("Wide", 300);
  ASSERT_TRUE(embedder.ok()) << embedder.status();
  EXPECT_EQ((*embedder)->dimension(), 300);
  EXPECT_THAT((*embedder)->languages(), ElementsAre("en", "ru"));
}

TEST(FasttextSentenceEmbedderTest, AnotherDimensionThanExpectedIsAnError) {
  const auto embedder = Create("Wide", 160);
  EXPECT_EQ(embedder.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(embedder.status().message()),
              HasSubstr("its vectors have dimension 300, not 160"));
}

TEST(FasttextSentenceEmbedderTest, AFileThatIsNoModelIsAnError) {
  const std::string path = ::testing::TempDir() + "/hexapla_no_model";
  std::ofstream(path) << "no model at all";
  EXPECT_EQ(FasttextSentenceEmbedder::Create(path, {}, 16).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FasttextSentenceEmbedder::Create("/nowhere/at/all", {}, 16).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace hexapla
