// SPDX-License-Identifier: Apache-2.0
#include "client/field_names.h"

#include <gtest/gtest.h>

namespace hexapla {
namespace {

struct Case {
  const char* message;
  const char* words;
};

AlignCommand Align() {
  return {.files = {"en.txt", "fr.txt"},
          .input = {.format = InputFormat::kLines},
          .languages = {"en", "x_\n"}};
}

TEST(ReplaceFieldsTest, AlignSpeaksOfFilesLinesAndFlags) {
  const AlignCommand command = Align();
  const Case cases[] = {
      {.message = "versions[1].text has 9 bytes", .words = "fr.txt has 9 bytes"},
      {.message = "versions[0].sentences has 9 sentences", .words = "en.txt has 9 sentences"},
      {.message = "versions[0].sentences[0] has 9 bytes", .words = "en.txt: line 1 has 9 bytes"},
      {.message = "versions[1].language is odd", .words = "--languages: \"x_ \" for fr.txt is odd"},
      {.message = "versions[1]: there is no text", .words = "fr.txt: there is no text"},
      {.message = "versions[0] and versions[1].", .words = "en.txt and fr.txt."},
      {.message = "options.min_probability is 2", .words = "--min_probability is 2"},
      {.message = "options.max_bead_size is 9", .words = "--max_bead_size is 9"},
      {.message = "not options.no_merges", .words = "not --no_merges"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(ReplaceFields(test.message, NamerFor(command)), test.words);
  }
}

TEST(ReplaceFieldsTest, OnlyLinesAreCalledLines) {
  AlignCommand command = Align();
  command.input.format = InputFormat::kSrt;
  EXPECT_EQ(ReplaceFields("versions[0].sentences[4] is long", NamerFor(command)),
            "en.txt: sentence 5 is long");
}

TEST(ReplaceFieldsTest, DetectSpeaksOfFlags) {
  const DetectCommand command = {.candidates = {"en", "x1"}};
  const Case cases[] = {
      {.message = "options.candidates[1] is odd", .words = "--candidates: \"x1\" is odd"},
      {.message = "options.candidates has 300", .words = "--candidates has 300"},
      {.message = "options.top_k is 17", .words = "--top is 17"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(ReplaceFields(test.message, NamerFor(command)), test.words);
  }
}

TEST(ReplaceFieldsTest, WhatHasNoNameStaysAsItIs) {
  const AlignCommand align = Align();
  const DetectCommand detect = {.candidates = {"en"}};
  for (const char* message :
       {"", ".", "...", "versions", "versions[", "versions[]", "versions[2].text", "versions[-1]",
        "versions[1", "versions[99999999999999999999]", "versions[1].other", "versions has 1 entry",
        "versions[1].sentences[x]", "myversions[1].text", "options.candidates[1]", "options.other",
        "the limit is 0.5. No\nmore."}) {
    EXPECT_EQ(ReplaceFields(message, NamerFor(align)), message);
    EXPECT_EQ(ReplaceFields(message, NamerFor(detect)), message);
  }
  const AlignCommand detected = {.files = {"a", "b"}};
  EXPECT_EQ(ReplaceFields("versions[1].language", NamerFor(detected)), "versions[1].language");
}

TEST(ReplaceFieldsTest, ANameIsNotReadAgain) {
  const AlignCommand command = {.files = {"versions[1]", "b"}};
  EXPECT_EQ(ReplaceFields("versions[0].text is odd", NamerFor(command)), "versions[1] is odd");
}

}  // namespace
}  // namespace hexapla
