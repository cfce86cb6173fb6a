// SPDX-License-Identifier: Apache-2.0
#include "server/text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "server/text/normalizer.h"
#include "server/text/utf8.h"
#include "tests/testing/random_text.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> WordsOf(absl::string_view text) {
  Tokens tokens;
  tokens.Assign(text);
  std::vector<std::string> words;
  for (size_t i = 0; i < tokens.size(); ++i) words.emplace_back(tokens[i]);
  return words;
}

TEST(TokensTest, WordsOfManyScripts) {
  using Words = std::vector<std::string>;
  struct Case {
    const char* name;
    std::string text;
    Words words;
  };
  const std::vector<Case> cases = {
      {.name = "empty", .text = "", .words = {}},
      {.name = "no words", .text = " \t\n…!? 😀 – «»", .words = {}},
      {.name = "English", .text = "Hello, World!", .words = {"hello", "world"}},
      {.name = "apostrophes part", .text = "l'été don't", .words = {"l", "été", "don", "t"}},
      {.name = "hyphens part", .text = "COVID-19", .words = {"covid", "19"}},
      {.name = "digits inside a word", .text = "H2O x²", .words = {"h2o", "x2"}},
      {.name = "decimals part", .text = "3,14", .words = {"3", "14"}},
      {.name = "sharp s and ligature", .text = "Straße ﬁn", .words = {"strasse", "fin"}},
      {.name = "Vietnamese, decomposed", .text = "Vie\u0323\u0302t", .words = {"việt"}},
      {.name = "Russian", .text = "Ёлка — ёлка", .words = {"ёлка", "ёлка"}},
      {.name = "Greek loses accents", .text = "Ἀθῆναι, Αθήνα", .words = {"αθηναι", "αθηνα"}},
      {.name = "final sigma", .text = "λόγος ΛΟΓΟΣ", .words = {"λογοσ", "λογοσ"}},
      {.name = "Arabic vowel marks and tatweel", .text = "مُحَمَّد كـتاب", .words = {"محمد", "كتاب"}},
      {.name = "forms of alef, yeh and kaf",
       .text = "أحمد إلى آن کی",
       .words = {"احمد", "الي", "ان", "كي"}},
      {.name = "Hebrew points", .text = "שָׁלוֹם", .words = {"שלום"}},
      {.name = "Hindi keeps its signs", .text = "हिन्दी में", .words = {"हिन्दी", "में"}},
      {.name = "Arabic and Persian digits", .text = "٥٧ ۱۲ ५६", .words = {"57", "12", "56"}},
      {.name = "wide digits", .text = "２０２４年", .words = {"2024", "年"}},
      {.name = "Chinese", .text = "中国人。", .words = {"中", "国", "中国", "人", "国人"}},
      {.name = "one character", .text = "人", .words = {"人"}},
      {.name = "beyond the BMP", .text = "𠮷野", .words = {"𠮷", "野", "𠮷野"}},
      {.name = "Japanese",
       .text = "東京コンピューター",
       .words = {"東", "京", "東京", "コンピューター"}},
      {.name = "half-width katakana", .text = "ｺﾝﾋﾟｭｰﾀｰ", .words = {"コンピューター"}},
      {.name = "Korean", .text = "학교에서", .words = {"학교에서", "학교", "교에", "에서"}},
      {.name = "short Korean words", .text = "학교 책", .words = {"학교", "책"}},
      {.name = "Thai", .text = "ภาษาไทย", .words = {"ภาษา", "ไทย"}},
      {.name = "scripts side by side",
       .text = "iPhone手机",
       .words = {"iphone", "手", "机", "手机"}},
      {.name = "NUL separates", .text = std::string("a\0b", 3), .words = {"a", "b"}},
      {.name = "soft hyphen vanishes", .text = "co\u00ADop", .words = {"coop"}},
      {.name = "a lone tatweel", .text = "ـ a", .words = {"a"}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(WordsOf(c.text), c.words) << c.name;
  }
}

TEST(TokensTest, NumbersAreDigitsAlone) {
  Tokens tokens;
  tokens.Assign("57 h2o ٥٧ 1st ½ 中");
  std::vector<std::string> numbers;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens.token(i).kind == TokenKind::kNumber) numbers.emplace_back(tokens[i]);
  }
  EXPECT_THAT(numbers, ElementsAre("57", "57", "1", "2"));
}

TEST(TokensTest, LongWordsAreCut) {
  EXPECT_THAT(WordsOf(std::string(100, 'a')),
              ElementsAre(std::string(40, 'a'), std::string(40, 'a'), std::string(20, 'a')));
  std::string cyrillic;
  for (int i = 0; i < 50; ++i) cyrillic += "ж";
  EXPECT_THAT(WordsOf(cyrillic), ElementsAre(cyrillic.substr(0, 80), cyrillic.substr(80)));
}

TEST(TokensTest, EveryTokenSaysWhereItCameFrom) {
  const std::string text = "Große Städte: 東京";
  const NormalizedText normalized(text);
  Tokens tokens;
  tokens.Assign(text);
  std::vector<std::string> originals;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const TextRange range = tokens.token(i).normalized;
    EXPECT_EQ(range.Of(normalized.text()), tokens[i]);
    originals.emplace_back(normalized.Original(range).Of(text));
  }
  EXPECT_THAT(originals, ElementsAre("Große", "Städte", "東", "京", "東京"));
}

TEST(TokensTest, UseAfterUseGivesTheSame) {
  Tokens reused;
  for (const char* text : {"one two", "", "三 四", "five"}) {
    Tokens fresh;
    fresh.Assign(text);
    reused.Assign(text);
    ASSERT_EQ(reused.size(), fresh.size());
    for (size_t i = 0; i < fresh.size(); ++i) EXPECT_EQ(reused[i], fresh[i]);
  }
}

TEST(TokensTest, TokensOfRandomTextAreWellFormed) {
  std::mt19937 random(13);
  for (int round = 0; round < 400; ++round) {
    const std::string text = hexapla::testing::RandomText(1 + round % 60, random);
    const NormalizedText normalized(text);
    Tokens tokens;
    tokens.Assign(text);
    for (size_t i = 0; i < tokens.size(); ++i) {
      EXPECT_FALSE(tokens[i].empty());
      EXPECT_EQ(FirstInvalidUtf8(tokens[i]), std::nullopt);
      EXPECT_LE(OffsetConverter(tokens[i], OffsetUnit::kCodePoint).Convert(tokens[i].size()), 40u);
      const bool digits = std::all_of(tokens[i].begin(), tokens[i].end(),
                                      [](char c) { return c >= '0' && c <= '9'; });
      EXPECT_EQ(tokens.token(i).kind == TokenKind::kNumber, digits) << tokens[i];
      const TextRange range = tokens.token(i).normalized;
      EXPECT_LT(range.begin, range.end);
      EXPECT_LE(range.end, normalized.text().size());
    }
  }
}

}  // namespace
}  // namespace hexapla
