// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/joined_embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

class JoinedEmbedderTest : public ::testing::Test {
 protected:
  JoinedEmbedderTest() {
    // Both have "taxi", with different vectors.
    parts_.push_back(std::make_unique<testing::TableEmbedder>(
        std::vector<std::string>{"cat", "taxi"}, std::vector<std::string>{"en"}));
    parts_.push_back(std::make_unique<testing::TableEmbedder>(
        std::vector<std::string>{"chat", "lait", "taxi"}, std::vector<std::string>{"fr", "ca"}));
    english_ = parts_[0].get();
    french_ = parts_[1].get();
    joined_ = std::make_unique<JoinedEmbedder>(std::move(parts_));
  }

  static std::vector<float> VectorOf(const SentenceEmbedder& embedder, absl::string_view word) {
    std::vector<float> vector(embedder.dimension(), 7);
    EXPECT_TRUE(embedder.EmbedWord(word, vector.data())) << word;
    return vector;
  }

  std::vector<std::unique_ptr<const SentenceEmbedder>> parts_;
  const SentenceEmbedder* english_;
  const SentenceEmbedder* french_;
  std::unique_ptr<const JoinedEmbedder> joined_;
};

TEST_F(JoinedEmbedderTest, HasTheLanguagesOfAllParts) {
  EXPECT_THAT(joined_->languages(), ElementsAre("en", "fr", "ca"));
  EXPECT_EQ(joined_->dimension(), english_->dimension());
}

TEST_F(JoinedEmbedderTest, ALanguageHasItsPart) {
  EXPECT_EQ(&joined_->ForLanguage("en"), english_);
  EXPECT_EQ(&joined_->ForLanguage("fr-CA"), french_);
  EXPECT_EQ(&joined_->ForLanguage("ca"), french_);
  EXPECT_EQ(&joined_->ForLanguage("vi"), joined_.get());
  EXPECT_EQ(&joined_->ForLanguage("und"), joined_.get());
}

TEST_F(JoinedEmbedderTest, AWordOfUnknownLanguageHasTheMean) {
  EXPECT_EQ(VectorOf(*joined_, "cat"), VectorOf(*english_, "cat"));
  EXPECT_EQ(VectorOf(*joined_, "lait"), VectorOf(*french_, "lait"));
  const std::vector<float> english = VectorOf(*english_, "taxi");
  const std::vector<float> french = VectorOf(*french_, "taxi");
  const std::vector<float> both = VectorOf(*joined_, "taxi");
  for (size_t k = 0; k < both.size(); ++k) EXPECT_FLOAT_EQ(both[k], (english[k] + french[k]) / 2);
}

TEST_F(JoinedEmbedderTest, AWordThatNoPartKnowsIsZero) {
  std::vector<float> vector(joined_->dimension(), 7);
  EXPECT_FALSE(joined_->EmbedWord("Katze", vector.data()));
  EXPECT_THAT(vector, Each(0));
}

TEST_F(JoinedEmbedderTest, FastTextsOwnVectorIsThatOfAPart) {
  std::vector<float> vector(joined_->dimension());
  EXPECT_FALSE(joined_->EmbedAsFastText("cat", vector.data()));
}

}  // namespace
}  // namespace hexapla
