// SPDX-License-Identifier: Apache-2.0
#include "client/formats/sentence_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(SubtitleCuesTest, EveryCueIsOneText) {
  EXPECT_THAT(*SubtitleCues("1\r\n00:00:01,000 --> 00:00:02,500\r\nHello,\r\nyou.\r\n\r\n"
                            "2\r\n00:00:03,000 --> 00:00:04,000 X1:40\r\nBye.\r\n"),
              ElementsAre("Hello, you.", "Bye."));
}

TEST(SubtitleCuesTest, TagsAreLeftOut) {
  EXPECT_THAT(
      *SubtitleCues("1\n0:0:1.5 --> 0:0:2\n{\\an8}<i>Up</i> <font color=\"red\">1 < 2</font>"),
      ElementsAre("Up 1 < 2"));
}

TEST(SubtitleCuesTest, CuesWithoutTextKeepTheirIndex) {
  EXPECT_THAT(*SubtitleCues("1\n00:00:01,000 --> 00:00:02,000\n\n"
                            "2\n00:00:03,000 --> 00:00:04,000\nb\n\nstill b\n42\n\n"
                            "00:00:05,000 --> 00:00:06,000\nno number\n"),
              ElementsAre("", "b still b 42", "no number"));
}

TEST(SubtitleCuesTest, OtherFilesAreRefusedByLine) {
  EXPECT_THAT(SubtitleCues("\nSecret prose.\n").status().message(),
              testing::AllOf(HasSubstr("line 2: expected a cue"), Not(HasSubstr("Secret"))));
  EXPECT_THAT(SubtitleCues("").status().message(), HasSubstr("no cue found"));
  EXPECT_THAT(SubtitleCues("1\n00:00:01,000 -> 00:00:02,000\n").status().message(),
              HasSubstr("line 1"));
}

TEST(JsonSentencesTest, ReadsStringsAndObjects) {
  EXPECT_THAT(
      *JsonSentences("\"One.\"\n{\"text\": \"Two.\", \"n\": 1}\n\n{\"sentence\":\"T\\u0033\"}\n"
                     "{\"sentences\": [\"a\", \"\"]}"),
      ElementsAre("One.", "Two.", "", "T3", "a", ""));
}

TEST(JsonSentencesTest, OtherLinesAreErrorsByNumber) {
  for (const char* line :
       {"secret", "{\"text\": ", "[\"a\"]", "5", "null", "{\"text\": 5}", "{\"other\": \"x\"}",
        "{\"sentences\": [\"a\", 1]}", "{\"sentences\": 1}"}) {
    const auto result = JsonSentences(std::string("\"ok\"\n") + line + "\n");
    EXPECT_THAT(result.status().message(), HasSubstr("line 2: ")) << line;
    EXPECT_THAT(result.status().message(), Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace hexapla
