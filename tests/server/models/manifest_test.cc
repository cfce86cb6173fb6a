// SPDX-License-Identifier: Apache-2.0
#include "server/models/manifest.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hexapla {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Json Entry() {
  return {{"name", "space"},
          {"kind", "embedding"},
          {"version", "2024.1"},
          {"file", "space.ftz"},
          {"size", 12},
          {"sha256", std::string(64, 'a')},
          {"languages", {"en", "fr"}},
          {"dimension", 160},
          {"licence", "Apache-2.0"},
          {"source", "training/README.md"}};
}

std::string Manifest(const std::vector<Json>& entries) { return Json{{"models", entries}}.dump(); }

TEST(ManifestTest, ReadsEveryField) {
  const auto models = ParseManifest(Manifest({Entry()}));
  ASSERT_TRUE(models.ok()) << models.status();
  ASSERT_THAT(*models, SizeIs(1));
  const ModelInfo& info = models->front();
  EXPECT_EQ(info.name, "space");
  EXPECT_EQ(info.kind, ModelKind::kEmbedding);
  EXPECT_EQ(info.version, "2024.1");
  EXPECT_EQ(info.file, "space.ftz");
  EXPECT_EQ(info.size_bytes, 12);
  EXPECT_EQ(info.sha256, std::string(64, 'a'));
  EXPECT_THAT(info.languages, ElementsAre("en", "fr"));
  EXPECT_EQ(info.dimension, 160);
  EXPECT_EQ(info.licence, "Apache-2.0");
  EXPECT_EQ(info.source, "training/README.md");
}

TEST(ManifestTest, WordsCountByTheirLengthUnlessItSaysOtherwise) {
  Json entry = Entry();
  EXPECT_EQ(ParseManifest(Manifest({entry}))->front().word_weights, WordWeights::kLength);
  entry["word_weights"] = "length";
  EXPECT_EQ(ParseManifest(Manifest({entry}))->front().word_weights, WordWeights::kLength);
  entry["word_weights"] = "frequency";
  EXPECT_EQ(ParseManifest(Manifest({entry}))->front().word_weights, WordWeights::kFrequency);
  entry["word_weights"] = "beauty";
  EXPECT_EQ(ParseManifest(Manifest({entry})).status().message(),
            "models[0].word_weights: \"beauty\" must be \"length\" or \"frequency\"");
}

TEST(ManifestTest, KeepsTheOrderOfTheEntries) {
  Json identifier = Entry();
  identifier["name"] = "identifier";
  identifier["kind"] = "language-identifier";
  Json weights = Entry();
  weights["name"] = "weights";
  weights["kind"] = "bead-weights";
  weights["languages"] = Json::array();
  weights["dimension"] = 0;
  const auto models = ParseManifest(Manifest({weights, Entry(), identifier}));
  ASSERT_TRUE(models.ok()) << models.status();
  ASSERT_THAT(*models, SizeIs(3));
  EXPECT_EQ((*models)[0].kind, ModelKind::kBeadWeights);
  EXPECT_EQ((*models)[1].kind, ModelKind::kEmbedding);
  EXPECT_EQ((*models)[2].kind, ModelKind::kLanguageIdentifier);
}

TEST(ManifestTest, AcceptsNoEntriesAndUnknownFields) {
  EXPECT_THAT(ParseManifest(Manifest({})).value(), IsEmpty());
  Json entry = Entry();
  entry["comment"] = "for a person";
  EXPECT_THAT(ParseManifest(Manifest({entry})).value(), SizeIs(1));
}

