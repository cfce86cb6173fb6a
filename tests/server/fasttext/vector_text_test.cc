// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/vector_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/fasttext/model_reader.h"
#include "server/fasttext/subwords.h"
#include "tests/server/fasttext/trained_models.h"

namespace hexapla::fasttext {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kText[] = "3 2\nsea 1 -2\nland 0.5 3e1 \n海 4 5\n";

absl::StatusOr<std::unique_ptr<const Model>> ModelOf(const std::string& text) {
  return Model::FromBytes(text, "test.vec");
}

std::vector<float> VectorOf(const Model& model, absl::string_view word) {
  std::vector<float> vector(model.dim());
  EXPECT_TRUE(WordVector(model, word, vector.data())) << word;
  return vector;
}

void ExpectError(const std::string& text, absl::StatusCode code, const std::string& message) {
  const absl::Status status = ModelOf(text).status();
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("test.vec: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr(message));
}

TEST(VectorTextTest, WordsHaveTheirValues) {
  const auto model = ModelOf(kText);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->dim(), 2);
  EXPECT_EQ((*model)->dictionary().words_size(), 3);
  EXPECT_EQ((*model)->dictionary().labels_size(), 0);
  EXPECT_THAT(VectorOf(**model, "sea"), ElementsAre(1, -2));
  EXPECT_THAT(VectorOf(**model, "land"), ElementsAre(0.5, 30));
  EXPECT_THAT(VectorOf(**model, "海"), ElementsAre(4, 5));
  EXPECT_EQ((*model)->dictionary().FindWord("lake"), -1);
}

TEST(VectorTextTest, LineEndingsOfEverySortAreRead) {
  for (const std::string& text : {std::string("1 2\nsea 1 2"), std::string("1 2 \nsea 1 2 \n"),
                                  std::string("1 2\r\nsea 1 2\r\n")}) {
    const auto model = ModelOf(text);
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_THAT(VectorOf(**model, "sea"), ElementsAre(1, 2));
  }
}

TEST(VectorTextTest, AWordMayHoldSpaces) {
  const auto model = ModelOf("1 2\nnew york 1 2\n");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->dictionary().FindWord("new york"), 0);
}

TEST(VectorTextTest, TheLastOfTwoAlikeCounts) {
  const auto model = ModelOf("2 1\nsea 1\nsea 2\n");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(VectorOf(**model, "sea"), ElementsAre(2));
}

TEST(VectorTextTest, WhatIsTooSmallForAFloatIsZero) {
  const auto model = ModelOf("1 2\nsea 1e-60 -1\n");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(VectorOf(**model, "sea"), ElementsAre(0, -1));
}

TEST(VectorTextTest, NoWordsAreAModelToo) {
  const auto model = ModelOf("0 5\n");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->dictionary().words_size(), 0);
}

TEST(VectorTextTest, WhatIsNoHeaderIsNoVectorText) {
  EXPECT_TRUE(IsVectorText(kText));
  for (const char* bytes : {"", "3", "3 2", "three 2\n", "3 two\n", "3 2 1\n", "-3 2\n", " 3 2\n",
                            "sea 1 -2\nland 1 2\n"}) {
    EXPECT_FALSE(IsVectorText(bytes)) << bytes;
    EXPECT_EQ(ModelOf(bytes).ok(), false) << bytes;
  }
}

TEST(VectorTextTest, ErrorsNameTheLine) {
  constexpr auto kLoss = absl::StatusCode::kDataLoss;
  ExpectError("2 2\nsea 1 2\n", kLoss, "cut off: line 1 says 2 words, but 1 follow");
  ExpectError("1 2\nsea 1 2\nland 1 2\n", kLoss, "line 3: line 1 says 1 words, but more follow");
  ExpectError("1 3\nsea 1 2\n", kLoss, "line 2: has a word and 2 values, must have 3");
  ExpectError("1 2\n1 2\n", kLoss, "line 2: has a word and 1 values, must have 2");
  ExpectError("2 2\nsea 1 2\nland 1 x\n", kLoss, "line 3: value 2 of 2 is not a finite number");
  ExpectError("1 2\nsea nan 2\n", kLoss, "value 1 of 2 is not a finite number");
  ExpectError("1 2\nsea 1e60 2\n", kLoss, "value 1 of 2 is not a finite number");
  ExpectError("1 2\nsea 1  2\n", kLoss, "value 1 of 2 is not a finite number");
  ExpectError(std::string("1 2\ns\0a 1 2\n", 11), kLoss, "line 2: the word has a NUL");
  ExpectError("1 0\nsea\n", absl::StatusCode::kInvalidArgument,
              "line 1: the dimension is 0, must be 1 to 65536");
}

TEST(VectorTextTest, AHeaderThatPromisesTooMuchIsRefusedAtOnce) {
  const absl::Time start = absl::Now();
  ExpectError("2000000000 300\nsea 1\n", absl::StatusCode::kDataLoss,
              "line 1: says 2000000000 words of 300 values, but only 6 bytes follow");
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
}

TEST(VectorTextTest, EveryCutIsAnErrorOrAValue) {
  const std::string text = kText;
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_FALSE(ModelOf(text.substr(0, size)).ok()) << size;
  }
}

TEST(VectorTextTest, HasTheVectorsThatFastTextSaves) {
  const Recipe recipe = RecipeOf("Skipgram");
  const auto theirs = TheirModel(recipe);
  const std::string path = ScratchPath("saved.vec");
  // libfasttext's method is not const.
  const_cast<::fasttext::FastText&>(*theirs).saveVectors(path);
  const auto ours = Model::Read(path);
  ASSERT_TRUE(ours.ok()) << ours.status();
  ASSERT_EQ((*ours)->dictionary().words_size(), theirs->getDictionary()->nwords());
  ::fasttext::Vector expected(recipe.dim);
  for (int32_t i = 0; i < (*ours)->dictionary().words_size(); ++i) {
    const std::string word = theirs->getDictionary()->getWord(i);
    theirs->getWordVector(expected, word);
    const std::vector<float> vector = VectorOf(**ours, word);
    // Saved with five digits.
    for (int k = 0; k < recipe.dim; ++k) EXPECT_NEAR(vector[k], expected[k], 1e-4) << word;
  }
}

}  // namespace
}  // namespace hexapla::fasttext
