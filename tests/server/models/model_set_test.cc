// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_set.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/server/models/model_directory.h"

namespace hexapla {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class ModelSetTest : public testing::Test {
 protected:
  // The message of the error that loading gives, after a look at its code.
  std::string LoadError(absl::StatusCode code) {
    const auto models = ModelSet::Load(directory_.path());
    EXPECT_EQ(models.status().code(), code) << models.status();
    std::string message(models.status().message());
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message;
  }

  ModelDirectory directory_;
};

TEST_F(ModelSetTest, LoadsOneModelOfEachKind) {
  const auto models = ModelSet::Load(directory_.path());
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_THAT((*models)->info(), SizeIs(3));
  EXPECT_EQ((*models)->embedder().dimension(), 8);
  EXPECT_THAT((*models)->embedder().languages(), ElementsAre("en", "fr"));
  EXPECT_THAT((*models)->identifier().Identify("the kettle is on the stove", {}).guesses,
              SizeIs(1));
  EXPECT_EQ((*models)->weights().ToText(), ScoringWeights().ToText());
}

TEST_F(ModelSetTest, FindsWhatItsManifestDescribes) {
  const auto models = ModelSet::Load(directory_.path());
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_EQ((*models)->FindByName("weights")->file, "weights.txt");
  EXPECT_EQ((*models)->FindByName("nobody"), nullptr);
  EXPECT_EQ((*models)->FindByKind(ModelKind::kLanguageIdentifier)->name, "identifier");
}

TEST_F(ModelSetTest, LanguagesAreInCanonicalForm) {
  directory_.Entry("space")["languages"] = {"EN", "tl", "pt-br"};
  directory_.WriteManifest();
  const auto models = ModelSet::Load(directory_.path());
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_THAT((*models)->FindByName("space")->languages, ElementsAre("en", "fil", "pt-BR"));
  EXPECT_THAT((*models)->embedder().languages(), ElementsAre("en", "fil", "pt-BR"));
}

TEST_F(ModelSetTest, ALanguageThatIsNoTagIsNamed) {
  for (const std::string tag : {" fr", "e n", "english and french"}) {
    directory_.Entry("space")["languages"] = {"en", tag};
    directory_.WriteManifest();
    EXPECT_THAT(LoadError(absl::StatusCode::kInvalidArgument),
                HasSubstr(absl::StrCat("space: languages: \"", tag, "\" is no BCP-47 tag")));
  }
}

TEST_F(ModelSetTest, AnIdentifierHasTheLanguagesOfItsLabelsUnlessTheManifestSays) {
  const auto models = ModelSet::Load(directory_.path());
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_THAT((*models)->FindByName("identifier")->languages, ElementsAre("en", "fr"));
  EXPECT_THAT((*models)->FindByName("weights")->languages, ElementsAre());
  directory_.Entry("identifier")["languages"] = {"fr"};
  directory_.WriteManifest();
  const auto again = ModelSet::Load(directory_.path());
  EXPECT_THAT((*again)->FindByName("identifier")->languages, ElementsAre("fr"));
}

TEST_F(ModelSetTest, AMissingFileIsNamed) {
  for (const char* file : {"space.bin", "lid.bin", "weights.txt"}) {
    const std::string content = directory_.ReadFile(file);
    fs::remove(directory_.PathOf(file));
    EXPECT_THAT(LoadError(absl::StatusCode::kNotFound), HasSubstr(directory_.PathOf(file)));
    directory_.WriteFile(file, content);
  }
}

TEST_F(ModelSetTest, AMissingIdentifierComesWithTheCommandThatFetchesIt) {
  fs::remove(directory_.PathOf("lid.bin"));
  EXPECT_THAT(LoadError(absl::StatusCode::kNotFound), HasSubstr("deploy/fetch-language-model"));
}

TEST_F(ModelSetTest, AFolderIsNoModelFile) {
  fs::remove(directory_.PathOf("space.bin"));
  fs::create_directory(directory_.PathOf("space.bin"));
  LoadError(absl::StatusCode::kNotFound);
}

TEST_F(ModelSetTest, ACutFileIsRefusedByItsSize) {
  for (const size_t size : {0, 20, 100, 500}) {
    const std::string content = directory_.ReadFile("lid.bin");
    directory_.WriteFile("lid.bin", content.substr(0, size));
    EXPECT_THAT(LoadError(absl::StatusCode::kDataLoss),
                HasSubstr("it has " + std::to_string(size) + " bytes; the manifest says " +
                          std::to_string(content.size())));
    directory_.WriteFile("lid.bin", content);
  }
}

TEST_F(ModelSetTest, AChangedByteIsRefusedByItsDigest) {
  std::string content = directory_.ReadFile("space.bin");
  content[content.size() / 2] ^= 1;
  directory_.WriteFile("space.bin", content);
  const std::string message = LoadError(absl::StatusCode::kDataLoss);
  EXPECT_THAT(message, HasSubstr(directory_.PathOf("space.bin") + ": is damaged: its SHA-256"));
  EXPECT_THAT(message, HasSubstr(directory_.Entry("space")["sha256"].get<std::string>()));
}

TEST_F(ModelSetTest, AFileThatIsNoModelIsRefusedByItsReader) {
  // The manifest vouches for the weights file as if it were a fastText model.
  for (const char* field : {"file", "size", "sha256"}) {
    directory_.Entry("space")[field] = directory_.Entry("weights")[field];
  }
  directory_.WriteManifest();
  const auto models = ModelSet::Load(directory_.path());
  EXPECT_FALSE(models.ok());
  EXPECT_THAT(std::string(models.status().message()), HasSubstr("weights.txt"));
}

TEST_F(ModelSetTest, ADimensionThatTheFileDoesNotHaveIsRefused) {
  directory_.Entry("space")["dimension"] = 9;
  directory_.WriteManifest();
  EXPECT_THAT(LoadError(absl::StatusCode::kInvalidArgument), HasSubstr("space.bin"));
}

TEST_F(ModelSetTest, EachKindIsThereOnce) {
  nlohmann::json& models = directory_.manifest()["models"];
  nlohmann::json second = directory_.Entry("weights");
  second["name"] = "another";
  models.push_back(second);
  directory_.WriteManifest();
  EXPECT_THAT(LoadError(absl::StatusCode::kFailedPrecondition),
              HasSubstr("weights and another are both of kind bead-weights"));
  models.erase(3);
  models.erase(2);
  directory_.WriteManifest();
  EXPECT_THAT(LoadError(absl::StatusCode::kFailedPrecondition),
              HasSubstr("there is no model of kind bead-weights"));
}

TEST_F(ModelSetTest, SeveralEmbeddingsAreOneSpace) {
  directory_.AddVectors("german", "2 8\nHaus 2 0 0 0 0 0 0 0\nund 0 3 0 0 0 0 0 0\n", {"de"});
  directory_.Entry("german")["word_weights"] = "frequency";
  directory_.WriteManifest();
  const auto loaded = ModelSet::Load(directory_.path());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const SentenceEmbedder& space = (*loaded)->embedder();
  EXPECT_THAT(space.languages(), ElementsAre("en", "fr", "de"));
  std::vector<float> haus(8);
  ASSERT_TRUE(space.ForLanguage("de-AT").EmbedWord("Haus", haus.data()));
  EXPECT_GT(haus[0], 0);
  EXPECT_LT(haus[0], 1);
  EXPECT_FALSE(space.ForLanguage("de").EmbedWord("kettle", haus.data()));
  EXPECT_TRUE(space.ForLanguage("en").EmbedWord("kettle", haus.data()));
}

TEST_F(ModelSetTest, AllFilesOfASpaceServeTogetherAndTheFirstOfOtherKinds) {
  directory_.AddVectors("german", "1 8\nHaus 2 0 0 0 0 0 0 0\n", {"de"});
  directory_.WriteManifest();
  const auto loaded = ModelSet::Load(directory_.path());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  std::vector<std::string> names;
  for (const ModelInfo* info :
       (*loaded)->DefaultsOf({ModelKind::kLanguageIdentifier, ModelKind::kEmbedding})) {
    EXPECT_TRUE((*loaded)->IsDefault(*info)) << info->name;
    names.push_back(info->name);
  }
  EXPECT_THAT(names, ElementsAre("identifier", "space", "german"));
}

TEST_F(ModelSetTest, EmbeddingsThatAreNoOneSpaceAreRefused) {
  directory_.AddVectors("german", "1 3\nHaus 2 0 0\n", {"de"});
  directory_.WriteManifest();
  EXPECT_THAT(LoadError(absl::StatusCode::kFailedPrecondition),
              HasSubstr("space and german are one space, but their dimensions are 8 and 3"));
  directory_.AddVectors("french", "1 8\nmaison 2 0 0 0 0 0 0 0\n", {"de", "fr-CA"});
  directory_.manifest()["models"].erase(3);
  directory_.WriteManifest();
  EXPECT_THAT(LoadError(absl::StatusCode::kFailedPrecondition),
              HasSubstr("space and french are one space, but both have the language fr-CA"));
}

TEST_F(ModelSetTest, ADamagedSecondEmbeddingIsRefusedToo) {
  directory_.AddVectors("german", "1 8\nHaus 2 0 0 0 0 0 0 0\n", {"de"});
  directory_.WriteManifest();
  directory_.WriteFile("german.vec", "1 8\nHaus 2 0 0 0 0 0 0 1\n");
  EXPECT_THAT(LoadError(absl::StatusCode::kDataLoss), HasSubstr("german.vec: is damaged"));
}

TEST_F(ModelSetTest, OfSeveralIdentifiersTheFirstIsTheDefault) {
  nlohmann::json& models = directory_.manifest()["models"];
  nlohmann::json second = directory_.Entry("identifier");
  second["name"] = "another";
  second["languages"] = {"fr"};
  models.push_back(second);
  directory_.WriteManifest();
  const auto loaded = ModelSet::Load(directory_.path());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const ModelSet& set = **loaded;
  EXPECT_EQ(set.FindByKind(ModelKind::kLanguageIdentifier)->name, "identifier");
  EXPECT_EQ(&set.identifier(*set.FindByName("identifier")), &set.identifier());
  EXPECT_NE(&set.identifier(*set.FindByName("another")), &set.identifier());
  EXPECT_THAT(set.FindByName("identifier")->languages, ElementsAre("en", "fr"));
  EXPECT_THAT(set.FindByName("another")->languages, ElementsAre("fr"));
}

TEST_F(ModelSetTest, ADamagedSecondIdentifierIsRefusedToo) {
  nlohmann::json second = directory_.Entry("identifier");
  second["name"] = "another";
  second["sha256"] = std::string(64, '0');
  directory_.manifest()["models"].push_back(second);
  directory_.WriteManifest();
  EXPECT_THAT(LoadError(absl::StatusCode::kDataLoss), HasSubstr("is damaged"));
}

TEST_F(ModelSetTest, ADirectoryWithoutManifestIsAnError) {
  EXPECT_EQ(ModelSet::Load("/nowhere/models").status().message(),
            "/nowhere/models/manifest.json: cannot be opened");
}

TEST_F(ModelSetTest, AReplacedSetLivesAsLongAsSomebodyHoldsIt) {
  CurrentModels current(*ModelSet::Load(directory_.path()));
  const auto held = current.Get();
  current.Replace(*ModelSet::Load(directory_.path()));
  EXPECT_NE(current.Get(), held);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(held->embedder().dimension(), 8);
}

class FindModelDirectoryTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(root_); }
  void TearDown() override { fs::remove_all(root_); }
  void MakeManifest(const fs::path& folder) {
    fs::create_directories(folder);
    std::ofstream(folder / "manifest.json") << "{}";
  }

  const fs::path root_ = fs::path(testing::TempDir()) / "hexapla_find_test";
};

