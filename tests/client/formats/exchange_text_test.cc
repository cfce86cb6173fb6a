// SPDX-License-Identifier: Apache-2.0
#include "client/formats/exchange_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace hexapla {
namespace {

using ::testing::ElementsAre;

v1::BeadSide Side(const std::vector<std::string>& sentences) {
  v1::BeadSide side;
  *side.mutable_sentences() = {sentences.begin(), sentences.end()};
  return side;
}

TEST(JoinSentencesTest, PutsASpaceBetweenSentences) {
  EXPECT_EQ(JoinSentences(Side({"One.", "Two.", "Three."})), "One. Two. Three.");
  EXPECT_EQ(JoinSentences(Side({"하나입니다", "둘"})), "하나입니다 둘");
}

TEST(JoinSentencesTest, ScriptsWithoutSpacesAreJoinedWithoutOne) {
  EXPECT_EQ(JoinSentences(Side({"第一句。", "第二句"})), "第一句。第二句");
  EXPECT_EQ(JoinSentences(Side({"見る", "B"})), "見るB");
}

TEST(JoinSentencesTest, BlankOnesAndNoneAddNothing) {
  EXPECT_EQ(JoinSentences(Side({})), "");
  EXPECT_EQ(JoinSentences(Side({"", "a", ""})), "a");
}

TEST(XmlTextTest, KeepsWhatXmlHolds) {
  const std::string text = "a\tb\nc\rd <&>\"' \x7F é \uFFFD \U0001F600";
  EXPECT_EQ(XmlText(text), text);
}

TEST(XmlTextTest, ReplacesWhatXmlForbids) {
  EXPECT_EQ(XmlText(absl::string_view("\0\x01\x1F", 3)), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(XmlText("a\uFFFE\uFFFFb"), "a\uFFFD\uFFFDb");
  EXPECT_EQ(XmlText("\xED\xA0\x80|\xFF"), "\uFFFD\uFFFD\uFFFD|\uFFFD");
}

TEST(ForEachXmlRunTest, GivesRunsAndTheRestInOrder) {
  std::vector<std::string> parts;
  ForEachXmlRun(
      "\x1B[1mbold\x1B", [&](const std::string& run) { parts.push_back(run); },
      [&](int32_t code_point) { parts.push_back("U+" + std::to_string(code_point)); });
  EXPECT_THAT(parts, ElementsAre("U+27", "[1mbold", "U+27"));
}

}  // namespace
}  // namespace hexapla