TEST(ManifestTest, ANameUsedTwiceIsAnError) {
  const auto models = ParseManifest(Manifest({Entry(), Entry()}));
  EXPECT_EQ(models.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(models.status().message(), "models[1].name: \"space\" is used twice");
}

TEST(ManifestTest, EveryFieldIsRequired) {
  const Json whole = Entry();
  for (const auto& [field, value] : whole.items()) {
    Json entry = whole;
    entry.erase(field);
    const auto models = ParseManifest(Manifest({entry}));
    EXPECT_EQ(models.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(models.status().message(), "models[0]." + field + ": is missing");
  }
}

TEST(ManifestTest, NoFieldMayBeNull) {
  const Json whole = Entry();
  for (const auto& [field, value] : whole.items()) {
    Json entry = whole;
    entry[field] = nullptr;
    const auto models = ParseManifest(Manifest({entry}));
    EXPECT_EQ(models.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(models.status().message()), HasSubstr("models[0]." + field + ": must"));
  }
}

struct BadField {
  const char* field;
  Json value;
  const char* message;
};

TEST(ManifestTest, ABadFieldIsNamed) {
  const BadField kCases[] = {
      {.field = "name", .value = "", .message = "must not be empty"},
      {.field = "kind", .value = "oracle", .message = "unknown kind \"oracle\""},
      {.field = "kind", .value = "a\nb", .message = "unknown kind \"a\\nb\""},
      {.field = "version", .value = 3, .message = "must be a string"},
      {.field = "file", .value = "/etc/passwd", .message = "is not a file inside"},
      {.field = "file", .value = "../space.ftz", .message = "is not a file inside"},
      {.field = "file", .value = "a/../../b", .message = "is not a file inside"},
      {.field = "file", .value = "..", .message = "is not a file inside"},
      {.field = "file", .value = "folder/", .message = "is not a file inside"},
      {.field = "file", .value = std::string("a\0b", 3), .message = "is not a file inside"},
      {.field = "size", .value = -1, .message = "must be an integer from 0"},
      {.field = "size", .value = 1.5, .message = "must be an integer from 0"},
      {.field = "size", .value = "12", .message = "must be an integer from 0"},
      {.field = "size", .value = uint64_t{1} << 63, .message = "must be an integer from 0"},
      {.field = "sha256", .value = "abc", .message = "must be 64 lower-case"},
      {.field = "sha256", .value = std::string(64, 'A'), .message = "must be 64 lower-case"},
      {.field = "languages", .value = "en", .message = "must be an array of strings"},
      {.field = "languages", .value = Json::array({1}), .message = "must be an array of strings"},
      {.field = "languages", .value = Json::array({""}), .message = "must hold no empty string"},
      {.field = "languages", .value = Json::array(), .message = "must not be empty for an"},
      {.field = "dimension", .value = 0, .message = "must not be 0 for an embedding"},
      {.field = "dimension", .value = 65537, .message = "must be an integer from 0 to 65536"},
      {.field = "licence", .value = "", .message = "must not be empty"},
  };
  for (const BadField& bad : kCases) {
    SCOPED_TRACE(std::string(bad.field) + " = " + bad.value.dump());
    Json entry = Entry();
    entry[bad.field] = bad.value;
    const auto models = ParseManifest(Manifest({entry}));
    EXPECT_EQ(models.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string message(models.status().message());
    EXPECT_THAT(message, HasSubstr("models[0]." + std::string(bad.field) + ": "));
    EXPECT_THAT(message, HasSubstr(bad.message));
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST(ManifestTest, AFileMayLieInAFolderOfTheDirectory) {
  Json entry = Entry();
  entry["file"] = "folder/..space.ftz";
  EXPECT_TRUE(ParseManifest(Manifest({entry})).ok());
}

TEST(ManifestTest, OtherJsonIsAnError) {
  for (const char* text : {"[]", "3", "null", "{}", R"({"models": 3})", R"({"models": {}})"}) {
    EXPECT_EQ(ParseManifest(text).status().message(), "models: must be an array in an object");
  }
  EXPECT_EQ(ParseManifest(Manifest({Json(3)})).status().message(), "models[0]: must be an object");
}

TEST(ManifestTest, TextThatIsNotJsonIsAnError) {
  for (const char* text : {"", "{", "{\"models\": [}", "\xff\xfe", "{\"models\": []} x"}) {
    const auto models = ParseManifest(text);
    EXPECT_EQ(models.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(models.status().message()), HasSubstr("not valid JSON at byte"));
  }
}

TEST(ManifestTest, ANumberBeyondAllBoundsIsAnError) {
  const absl::Status status = ParseManifest("{\"models\": [1e999]}").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a number is too large"));
}

class ReadManifestTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(directory_); }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void Write(const std::string& text) {
    std::ofstream(directory_ + "/manifest.json", std::ios::binary) << text;
  }

  const std::string directory_ = testing::TempDir() + "hexapla_manifest_test";
};

TEST_F(ReadManifestTest, ReadsTheFileOfTheDirectory) {
  Write(Manifest({Entry()}));
  EXPECT_THAT(ReadManifest(directory_).value(), SizeIs(1));
}

TEST_F(ReadManifestTest, AMissingFileIsNotFound) {
  const auto models = ReadManifest(directory_);
  EXPECT_EQ(models.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(models.status().message()), HasSubstr(directory_ + "/manifest.json"));
}

TEST_F(ReadManifestTest, AnErrorNamesTheFile) {
  Write("{");
  EXPECT_THAT(std::string(ReadManifest(directory_).status().message()),
              HasSubstr(directory_ + "/manifest.json: not valid JSON"));
}

TEST_F(ReadManifestTest, AHugeFileIsRefused) {
  Write(std::string((1 << 20) + 1, ' '));
  EXPECT_THAT(std::string(ReadManifest(directory_).status().message()),
              HasSubstr("is longer than 1048576 bytes"));
}

}  // namespace
}  // namespace hexapla
