// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/scoring_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

ScoringWeights SomeWeights() {
  ScoringWeights weights;
  for (int i = 0; i < kBeadFeatures; ++i) weights.bead[i] = 0.25 * i - 1;
  for (const int i : kSketchTerms) weights.sketch[i] = 0.125 * i;
  for (int i = 0; i < kDocumentFeatures; ++i) weights.document[i] = -1.5 * i;
  weights.calibration_slope = 0.75;
  weights.calibration_intercept = -2e-3;
  return weights;
}

TEST(ScoringWeightsTest, WhatIsWrittenIsRead) {
  const ScoringWeights weights = SomeWeights();
  const absl::StatusOr<ScoringWeights> read = ScoringWeights::Parse(weights.ToText(), "w");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->bead, weights.bead);
  EXPECT_EQ(read->sketch, weights.sketch);
  EXPECT_EQ(read->document, weights.document);
  EXPECT_EQ(read->calibration_slope, weights.calibration_slope);
  EXPECT_EQ(read->calibration_intercept, weights.calibration_intercept);
}

TEST(ScoringWeightsTest, CommentsSpacesAndCarriageReturnsAreSkipped) {
  const std::string text = absl::StrReplaceAll(
      SomeWeights().ToText(),
      {{"\n", "\r\n"}, {"coverage_gain ", "  coverage_gain\t"}, {" 0.75", " 0.75 # ok"}});
  const absl::StatusOr<ScoringWeights> read =
      ScoringWeights::Parse(absl::StrCat("# first\n\n", text, "\n#last"), "w");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->calibration_slope, 0.75);
}

TEST(ScoringWeightsTest, ErrorsNameTheFileAndTheLine) {
  struct Case {
    const char* name;
    std::string text;
    std::string message;
  };
  const std::string good = SomeWeights().ToText();
  const std::vector<Case> cases = {
      {.name = "no value", .text = "cosine\n", .message = "w.txt:1: expected a name and a value"},
      {.name = "two values",
       .text = "# c\ncosine 1 2\n",
       .message = "w.txt:2: expected a name and a value"},
      {.name = "unknown",
       .text = "\n\ncosinus 1\n",
       .message = "w.txt:3: unknown or repeated name"},
      {.name = "repeated",
       .text = "cosine 1\ncosine 1\n",
       .message = "w.txt:2: unknown or repeated name"},
      {.name = "no number", .text = "cosine one\n", .message = "w.txt:1: the value is no finite"},
      {.name = "infinite", .text = "cosine inf\n", .message = "w.txt:1: the value is no finite"},
      {.name = "not a number",
       .text = "cosine nan\n",
       .message = "w.txt:1: the value is no finite"},
      {.name = "half a number", .text = "cosine 1,5\n", .message = "w.txt:1: the value is no"},
      {.name = "empty", .text = "", .message = "w.txt: semantic is missing"},
      {.name = "cut off",
       .text = good.substr(0, good.find("calibration_intercept")),
       .message = "w.txt: calibration_intercept is missing"},
  };
  for (const Case& c : cases) {
    const absl::Status status = ScoringWeights::Parse(c.text, "w.txt").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_THAT(std::string(status.message()), StartsWith(c.message)) << c.name;
  }
}

TEST(ScoringWeightsTest, AFileIsReadAndNamedInErrors) {
  const std::string path = ::testing::TempDir() + "/hexapla_weights_test.txt";
  std::ofstream(path) << SomeWeights().ToText();
  EXPECT_TRUE(ScoringWeights::Read(path).ok());
  std::ofstream(path, std::ios::app) << "surplus 1\n";
  EXPECT_THAT(std::string(ScoringWeights::Read(path).status().message()), HasSubstr(path));
  const absl::Status missing = ScoringWeights::Read("/nowhere/weights.txt").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("/nowhere/weights.txt"));
}

TEST(ScoringWeightsTest, EveryFeatureHasANameOfItsOwn) {
  std::set<std::string> names;
  for (int i = 0; i < kBeadFeatures; ++i) names.emplace(BeadFeatureName(i));
  for (int i = 0; i < kDocumentFeatures; ++i) names.emplace(DocumentFeatureName(i));
  EXPECT_EQ(names.size(), size_t{kBeadFeatures} + size_t{kDocumentFeatures});
  EXPECT_EQ(names.count(""), 0u);
  EXPECT_EQ(BeadFeatureName(kSemantic), "semantic");
  EXPECT_EQ(BeadFeatureName(kShape11), "shape_1_1");
  EXPECT_EQ(BeadFeatureName(kDeletionCoverage), "deletion_coverage");
  EXPECT_EQ(DocumentFeatureName(kDocumentIntercept), "document_intercept");
}

}  // namespace
}  // namespace hexapla
