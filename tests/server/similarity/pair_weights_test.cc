// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/pair_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

PairWeights SomeWeights() {
  PairWeights weights;
  for (int i = 0; i < kSentencePairFeatures; ++i) {
    weights.semantic[i] = 0.25 * i - 1;
    weights.plain[i] = -0.5 * i;
  }
  weights.lengths = {{"en", 0}, {"fr", 0.125}, {"zh", -1}};
  return weights;
}

TEST(PairWeightsTest, WhatIsWrittenIsRead) {
  const PairWeights weights = SomeWeights();
  const absl::StatusOr<PairWeights> read = PairWeights::Parse(weights.ToText(), "w");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->semantic, weights.semantic);
  EXPECT_EQ(read->plain, weights.plain);
  EXPECT_EQ(read->lengths, weights.lengths);
}

TEST(PairWeightsTest, LengthsHoldForAllFormsOfALanguage) {
  const PairWeights weights = SomeWeights();
  EXPECT_EQ(weights.LogLengthRatio("en", "fr"), 0.125);
  EXPECT_EQ(weights.LogLengthRatio("fr-CA", "zh-Hant"), -1.125);
  EXPECT_EQ(weights.LogLengthRatio("en", "und"), 0);
  EXPECT_EQ(weights.LogLengthRatio("sw", "fr"), 0);
}

TEST(PairWeightsTest, ErrorsNameTheFileAndTheLine) {
  const std::string good = SomeWeights().ToText();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"semantic.cosine\n", "w.txt:1: expected a name and a value"},
      {"# c\nsemantic.cosine x\n", "w.txt:2: the value is no finite number"},
      {"semantic.cosine nan\n", "w.txt:1: the value is no finite number"},
      {"cosine 1\n", "w.txt:1: unknown or repeated name"},
      {absl::StrCat(good, "plain.cosine 1\n"), "unknown or repeated name"},
      {absl::StrCat(good, "length.x_ 1\n"), "no language tag"},
      {absl::StrCat(good, "length.fr 1\n"), "a repeated language"},
      {absl::StrReplaceAll(good, {{"plain.intercept", "# "}}), "w.txt: plain.intercept is missing"},
  };
  for (const auto& [text, message] : cases) {
    const absl::Status status = PairWeights::Parse(text, "w.txt").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
  EXPECT_TRUE(absl::IsNotFound(PairWeights::Read("/no such file").status()));
}

TEST(PairWeightsTest, ShippedWeightsAreRead) {
  const absl::StatusOr<PairWeights> read = PairWeights::Read("models/pair-weights.txt");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_LT(read->LogLengthRatio("en", "zh"), -0.5);
}

}  // namespace
}  // namespace hexapla
