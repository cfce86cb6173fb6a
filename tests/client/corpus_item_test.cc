// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_item.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseCorpusItem, SetIsReadWithItsVersions) {
  const CorpusItem item = ParseCorpusItem(
      3,
      R"({"id": "a\u00e9", "other": 1, "versions": [{"language": "en", "text": "One."},)"
      R"( {"sentences": ["Un.", ""]}, {"text": null, "sentences": []}]})",
      {"de", "fr"});
  ASSERT_TRUE(item.status.ok()) << item.status;
  EXPECT_EQ(item.id, "aé");
  ASSERT_EQ(item.request.versions_size(), 3);
  EXPECT_EQ(item.request.versions(0).language(), "en");
  EXPECT_EQ(item.request.versions(0).text(), "One.");
  EXPECT_EQ(item.request.versions(1).language(), "fr");
  EXPECT_THAT(item.request.versions(1).sentences(), ElementsAre("Un.", ""));
  EXPECT_EQ(item.request.versions(2).language(), "");
}

TEST(ParseCorpusItem, BadLinesSayWhatIsWrongButNotTheText) {
  struct Case {
    std::string json;
    std::string message;
    std::string id = {};
  };
  const std::vector<Case> cases = {
      {"secret", "not JSON at byte 1"},
      {R"({"id": "secret")", "not JSON at byte"},
      {R"({"id": "secret", "more": 1e999})", "a number is too large"},
      {"{\"id\": \"secret\xFF\"}", "not JSON at byte"},
      {"[1]", "the line must be a JSON object"},
      {R"({"versions": []})", "id is missing or empty"},
      {R"({"id": "", "versions": []})", "id is missing or empty"},
      {R"({"id": 7, "versions": []})", "id must be a string"},
      {R"({"id": "a"})", "versions must be an array", "a"},
      {R"({"id": "a", "versions": ["secret"]})", "versions[0] must be an object", "a"},
      {R"({"id": "a", "versions": [{}, {"text": 1}]})", "versions[1].text must be a string", "a"},
      {R"({"id": "a", "versions": [{"language": []}]})", "versions[0].language must be a string",
       "a"},
      {R"({"id": "a", "versions": [{"sentences": "secret"}]})",
       "versions[0].sentences must be an array", "a"},
      {R"({"id": "a", "versions": [{"sentences": ["x", 1]}]})",
       "versions[0].sentences must be an array of strings", "a"},
  };
  for (const Case& test : cases) {
    const CorpusItem item = ParseCorpusItem(1, test.json, {});
    EXPECT_EQ(item.status.code(), absl::StatusCode::kInvalidArgument) << test.json;
    EXPECT_THAT(std::string(item.status.message()), HasSubstr(test.message)) << test.json;
    EXPECT_THAT(std::string(item.status.message()), Not(HasSubstr("secret"))) << test.json;
    EXPECT_EQ(item.id, test.id) << test.json;
  }
}

TEST(CorpusLines, ResultsAndErrorsHaveTheFormOfTheContract) {
  EXPECT_EQ(CorpusResultLine("a\"b", "{},{}", 0.5F),
            R"({"id":"a\"b","beads":[{},{}],"document_probability":0.5})");
  const absl::Status status = absl::NotFoundError("x");
  EXPECT_EQ(CorpusErrorLine({.line = 7, .id = "a"}, status, false),
            R"({"id":"a","error":{"code":"NOT_FOUND","message":"line 7: x"}})");
  EXPECT_EQ(CorpusErrorLine({.line = 7}, status, true),
            R"({"id":null,"line":7,"error":{"code":"NOT_FOUND","message":"line 7: x"}})");
}

TEST(ParseCorpusDone, ReadsBackWhatIsWritten) {
  const auto done = ParseCorpusDone(CorpusResultLine("é", "", 1));
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->id, "é");
  EXPECT_FALSE(done->line.has_value());
  EXPECT_FALSE(done->failed);

  const CorpusItem item = {.line = 7, .id = "a"};
  const auto failed = ParseCorpusDone(CorpusErrorLine(item, absl::NotFoundError("x"), false));
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->id, "a");
  EXPECT_TRUE(failed->failed);

  // A second line with an id says nothing about the first.
  const auto second = ParseCorpusDone(CorpusErrorLine(item, absl::NotFoundError("x"), true));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->id, "");
  EXPECT_EQ(second->line, 7);
}

TEST(ParseCorpusDone, OtherLinesAreRefused) {
  for (const char* line : {"", "x", "{}", R"({"id":"a","versions":[]})", R"({"beads":[]})"}) {
    EXPECT_FALSE(ParseCorpusDone(line).ok()) << line;
  }
}

}  // namespace
}  // namespace hexapla
