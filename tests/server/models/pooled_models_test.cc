// SPDX-License-Identifier: Apache-2.0
//
// A manifest whose default identifier is made of two others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "server/langid/opinion_weights.h"
#include "server/models/model_set.h"
#include "server/models/sha256.h"
#include "tests/server/models/model_directory.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class PooledModelsTest : public testing::Test {
 protected:
  PooledModelsTest() {
    directory_.WriteFile("second.bin", directory_.ReadFile("lid.bin"));
    OpinionWeights weights;
    weights.first_model = "identifier";
    weights.second_model = "second";
    weights.models.first.fill(0.5f);
    weights.models.second.fill(0.5f);
    weights.everyone = weights.models;
    WritePool(weights.ToText());
  }

  void WritePool(const std::string& text) {
    directory_.WriteFile("pool.txt", text);
    nlohmann::json& models = directory_.manifest()["models"];
    while (models.size() > 3) models.erase(models.size() - 1);
    const nlohmann::json identifier = directory_.Entry("identifier");
    for (const auto& [name, file] :
         {std::pair("second", "second.bin"), std::pair("pool", "pool.txt")}) {
      nlohmann::json entry = identifier;
      const std::string content = directory_.ReadFile(file);
      entry["name"] = name;
      entry["file"] = file;
      entry["size"] = content.size();
      entry["sha256"] = *Sha256HexOfFile(directory_.PathOf(file));
      models.push_back(entry);
    }
    directory_.WriteManifest();
  }

  std::string LoadError(absl::StatusCode code) {
    const auto models = ModelSet::Load(directory_.path());
    EXPECT_EQ(models.status().code(), code) << models.status();
    return std::string(models.status().message());
  }

  ModelDirectory directory_;
};

TEST_F(PooledModelsTest, APoolIsAnIdentifierBesideItsParts) {
  const auto models = ModelSet::Load(directory_.path());
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_THAT((*models)->info(), SizeIs(5));
  for (const char* name : {"identifier", "second", "pool"}) {
    const ModelInfo* info = (*models)->FindByName(name);
    ASSERT_NE(info, nullptr);
    EXPECT_THAT(info->languages, ElementsAre("en", "fr"));
    const LanguageIdentifier& identifier = (*models)->identifier(*info);
    EXPECT_THAT(identifier.Identify("the kettle is on the stove", {}).guesses, SizeIs(1));
  }
}

TEST_F(PooledModelsTest, TheFirstIdentifierIsTheDefault) {
  nlohmann::json& models = directory_.manifest()["models"];
  const nlohmann::json pool = models[4];
  models.erase(4);
  models.insert(models.begin(), pool);
  directory_.WriteManifest();
  const auto set = ModelSet::Load(directory_.path());
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ((*set)->FindByKind(ModelKind::kLanguageIdentifier)->name, "pool");
  EXPECT_EQ(&(*set)->identifier(), &(*set)->identifier(*(*set)->FindByName("pool")));
  EXPECT_NE(&(*set)->identifier(), &(*set)->identifier(*(*set)->FindByName("identifier")));
}

TEST_F(PooledModelsTest, APartThatTheManifestDoesNotHaveIsNamed) {
  OpinionWeights weights;
  weights.first_model = "identifier";
  weights.second_model = "nobody";
  WritePool(weights.ToText());
  EXPECT_THAT(LoadError(absl::StatusCode::kFailedPrecondition), HasSubstr("is of nobody"));
  // Nor may it be of itself.
  weights.second_model = "pool";
  WritePool(weights.ToText());
  EXPECT_THAT(LoadError(absl::StatusCode::kFailedPrecondition), HasSubstr("is of pool"));
}

TEST_F(PooledModelsTest, DamagedWeightsAreRefused) {
  WritePool("models first 1 2 3\n");
  EXPECT_THAT(LoadError(absl::StatusCode::kInvalidArgument), HasSubstr("pool.txt:1: has 3 values"));
  directory_.WriteFile("pool.txt", "models first 1 2 4\n");
  EXPECT_THAT(LoadError(absl::StatusCode::kDataLoss), HasSubstr("pool.txt"));
}

TEST_F(PooledModelsTest, ADamagedOrMissingPartIsRefused) {
  std::string content = directory_.ReadFile("second.bin");
  content[content.size() / 2] ^= 1;
  directory_.WriteFile("second.bin", content);
  EXPECT_THAT(LoadError(absl::StatusCode::kDataLoss), HasSubstr("second.bin"));
  std::filesystem::remove(directory_.PathOf("second.bin"));
  EXPECT_THAT(LoadError(absl::StatusCode::kNotFound), HasSubstr("second.bin"));
}

}  // namespace
}  // namespace hexapla