TEST_F(FindModelDirectoryTest, AProgramInItsBuildFolderFindsTheSourceTree) {
  MakeManifest(root_ / "models");
  for (const char* program : {"build/release/server/hexaplad", "build/asan/client/hexapla"}) {
    EXPECT_EQ(FindModelDirectory(root_ / program).value(), root_ / "models");
  }
}

TEST_F(FindModelDirectoryTest, AnInstalledProgramFindsItsShare) {
  MakeManifest(root_ / "usr/share/hexapla/models");
  EXPECT_EQ(FindModelDirectory(root_ / "usr/bin/hexaplad").value(),
            root_ / "usr/share/hexapla/models");
}

TEST_F(FindModelDirectoryTest, TheErrorNamesBothPlaces) {
  const auto found = FindModelDirectory(root_ / "a/b/c/hexaplad");
  EXPECT_EQ(found.status().code(), absl::StatusCode::kNotFound);
  const std::string message(found.status().message());
  EXPECT_THAT(message, HasSubstr((root_ / "a/b/share/hexapla/models").string()));
  EXPECT_THAT(message, HasSubstr((root_ / "models").string()));
  EXPECT_THAT(message, HasSubstr("--models=DIR"));
}

TEST(ExecutablePathTest, IsThisTest) {
  EXPECT_THAT(ExecutablePath().value(), testing::EndsWith("model_set_test"));
}

TEST(ResolveModelDirectoryTest, TakesWhatIsGiven) {
  EXPECT_EQ(ResolveModelDirectory("/no/such/place").value(), "/no/such/place");
}

TEST(ResolveModelDirectoryTest, WithoutOneAsksForThatOfTheProgram) {
  EXPECT_EQ(ResolveModelDirectory(""), FindModelDirectory(ExecutablePath().value()));
}

}  // namespace
}  // namespace hexapla
