// SPDX-License-Identifier: Apache-2.0
#include "server/text/paragraphs.h"

#include <atomic>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Paragraphs(absl::string_view text) {
  auto ranges = SplitIntoParagraphs(text, StopCondition());
  EXPECT_TRUE(ranges.ok()) << ranges.status();
  std::vector<std::string> paragraphs;
  for (const TextRange& range : *ranges) paragraphs.emplace_back(std::string(range.Of(text)));
  return paragraphs;
}

size_t Count(absl::string_view text) { return Paragraphs(text).size(); }

// Filled to a margin of 64.
constexpr char kWrapped[] =
    "When the ferry came in that evening there was hardly anyone left\n"
    "on the quay, only two boys with a dog and the harbour master who\n"
    "was counting crates and did not look up. The younger boy asked\n"
    "whether Martin was on board.\n";

TEST(SplitIntoParagraphsTest, EveryLineOfARawDocumentIsOne) {
  EXPECT_THAT(Paragraphs("Heading\nA line.\r\nand another\rlast"),
              ElementsAre("Heading", "A line.", "and another", "last"));
}

TEST(SplitIntoParagraphsTest, BlankLinesAndSpaceAreLeftOut) {
  EXPECT_THAT(Paragraphs("\n\n  one \u00A0\n \t \n\u3000two\n\n"), ElementsAre("one", "two"));
  EXPECT_THAT(Paragraphs(""), IsEmpty());
  EXPECT_THAT(Paragraphs("\n \r\n"), IsEmpty());
}

TEST(SplitIntoParagraphsTest, AHardWrappedRunIsOne) { EXPECT_EQ(Count(kWrapped), 1u); }

TEST(SplitIntoParagraphsTest, ABlankLineEndsAHardWrappedRun) {
  EXPECT_EQ(Count(std::string(kWrapped) + "\n" + kWrapped), 2u);
}

TEST(SplitIntoParagraphsTest, CarriageReturnsDoNotHideTheWrapping) {
  std::string text;
  for (const char c : std::string(kWrapped)) text += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(Count(text), 1u);
}

TEST(SplitIntoParagraphsTest, AHeadingBeforeAHardWrappedRunStandsAlone) {
  EXPECT_EQ(Count(std::string("The ferry\n") + kWrapped), 2u);
}

TEST(SplitIntoParagraphsTest, ListItemsStartAnew) {
  EXPECT_EQ(Count(std::string(kWrapped) + "- an item that was added below\n"), 2u);
  EXPECT_EQ(Count("> quoted\n> quoted too\n"), 2u);
}

TEST(SplitIntoParagraphsTest, TwoLinesJoinInMidSentenceOnly) {
  const std::string full = "The committee met on Thursday to discuss the repair of the road";
  EXPECT_EQ(Count(full + "\nand of the two bridges.\n"), 1u);
  EXPECT_EQ(Count(full + ".\nand of the two bridges.\n"), 2u);
  EXPECT_EQ(Count(full + "\nAnd of the two bridges.\n"), 2u);
}

TEST(SplitIntoParagraphsTest, SentencesOfEqualLengthStayApart) {
  std::string text;
  for (int i = 0; i < 6; ++i) {
    text += "This is a sentence of its own that has about the usual length.\n";
  }
  EXPECT_EQ(Count(text), 6u);
}

TEST(SplitIntoParagraphsTest, ShortOrLongLinesAreNoWrapping) {
  EXPECT_EQ(Count("short lines of\nsome poem that\ngoes on like\nthis\n"), 4u);
  const std::string paragraph(150, 'x');
  EXPECT_EQ(Count(paragraph + "\n" + paragraph + "\nlower\n"), 3u);
}

TEST(SplitIntoParagraphsTest, AScriptWithoutCaseNeedsFourFullLines) {
  const std::string line = "كلمة كلمة كلمة كلمة كلمة كلمة كلمة كلمة كلمة كلمة كلمة كلمة كلمة";
  EXPECT_EQ(Count(line + "\n" + line + "\n"), 2u);
  EXPECT_EQ(Count(line + "\n" + line + "\n" + line + "\n" + line + "\n"), 1u);
}

TEST(SplitIntoParagraphsTest, StopsWhenTold) {
  const std::atomic<bool> cancelled = true;
  const std::string text(10000, '\n');
  EXPECT_EQ(
      SplitIntoParagraphs(text, StopCondition(&cancelled, absl::InfiniteFuture())).status().code(),
      absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace hexapla
