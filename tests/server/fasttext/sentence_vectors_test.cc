// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/sentence_vectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/server/fasttext/trained_models.h"

namespace hexapla::fasttext {
namespace {

using ::testing::Each;

class SentenceVectorsTest : public testing::TestWithParam<Recipe> {};

TEST_P(SentenceVectorsTest, AreThoseOfLibfasttext) {
  const auto theirs = TheirModel(GetParam());
  const auto ours = SentenceVectors::Create(OurModel(GetParam())).value();
  SentenceVectors::Scratch scratch;
  ::fasttext::Vector expected(GetParam().dim);
  std::vector<float> vector(GetParam().dim);
  std::vector<std::string> lines = UnseenLines(50);
  lines.insert(lines.end(), {"", " ", "\t one  two ", "one"});
  for (const std::string& line : lines) {
    std::istringstream in(line + "\n");
    // libfasttext's method is not const.
    const_cast<::fasttext::FastText&>(*theirs).getSentenceVector(in, expected);
    ours->Embed(line, scratch, vector.data());
    for (int k = 0; k < GetParam().dim; ++k) ASSERT_NEAR(vector[k], expected[k], 1e-5) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(AllKinds, SentenceVectorsTest, testing::ValuesIn(AllRecipes()), NameOf);

TEST(SentenceVectorsOfTextTest, WordsWithoutVectorsAreLeftOut) {
  std::shared_ptr<const Model> model =
      Model::FromBytes("2 2\nsea 3 4\nnil 0 0\n", "test.vec").value();
  const auto vectors = SentenceVectors::Create(std::move(model)).value();
  SentenceVectors::Scratch scratch;
  std::vector<float> vector(2, 7);
  vectors->Embed("sea nil unheard sea", scratch, vector.data());
  EXPECT_FLOAT_EQ(vector[0], 0.6F);
  EXPECT_FLOAT_EQ(vector[1], 0.8F);
  vectors->Embed("nil unheard", scratch, vector.data());
  EXPECT_THAT(vector, Each(0));
}

}  // namespace
}  // namespace hexapla::fasttext
