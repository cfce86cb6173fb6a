// SPDX-License-Identifier: Apache-2.0
#include "server/text/segmentation_rules.h"

#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "server/text/sentence_marks.h"
#include "server/text/word_shapes.h"

namespace hexapla {
namespace {

const SegmentationRuleSet& Rules() {
  static const SegmentationRuleSet* const rules = new SegmentationRuleSet;
  return *rules;
}

TEST(SegmentationRulesTest, TellsWhatAnAbbreviationDoes) {
  struct Case {
    const char* language;
    const char* word;
    AbbreviationKind kind;
  };
  const std::vector<Case> cases = {
      {"en", "Mr", AbbreviationKind::kLeading},
      {"en", "e.g", AbbreviationKind::kLeading},
      {"en", "E.g", AbbreviationKind::kLeading},
      {"en", "No", AbbreviationKind::kBeforeNumber},
      {"en", "Inc", AbbreviationKind::kMedial},
      {"en", "etc", AbbreviationKind::kFinal},
      {"en", "house", AbbreviationKind::kNone},
      {"en", "", AbbreviationKind::kNone},
      {"en-GB", "Mrs", AbbreviationKind::kLeading},
      {"fr", "M", AbbreviationKind::kLeading},
      {"de", "z.B", AbbreviationKind::kLeading},
      {"de", "Mr", AbbreviationKind::kLeading},
      {"ru", "т.е", AbbreviationKind::kLeading},
      {"ru", "Mr", AbbreviationKind::kLeading},
      {"ru", "с", AbbreviationKind::kBeforeNumber},
      {"ru", "С", AbbreviationKind::kNone},
      {"und", "Mme", AbbreviationKind::kLeading},
      {"xx", "z.B", AbbreviationKind::kLeading},
      // A Polish title, an English colour.
      {"pl", "red", AbbreviationKind::kLeading},
      {"und", "red", AbbreviationKind::kMedial},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Rules().For(c.language).Find(c.word), c.kind) << c.language << " " << c.word;
  }
}

TEST(SegmentationRulesTest, TakesInTheListsOfIcu) {
  // In none of our tables.
  EXPECT_EQ(Rules().For("en").Find("Hon.B.A"), AbbreviationKind::kMedial);
  EXPECT_EQ(Rules().For("de").Find("v.u.Z"), AbbreviationKind::kMedial);
}

TEST(SegmentationRulesTest, IcuListsDoNotFallBackToEnglish) {
  EXPECT_EQ(Rules().For("sv").Find("Capt"), AbbreviationKind::kNone);
}

TEST(ClassifyMarkTest, KnowsTheScripts) {
  EXPECT_EQ(ClassifyMark('.'), MarkKind::kStop);
  EXPECT_EQ(ClassifyMark('?'), MarkKind::kQuestion);
  EXPECT_EQ(ClassifyMark(U'…'), MarkKind::kEllipsis);
  EXPECT_EQ(ClassifyMark(0x2029), MarkKind::kSeparator);
  for (const char32_t c : U"。！？｡؟۔։।॥።។။") {
    if (c == 0) continue;
    EXPECT_EQ(ClassifyMark(static_cast<UChar32>(c)), MarkKind::kFullStop)
        << absl::StrCat(absl::Hex(static_cast<uint32_t>(c)));
  }
  for (const char32_t c : U",;:؛،、，၊a\n ") {
    EXPECT_EQ(ClassifyMark(static_cast<UChar32>(c)), MarkKind::kNone)
        << absl::StrCat(absl::Hex(static_cast<uint32_t>(c)));
  }
}

TEST(MarkFinderTest, FindsTheFirstMark) {
  const MarkFinder finder(0);
  const absl::string_view text = "ab, é。 x";
  EXPECT_EQ(finder.Find(text, 0, text.size()), 6u);
  EXPECT_EQ(finder.Find(text, 9, text.size()), text.size());
  EXPECT_EQ(finder.Find(text, 0, 3), 3u);
}

TEST(MarkFinderTest, FindsTheExtraMark) {
  EXPECT_EQ(MarkFinder(';').Find("ab; c.", 0, 6), 2u);
  EXPECT_EQ(MarkFinder(0).Find("ab; c.", 0, 6), 5u);
}

TEST(MarkFinderTest, FindsMarksBeyondTheBasicPlane) {
  const absl::string_view text = "\U00011047 a";  // Brahmi danda
  EXPECT_EQ(MarkFinder(0).Find(text, 0, text.size()), 0u);
  const absl::string_view emoji = "😀.";
  EXPECT_EQ(MarkFinder(0).Find(emoji, 0, emoji.size()), 4u);
}

TEST(WordShapesTest, TellsShapes) {
  EXPECT_TRUE(IsRomanNumeral("XIV"));
  EXPECT_FALSE(IsRomanNumeral("XIVa"));
  EXPECT_FALSE(IsRomanNumeral(""));
  EXPECT_TRUE(IsNumber("12"));
  EXPECT_FALSE(IsNumber("1a"));
  EXPECT_TRUE(IsItemNumber("1.2"));
  EXPECT_FALSE(IsItemNumber("2020"));
  EXPECT_FALSE(IsItemNumber(""));
  EXPECT_TRUE(IsOneLetter("e\u0301"));
  EXPECT_FALSE(IsOneLetter("ee"));
  EXPECT_FALSE(IsOneLetter("3"));
  EXPECT_TRUE(IsInitial("Ж"));
  EXPECT_FALSE(IsInitial("ж"));
  EXPECT_TRUE(IsDottedAcronym("U.S"));
  EXPECT_TRUE(IsDottedAcronym("J.-P"));
  EXPECT_FALSE(IsDottedAcronym("example.com"));
  EXPECT_FALSE(IsDottedAcronym("3.5"));
  EXPECT_FALSE(IsDottedAcronym("US"));
}

TEST(WordShapesTest, NoCharacterIsNothing) {
  EXPECT_FALSE(IsLetter(-1));
  EXPECT_FALSE(IsLetterOrDigit(-1));
  EXPECT_FALSE(IsMarkOrFormat(-1));
  EXPECT_FALSE(IsWordPart(-1));
}

}  // namespace
}  // namespace hexapla
