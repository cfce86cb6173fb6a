// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/fasttext_sentence_embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
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

std::unique_ptr<const SentenceEmbedder> OfText(const std::string& text, WordWeights weights) {
  const std::string path = fasttext::ScratchPath("words.vec");
  std::ofstream(path) << text;
  auto embedder = FasttextSentenceEmbedder::Create(path, {"en"}, 2, weights);
  EXPECT_TRUE(embedder.ok()) << embedder.status();
  return *std::move(embedder);
}

TEST(FasttextSentenceEmbedderTest, AVectorBeyondAllMeasureIsNone) {
  const std::string text = "3 2\nsound 0.5 0\nlong 3e30 4e30\nlonger 1e5 2e6\n";
  for (const WordWeights weights : {WordWeights::kLength, WordWeights::kFrequency}) {
    const auto embedder = OfText(text, weights);
    float vector[2] = {1, 1};
    EXPECT_TRUE(embedder->EmbedWord("sound", vector));
    EXPECT_FALSE(embedder->EmbedWord("long", vector));
    EXPECT_THAT(vector, Each(0));
    // By frequency, lengths do not count.
    EXPECT_EQ(embedder->EmbedWord("longer", vector), weights == WordWeights::kFrequency);
  }
}

TEST(FasttextSentenceEmbedderTest, ByFrequencyARareWordCountsMore) {
  std::string text = "1000 2\nthe 9 0\n";
  for (int i = 1; i < 1000; ++i) text += "w" + std::to_string(i) + " 0 " + std::to_string(i) + "\n";
  const auto by_length = OfText(text, WordWeights::kLength);
  const auto by_frequency = OfText(text, WordWeights::kFrequency);
  float vector[2];
  ASSERT_TRUE(by_length->EmbedWord("the", vector));
  EXPECT_THAT(vector, ElementsAre(9, 0));
  ASSERT_TRUE(by_frequency->EmbedWord("the", vector));
  // The first of 1,000 words is every seventh or eighth of a text.
  EXPECT_NEAR(vector[0], 0.001 / (0.001 + 1 / 7.485), 1e-5);
  float last = vector[0];
  for (const char* word : {"w1", "w10", "w100", "w999"}) {
    ASSERT_TRUE(by_frequency->EmbedWord(word, vector));
    EXPECT_EQ(vector[0], 0);
    EXPECT_GT(vector[1], last);
    last = vector[1];
  }
  EXPECT_GT(last, 0.8F);
  EXPECT_LT(last, 1);
}

TEST(FasttextSentenceEmbedderTest, ByFrequencyAWordWithoutLengthIsUnknown) {
  const auto embedder = OfText("2 2\nnil 0 0\nsea 1 0\n", WordWeights::kFrequency);
  float vector[2];
  EXPECT_FALSE(embedder->EmbedWord("nil", vector));
  EXPECT_FALSE(embedder->EmbedWord("unheard", vector));
}

TEST(FasttextSentenceEmbedderTest, ByFrequencyAWordOfNgramsAloneCountsOne) {
  const fasttext::Recipe recipe = fasttext::RecipeOf("Skipgram");
  const auto embedder = FasttextSentenceEmbedder::Create(fasttext::ModelFile(recipe), {"en"},
                                                         recipe.dim, WordWeights::kFrequency)
                            .value();
  std::vector<float> vector(recipe.dim);
  ASSERT_TRUE(embedder->EmbedWord("unheardofword", vector.data()));
  float square = 0;
  for (const float x : vector) square += x * x;
  EXPECT_NEAR(square, 1, 1e-5);
}

TEST(FasttextSentenceEmbedderTest, EmbedsASentenceAsFastTextDoes) {
  const fasttext::Recipe recipe = fasttext::RecipeOf("Skipgram");
  const auto embedder = Create("Skipgram", recipe.dim).value();
  const std::string line = fasttext::UnseenLines(1)[0];
  std::istringstream in(line + "\n");
  ::fasttext::Vector expected(recipe.dim);
  // libfasttext's method is not const.
  const_cast<::fasttext::FastText&>(*fasttext::TheirModel(recipe)).getSentenceVector(in, expected);
  std::vector<float> vector(recipe.dim);
  ASSERT_TRUE(embedder->EmbedAsFastText(line, vector.data()));
  for (int k = 0; k < recipe.dim; ++k) EXPECT_NEAR(vector[k], expected[k], 1e-5);
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
