// SPDX-License-Identifier: Apache-2.0
#include "training/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace hexapla::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RecipeTest, FieldsAreReadAndOthersStayAsTheyAre) {
  const auto recipe = ParseRecipe(R"({"comment": "a trial",
      "sources": [{"name": "tiny", "weight": 2.5, "rows_max": 7}, {"name": "more"}],
      "languages": ["en", "fr"], "dimension": 50, "scale": 9, "steps": 3})");
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  ASSERT_EQ(recipe->corpus.sources.size(), 2u);
  EXPECT_EQ(recipe->corpus.sources[0].name, "tiny");
  EXPECT_EQ(recipe->corpus.sources[0].weight, 2.5);
  EXPECT_EQ(recipe->corpus.sources[0].rows_max, 7u);
  EXPECT_EQ(recipe->corpus.sources[1].weight, 1);
  EXPECT_THAT(recipe->corpus.languages, ElementsAre("en", "fr"));
  EXPECT_THAT(recipe->corpus.always, IsEmpty());
  EXPECT_EQ(recipe->trainer.dimension, 50);
  EXPECT_EQ(recipe->trainer.scale_end, 9);
  EXPECT_EQ(recipe->sampler.batch, SamplerOptions().batch);
  EXPECT_EQ(recipe->steps, 3);
}

TEST(RecipeTest, ThoseOfTheTreeAreRight) {
  for (const std::string name : {"default", "small"}) {
    std::ifstream in("training/recipes/" + name + ".json");
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    EXPECT_TRUE(ParseRecipe(text).ok()) << name << ": " << ParseRecipe(text).status();
  }
}

TEST(RecipeTest, WhatIsWrongIsNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"("step": 3)", "step: no recipe has this field"},
      {R"("batch": 0)", "batch: must be 2 to 65536, not 0"},
      {R"("batch": 64.5)", "batch: must be a whole number, not 64.5"},
      {R"("dimension": "200")", "dimension: must be a whole number, not \"200\""},
      {R"("dimension": 0)", "dimension: must be 1 to 4096, not 0"},
      {R"("quantizer_part": 0)", "quantizer_part: must be 1 to 160, not 0"},
      {R"("dimension": 8, "quantizer_part": 9)", "quantizer_part: must be 1 to 8, not 9"},
      {R"("stride": 0)", "stride: must be 1 to "},
      {R"("bucket": 0)", "bucket: must be 1 to "},
      {R"("dictionary_weight": -1)", "dictionary_weight: must be 0 to "},
      {R"("mixed_share": 2)", "mixed_share: must be 0 to 1, not 2"},
      {R"("languages": "en")", "languages: must be a list of strings"},
      {R"("minn": 6)", "minn: must be at most maxn, 5, not 6"},
  };
  for (const auto& [field, error] : cases) {
    const auto recipe = ParseRecipe(R"({"sources": [{"name": "tiny"}], )" + field + "}");
    EXPECT_EQ(recipe.status().code(), absl::StatusCode::kInvalidArgument) << field;
    EXPECT_THAT(std::string(recipe.status().message()), HasSubstr(error));
  }
}

TEST(RecipeTest, SourcesMustBeThereAndRight) {
  for (const auto& [json, error] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "sources: must be a list of at least one source"},
           {R"({"sources": []})", "sources: must be a list"},
           {R"({"sources": [{"weight": 1}]})", "sources[0].name: is missing"},
           {R"({"sources": [{"name": "a", "wieght": 1}]})", "sources[0].wieght: no recipe has"},
           {R"({"sources": [{"name": "a", "weight": -1}]})", "sources[0].weight: must be 0 to"},
           {R"({"sources": ["a"]})", "sources[0].: must be an object, not string"},
           {"[1]", "must be"},
           {"{", "is not JSON"},
       }) {
    EXPECT_THAT(std::string(ParseRecipe(json).status().message()), HasSubstr(error)) << json;
  }
}

}  // namespace
}  // namespace hexapla::training
