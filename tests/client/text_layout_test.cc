// SPDX-License-Identifier: Apache-2.0
#include "client/text_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla {
namespace {

using ::testing::ElementsAre;

TEST(DisplayWidthTest, CountsColumnsNotCodePoints) {
  struct Case {
    const char* text;
    int columns;
  };
  const Case cases[] = {
      {.text = "", .columns = 0},
      {.text = "abc", .columns = 3},
      {.text = "né", .columns = 2},
      {.text = "ne\u0301", .columns = 2},             // a combining acute
      {.text = "الجزيرة", .columns = 7},              // Arabic letters
      {.text = "عبّارة", .columns = 5},                // with a shadda
      {.text = "渡轮", .columns = 4},                 // wide
      {.text = "ﾊﾝ", .columns = 2},                   // halfwidth
      {.text = "한국", .columns = 4},                 // composed
      {.text = "\u1112\u1161\u11AB", .columns = 2},   // conjoining jamo
      {.text = "ที่", .columns = 1},                    // vowel and tone above
      {.text = "😀", .columns = 2},                    // emoji
      {.text = "👩\u200D👩\u200D👧", .columns = 2},      // one family
      {.text = "🇫🇷", .columns = 2},                   // a flag
      {.text = "❤\uFE0F", .columns = 2},              // emoji presentation
      {.text = "\u2067a\u2069\u200F", .columns = 1},  // direction marks
  };
  TextLayout layout;
  for (const Case& test : cases) {
    EXPECT_EQ(layout.DisplayWidth(test.text), test.columns) << test.text;
  }
}

TEST(WrapTest, BreaksBetweenWords) {
  TextLayout layout;
  EXPECT_THAT(layout.Wrap("one two three four", 9), ElementsAre("one two", "three", "four"));
  EXPECT_THAT(layout.Wrap("exactly ten", 11), ElementsAre("exactly ten"));
  EXPECT_THAT(layout.Wrap("well-known", 6), ElementsAre("well-", "known"));
}

TEST(WrapTest, KeepsWhatMustNotBeParted) {
  TextLayout layout;
  EXPECT_THAT(layout.Wrap("à 7\u00A0h\u00A040 «\u00A0oui\u00A0»", 7),
              ElementsAre("à", "7\u00A0h\u00A040", "«\u00A0oui\u00A0»"));
}

TEST(WrapTest, BreaksChineseAnywhereAndThaiBetweenWords) {
  TextLayout layout;
  EXPECT_THAT(layout.Wrap("渡轮离开码头。", 6), ElementsAre("渡轮离", "开码", "头。"));
  EXPECT_THAT(layout.Wrap("เรือออกจากท่า", 7), ElementsAre("เรือออก", "จากท่า"));
}

TEST(WrapTest, CutsAWordThatIsWiderThanALine) {
  TextLayout layout;
  EXPECT_THAT(layout.Wrap("a Donaudampfschiff b", 6),
              ElementsAre("a", "Donaud", "ampfsc", "hiff b"));
  EXPECT_THAT(layout.Wrap("ééééé", 2), ElementsAre("éé", "éé", "é"));
}

TEST(WrapTest, ABlankTextIsOneEmptyLine) {
  TextLayout layout;
  EXPECT_THAT(layout.Wrap("", 10), ElementsAre(""));
  EXPECT_THAT(layout.Wrap("   ", 2), ElementsAre(""));
}

TEST(PadTest, FillsByWidth) {
  TextLayout layout;
  EXPECT_EQ(layout.Pad("渡轮", 6, Justify::kLeft), "渡轮  ");
  EXPECT_EQ(layout.Pad("ab", 4, Justify::kRight), "  ab");
  EXPECT_EQ(layout.Pad("long", 2, Justify::kLeft), "long");
}

TEST(TruncateTest, MarksTheCut) {
  TextLayout layout;
  EXPECT_EQ(layout.Truncate("short", 5), "short");
  EXPECT_EQ(layout.Truncate("longer", 5), "long…");
  EXPECT_EQ(layout.Truncate("渡轮离开", 6), "渡轮…");
}

TEST(PrintableTest, DisarmsControls) {
  EXPECT_EQ(Printable("a\tb\r\nc"), "a b  c");
  EXPECT_EQ(Printable("a\u2028b\u0085c"), "a b c");
  EXPECT_EQ(Printable("\033[31mred"), "\uFFFD[31mred");
  EXPECT_EQ(Printable("\u202Eevil\u202C\u2066x\u2069"), "evilx");
  EXPECT_EQ(Printable("a\u00A0b\u200Dc"), "a\u00A0b\u200Dc");
}

TEST(IsRightToLeftTest, FollowsTheLanguageElseTheText) {
  EXPECT_TRUE(IsRightToLeft("ar", ""));
  EXPECT_TRUE(IsRightToLeft("fa-IR", ""));
  EXPECT_TRUE(IsRightToLeft("he", ""));
  EXPECT_TRUE(IsRightToLeft("az-Arab", ""));
  EXPECT_FALSE(IsRightToLeft("en", "مرحبا"));
  EXPECT_TRUE(IsRightToLeft("und", "12: مرحبا"));
  EXPECT_FALSE(IsRightToLeft("und", "12"));
  EXPECT_TRUE(IsRightToLeft("", "שלום"));
}

TEST(IsolateTest, IsolatesWhatCouldBeReordered) {
  EXPECT_EQ(Isolate("مرحبا", true), "\u2067مرحبا\u2069");
  EXPECT_EQ(Isolate("BBC", true), "\u2067BBC\u2069");
  EXPECT_EQ(Isolate("say مرحبا", false), "\u2066say مرحبا\u2069");
  EXPECT_EQ(Isolate("hello 12", false), "hello 12");
}

}  // namespace
}  // namespace hexapla
