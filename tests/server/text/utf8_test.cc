// SPDX-License-Identifier: Apache-2.0
#include "server/text/utf8.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace hexapla {
namespace {

TEST(FirstInvalidUtf8Test, AcceptsEveryLengthOfCharacter) {
  EXPECT_EQ(FirstInvalidUtf8(""), std::nullopt);
  EXPECT_EQ(FirstInvalidUtf8("plain ascii, longer than eight bytes"), std::nullopt);
  EXPECT_EQ(FirstInvalidUtf8("é € 😀 \u0800 \U00010000 \U0010FFFF \uFFFE"), std::nullopt);
  EXPECT_EQ(FirstInvalidUtf8(absl::string_view("a\0b", 3)), std::nullopt);
}

TEST(FirstInvalidUtf8Test, FindsTheFirstIllFormedCharacter) {
  struct Case {
    const char* name;
    std::string text;
    size_t offset;
  };
  const std::vector<Case> cases = {
      {.name = "stray continuation", .text = "ab\x80", .offset = 2},
      {.name = "overlong NUL", .text = "\xC0\x80", .offset = 0},
      {.name = "overlong slash in three", .text = "a\xE0\x80\xAF", .offset = 1},
      {.name = "overlong in four", .text = "a\xF0\x80\x80\xAF", .offset = 1},
      {.name = "low surrogate", .text = "abc\xED\xA0\x80", .offset = 3},
      {.name = "high surrogate", .text = "abc\xED\xBF\xBF", .offset = 3},
      {.name = "over U+10FFFF", .text = "é\xF4\x90\x80\x80", .offset = 2},
      {.name = "lead byte F5", .text = "\xF5\x80\x80\x80", .offset = 0},
      {.name = "byte FF", .text = "0123456789\xFF", .offset = 10},
      {.name = "cut off in two", .text = "a\xC3", .offset = 1},
      {.name = "cut off in four", .text = "a\xF0\x9F\x98", .offset = 1},
      {.name = "interrupted", .text = "a\xE2\x82z", .offset = 1},
      {.name = "Latin-1", .text = "caf\xE9 noir", .offset = 3},
      {.name = "after a long text", .text = std::string(1000, 'x') + "\xFE", .offset = 1000},
  };
  for (const Case& c : cases) EXPECT_EQ(FirstInvalidUtf8(c.text), c.offset) << c.name;
}

TEST(TruncateUtf8Test, CutsBetweenCharacters) {
  struct Case {
    absl::string_view text;
    size_t bytes_max;
    absl::string_view expected;
  };
  const Case cases[] = {
      {.text = "", .bytes_max = 0, .expected = ""},
      {.text = "abc", .bytes_max = 0, .expected = ""},
      {.text = "abc", .bytes_max = 2, .expected = "ab"},
      {.text = "abc", .bytes_max = 3, .expected = "abc"},
      {.text = "aé", .bytes_max = 2, .expected = "a"},
      {.text = "aé", .bytes_max = 3, .expected = "aé"},
      {.text = "a😀", .bytes_max = 4, .expected = "a"},
      {.text = "€", .bytes_max = 2, .expected = ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(TruncateUtf8(c.text, c.bytes_max), c.expected) << c.text << " " << c.bytes_max;
  }
}

TEST(OffsetConverterTest, CountsInEachUnit) {
  const absl::string_view text = "aé€😀z";  // 1, 2, 3, 4 and 1 bytes
  const std::vector<size_t> bytes = {0, 1, 3, 6, 10, 11};
  struct Case {
    OffsetUnit unit;
    std::vector<size_t> expected;
  };
  const std::vector<Case> cases = {
      {.unit = OffsetUnit::kUtf8Byte, .expected = {0, 1, 3, 6, 10, 11}},
      {.unit = OffsetUnit::kUtf16Unit, .expected = {0, 1, 2, 3, 5, 6}},
      {.unit = OffsetUnit::kCodePoint, .expected = {0, 1, 2, 3, 4, 5}},
  };
  for (const Case& c : cases) {
    OffsetConverter converter(text, c.unit);
    std::vector<size_t> converted;
    for (size_t byte : bytes) converted.push_back(converter.Convert(byte));
    EXPECT_EQ(converted, c.expected) << static_cast<int>(c.unit);
  }
}

TEST(OffsetConverterTest, RepeatsAndSkipsOffsets) {
  OffsetConverter converter("ééé😀😀", OffsetUnit::kUtf16Unit);
  EXPECT_EQ(converter.Convert(0), 0u);
  EXPECT_EQ(converter.Convert(0), 0u);
  EXPECT_EQ(converter.Convert(6), 3u);
  EXPECT_EQ(converter.Convert(6), 3u);
  EXPECT_EQ(converter.Convert(14), 7u);
  EXPECT_EQ(converter.Convert(14), 7u);
}

TEST(OffsetConverterTest, EmptyTextHasOnlyOffsetZero) {
  OffsetConverter converter("", OffsetUnit::kCodePoint);
  EXPECT_EQ(converter.Convert(0), 0u);
}

TEST(OffsetConverterDeathTest, DecreasingOffsetsAreABug) {
  OffsetConverter converter("abc", OffsetUnit::kCodePoint);
  converter.Convert(2);
  EXPECT_DEATH(converter.Convert(1), "");
}

}  // namespace
}  // namespace hexapla
