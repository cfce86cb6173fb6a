// SPDX-License-Identifier: Apache-2.0
#include "server/langid/span_units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> UnitsOf(absl::string_view text) {
  std::vector<std::string> units;
  for (const SpanUnit& unit : CutIntoSpanUnits(text)) units.emplace_back(unit.range.Of(text));
  return units;
}

std::vector<SpanGap> GapsOf(absl::string_view text) {
  std::vector<SpanGap> gaps;
  for (const SpanUnit& unit : CutIntoSpanUnits(text)) gaps.push_back(unit.gap);
  return gaps;
}

// The text with a bar where a span could begin.
std::string WithCuts(absl::string_view text) {
  std::vector<std::string> parts;
  const std::vector<SpanUnit> units = CutIntoSpanUnits(text);
  for (size_t i = 0; i < units.size(); ++i) {
    const size_t end = i + 1 < units.size() ? units[i + 1].cut : text.size();
    parts.emplace_back(text.substr(units[i].cut, end - units[i].cut));
  }
  return absl::StrJoin(parts, "|");
}

TEST(SpanUnitsTest, AWordIsAUnitWithItsApostrophesAndHyphens) {
  EXPECT_THAT(UnitsOf("L'été, peut-être  chaud!"), ElementsAre("L'été", "peut-être", "chaud"));
}

TEST(SpanUnitsTest, TextWithoutLettersHasNone) {
  for (const char* text : {"", " \n", "12.5 %", "😂!", "https://example.org/a", "a.b@example.org"}) {
    EXPECT_THAT(UnitsOf(text), IsEmpty()) << text;
  }
}

TEST(SpanUnitsTest, AddressesAndNumbersAreNone) {
  EXPECT_THAT(UnitsOf("see https://example.org/path or mail me@example.org 24 times"),
              ElementsAre("see", "or", "mail", "times"));
}

TEST(SpanUnitsTest, AChangeOfScriptEndsAUnit) {
  EXPECT_THAT(UnitsOf("слово word"), ElementsAre("слово", "word"));
  EXPECT_THAT(UnitsOf("словоword"), ElementsAre("слово", "word"));
  EXPECT_THAT(GapsOf("словоword"), ElementsAre(SpanGap::kLine, SpanGap::kSpace));
}

TEST(SpanUnitsTest, RunsWithoutSpacesAreCutIntoPieces) {
  EXPECT_THAT(UnitsOf("我们今天去看电影吧"), ElementsAre("我们今天去看", "电影吧"));
  EXPECT_THAT(GapsOf("我们今天去看电影吧"), ElementsAre(SpanGap::kLine, SpanGap::kInside));
  // Kana and ideographs are one script here.
  EXPECT_THAT(UnitsOf("食べます"), ElementsAre("食べます"));
}

TEST(SpanUnitsTest, AWordThatNeverEndsIsCut) {
  const std::vector<SpanUnit> units = CutIntoSpanUnits(std::string(1000, 'x'));
  ASSERT_EQ(units.size(), 16u);
  for (const SpanUnit& unit : units) EXPECT_LE(unit.letters, 64u);
}

TEST(SpanUnitsTest, MarksAfterALetterBelongToIt) {
  EXPECT_THAT(UnitsOf("e\u0301te\u0301 नहीं"), ElementsAre("e\u0301te\u0301", "नहीं"));
}

TEST(SpanUnitsTest, GapsSayWhatStandsBetween) {
  EXPECT_THAT(GapsOf("a b, c (d) e. f\ng"),
              ElementsAre(SpanGap::kLine, SpanGap::kSpace, SpanGap::kMark, SpanGap::kQuotation,
                          SpanGap::kQuotation, SpanGap::kSentence, SpanGap::kLine));
}

TEST(SpanUnitsTest, ASpanBeginsWithItsOpeningMarks) {
  EXPECT_EQ(WithCuts("a \"b\" c"), "a |\"b\" |c");
  EXPECT_EQ(WithCuts("a “b” c"), "a |“b” |c");
  EXPECT_EQ(WithCuts("a « b » c"), "a |« b » |c");
  EXPECT_EQ(WithCuts("a »b« c"), "a |»b« |c");
  EXPECT_EQ(WithCuts("a (\"b\") c"), "a |(\"b\") |c");
  EXPECT_EQ(WithCuts("a ¿b? c"), "a |¿b? |c");
}

TEST(SpanUnitsTest, ASpanBeginsBehindTheSentenceBeforeIt) {
  EXPECT_EQ(WithCuts("a. 12 b"), "a. |12 b");
  EXPECT_EQ(WithCuts("a 12 b"), "a 12 |b");
  EXPECT_EQ(WithCuts("a.\" (b"), "a.\" |(b");
  EXPECT_EQ(WithCuts("a\n- 1. b"), "a\n|- 1. b");
  EXPECT_EQ(WithCuts("甲。「乙"), "甲。|「乙");
  EXPECT_EQ(WithCuts("甲。」乙"), "甲。」|乙");
}

TEST(SpanUnitsTest, TheFirstSpanBeginsWithTheText) {
  EXPECT_EQ(WithCuts("  12. \"a\" b"), "  12. \"a\" |b");
}

TEST(SpanUnitsTest, DirectionMarksAndNulsDoNotMatter) {
  EXPECT_THAT(UnitsOf(absl::string_view("a\0b", 3)), ElementsAre("a", "b"));
  EXPECT_THAT(UnitsOf("\u200F\u200E\u202E"), IsEmpty());
  EXPECT_THAT(UnitsOf("\u200Fمرحبا\u200E"), ElementsAre("مرحبا"));
}

TEST(SpanUnitsTest, IllFormedBytesAreNoLetters) {
  EXPECT_THAT(UnitsOf("ab\xFF\xC3 cd\xE2\x82"), ElementsAre("ab", "cd"));
}

}  // namespace
}  // namespace hexapla
