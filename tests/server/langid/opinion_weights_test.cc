// SPDX-License-Identifier: Apache-2.0
#include "server/langid/opinion_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

OpinionWeights Example() {
  OpinionWeights weights;
  weights.first_model = "wide";
  weights.second_model = "deep";
  weights.alone = {.letters = 32, .probability = 0.95f, .confidence = 0.99f};
  weights.certain = 0.97f;
  weights.models.first = {0, 1, 2, 3, 4, 5, 6};
  weights.models.biases = {{"en", 0.5f}, {"zh-Hant", -1.25f}};
  weights.everyone.vote.fill(2);
  weights.everyone.biases = {{"en", 0.75f}};
  return weights;
}

std::string ErrorOf(const std::string& text) {
  const auto weights = OpinionWeights::Parse(text, "file.txt");
  EXPECT_EQ(weights.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(weights.status().message());
}

TEST(OpinionWeightsTest, ATextIsReadAsItWasWritten) {
  const auto weights = OpinionWeights::Parse(Example().ToText(), "file.txt");
  ASSERT_TRUE(weights.ok()) << weights.status();
  EXPECT_EQ(weights->ToText(), Example().ToText());
  EXPECT_EQ(weights->first_model, "wide");
  EXPECT_EQ(weights->models.first[6], 6);
  EXPECT_EQ(weights->everyone.biases.at("en"), 0.75f);
}

TEST(OpinionWeightsTest, CommentsAndBlankLinesSayNothing) {
  const std::string text = absl::StrCat("# one\n\n", Example().ToText(), "\r\n  # two\n");
  EXPECT_TRUE(OpinionWeights::Parse(text, "file.txt").ok());
}

TEST(OpinionWeightsTest, WhatIsMissingIsNamed) {
  for (const std::string name :
       {"of", "certain", "alone letters", "models first", "everyone vote"}) {
    const std::string text =
        absl::StrReplaceAll(Example().ToText(), {{absl::StrCat("\n", name, " "), "\n# "}});
    EXPECT_EQ(ErrorOf(text), absl::StrCat("file.txt: ", name, " is missing"));
  }
}

TEST(OpinionWeightsTest, AWrongLineIsNamedByItsNumber) {
  struct Case {
    std::string line;
    std::string error;
  };
  const std::vector<Case> cases = {
      {"models third 1 2 3 4 5 6 7", "file.txt:1: the name is not known"},
      {"nobody bias en 1", "file.txt:1: the name is not known"},
      {"models", "file.txt:1: has too few words"},
      {"models bias", "file.txt:1: has too few words"},
      {"of one", "file.txt:1: must name two models"},
      {"models first 1 2 3 4 5 6", "file.txt:1: has 6 values; it must have 7"},
      {"models first 1 2 3 4 5 6 7 8", "file.txt:1: has 8 values; it must have 7"},
      {"certain", "file.txt:1: has 0 values; it must have 1"},
      {"certain nan", "file.txt:1: a value is not a finite number"},
      {"models bias en inf", "file.txt:1: a value is not a finite number"},
      {"certain 0.9x", "file.txt:1: a value is not a finite number"},
  };
  for (const Case& c : cases) EXPECT_EQ(ErrorOf(c.line + "\n"), c.error) << c.line;
}

TEST(OpinionWeightsTest, ANameMayNotBeThereTwice) {
  EXPECT_THAT(ErrorOf(Example().ToText() + "certain 1\n"), HasSubstr("the name is there twice"));
  EXPECT_THAT(ErrorOf(Example().ToText() + "models bias en 1\n"),
              HasSubstr("the name is there twice"));
}

TEST(OpinionWeightsTest, ErrorsOfReadingNameTheFile) {
  const auto weights = OpinionWeights::Read("no/such/file.txt");
  EXPECT_EQ(weights.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(weights.status().message()), HasSubstr("no/such/file.txt"));
}

TEST(OpinionWeightsTest, BytesThatAreNoTextAreRefused) {
  std::string bytes("\x0d\xfa\x2f\x2f\x00\x01\x02\xff", 8);
  ErrorOf(bytes);
  ErrorOf(std::string(1000, '\0'));
}

TEST(OpinionWeightsTest, ValuesBetweenKnotsAreInterpolatedOverTheLogarithm) {
  const OpinionWeights::Curve curve = {0, 1, 2, 3, 4, 5, 6};
  struct Case {
    uint32_t letters;
    float value;
  };
  for (const Case& c : std::vector<Case>{{0, 0},
                                         {1, 0},
                                         {2, 0},
                                         {4, 1},
                                         {6, 1.585f},
                                         {64, 5},
                                         {127, 5.989f},
                                         {128, 6},
                                         {9999, 6}}) {
    EXPECT_NEAR(OpinionWeights::At(curve, OpinionWeights::PlaceOf(c.letters)), c.value, 1e-3)
        << c.letters;
  }
}

TEST(OpinionWeightsTest, ACertaintyThatLeavesNothingToOthersIsRefused) {
  OpinionWeights weights = OpinionWeights::Read("models/hexapla-identifier.txt").value();
  for (const float confidence : {1.0F, 1.5F, -0.1F}) {
    weights.alone.confidence = confidence;
    EXPECT_FALSE(OpinionWeights::Parse(weights.ToText(), "file.txt").ok()) << confidence;
  }
}

}  // namespace
}  // namespace hexapla
