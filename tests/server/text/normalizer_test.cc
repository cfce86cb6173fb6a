// SPDX-License-Identifier: Apache-2.0
#include "server/text/normalizer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "server/text/utf8.h"
#include "tests/testing/random_text.h"

namespace hexapla {
namespace {

std::string Normalized(absl::string_view text) { return std::string(NormalizedText(text).text()); }

TEST(NormalizedTextTest, CompatibilityFormsAndCaseAreFolded) {
  struct Case {
    const char* name;
    std::string text;
    std::string normalized;
  };
  const std::vector<Case> cases = {
      {.name = "empty", .text = "", .normalized = ""},
      {.name = "ASCII", .text = "Fish & CHIPS 12", .normalized = "fish & chips 12"},
      {.name = "wide and long s", .text = "Ｆｉſh", .normalized = "fish"},
      {.name = "sharp s", .text = "Straße", .normalized = "strasse"},
      {.name = "ligature", .text = "ﬁne", .normalized = "fine"},
      {.name = "combining accent", .text = "e\u0301te\u0301", .normalized = "été"},
      {.name = "soft hyphen", .text = "co\u00ADop", .normalized = "coop"},
      {.name = "Arabic presentation form", .text = "ﻻ", .normalized = "لا"},
      {.name = "half-width katakana", .text = "ｶﾞ", .normalized = "ガ"},
      {.name = "final sigma", .text = "ΛΌΓΟΣ λόγος", .normalized = "λόγοσ λόγοσ"},
      {.name = "Hangul jamo", .text = "\u1112\u1161\u11AB", .normalized = "한"},
      {.name = "NUL", .text = std::string("A\0Ä", 4), .normalized = std::string("a\0ä", 4)},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Normalized(c.text), c.normalized) << c.name;
  }
}

TEST(NormalizedTextTest, RangesMapBackToWhereTheyCameFrom) {
  struct Case {
    std::string text;
    TextRange range;  // of the normalised text
    std::string original;
  };
  const std::vector<Case> cases = {
      {.text = "Plain", .range = {1, 3}, .original = "la"},
      {.text = "déjà vu", .range = {3, 6}, .original = "jà"},  // nothing changes
      {.text = "Ｆｉſh", .range = {0, 1}, .original = "Ｆ"},
      {.text = "Ｆｉſh", .range = {1, 3}, .original = "ｉſ"},
      {.text = "Ｆｉſh", .range = {3, 4}, .original = "h"},
      {.text = "große Ä", .range = {3, 4}, .original = "ß"},  // a half stands for it all
      {.text = "große Ä", .range = {4, 5}, .original = "ß"},
      {.text = "große Ä", .range = {2, 6}, .original = "oße"},
      {.text = "große Ä", .range = {7, 9}, .original = "Ä"},
      {.text = "xﬁn", .range = {1, 2}, .original = "ﬁ"},
      {.text = "xﬁn", .range = {3, 4}, .original = "n"},
      {.text = "re\u0301el", .range = {1, 3}, .original = "e\u0301"},
      {.text = "re\u0301el", .range = {3, 5}, .original = "el"},
      {.text = "co\u00ADop", .range = {0, 2}, .original = "co"},
      {.text = "co\u00ADop", .range = {2, 4}, .original = "op"},
      {.text = "co\u00ADop", .range = {1, 3}, .original = "o\u00ADo"},
      {.text = "ﻻ٣", .range = {0, 2}, .original = "ﻻ"},
      {.text = "ﻻ٣", .range = {4, 6}, .original = "٣"},
  };
  for (const Case& c : cases) {
    const NormalizedText normalized(c.text);
    EXPECT_EQ(normalized.Original(c.range).Of(c.text), c.original)
        << c.text << " [" << c.range.begin << ", " << c.range.end << ")";
  }
}

TEST(NormalizedTextTest, AnEmptyRangeStaysEmpty) {
  const std::string text = "aß\u00AD中";
  const NormalizedText normalized(text);
  for (size_t at = 0; at <= normalized.text().size(); ++at) {
    const TextRange range = normalized.Original({at, at});
    EXPECT_TRUE(range.empty());
    EXPECT_LE(range.end, text.size());
  }
}

bool IsBoundary(absl::string_view text, size_t offset) {
  return offset == text.size() || (static_cast<unsigned char>(text[offset]) & 0xC0) != 0x80;
}

size_t NextBoundary(absl::string_view text, size_t offset) {
  do {
    ++offset;
  } while (!IsBoundary(text, offset));
  return offset;
}

TEST(NormalizedTextTest, RangesOfRandomTextRiseAndCoverIt) {
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    SCOPED_TRACE(round);
    const std::string text = hexapla::testing::RandomText(1 + round % 30, random);
    const NormalizedText normalized(text);
    const absl::string_view bytes = normalized.text();
    ASSERT_EQ(FirstInvalidUtf8(bytes), std::nullopt);
    TextRange before;
    for (size_t begin = 0; begin < bytes.size();) {
      const size_t end = NextBoundary(bytes, begin);
      const TextRange range = normalized.Original({begin, end});
      ASSERT_LE(range.end, text.size());
      EXPECT_FALSE(range.empty());
      EXPECT_TRUE(IsBoundary(text, range.begin));
      EXPECT_TRUE(IsBoundary(text, range.end));
      EXPECT_GE(range.begin, before.begin);
      EXPECT_GE(range.end, before.end);
      // What no range covers vanishes.
      if (range.begin > before.end) {
        EXPECT_EQ(Normalized(TextRange{before.end, range.begin}.Of(text)), "");
      }
      // What a character came from gives it again.
      EXPECT_NE(Normalized(range.Of(text)).find(std::string(bytes.substr(begin, end - begin))),
                std::string::npos);
      before = range;
      begin = end;
    }
    EXPECT_EQ(Normalized(absl::string_view(text).substr(before.end)), "");
    if (!bytes.empty()) {
      const TextRange all = normalized.Original({0, bytes.size()});
      EXPECT_EQ(Normalized(all.Of(text)), bytes);
    }
  }
}

TEST(NormalizedTextTest, NormalizingTwiceChangesNothing) {
  std::mt19937 random(12);
  for (int round = 0; round < 400; ++round) {
    const std::string once = Normalized(hexapla::testing::RandomText(20, random));
    EXPECT_EQ(Normalized(once), once);
  }
}

}  // namespace
}  // namespace hexapla
