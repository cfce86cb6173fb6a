// SPDX-License-Identifier: Apache-2.0
#include "server/langid/text_cleaner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/langid/han_variant.h"

namespace hexapla {
namespace {

std::string Cleaned(const std::string& text) {
  CleanedText cleaned;
  Clean(text, cleaned);
  return cleaned.text;
}

TEST(TextCleanerTest, KeepsWhatTellsTheLanguage) {
  struct Case {
    std::string text;
    std::string cleaned;
  };
  const std::vector<Case> cases = {
      {"", ""},
      {"12345 !!! 😂", ""},
      {"Hello, World!", "hello world"},
      {"  one\t\ntwo  ", "one two"},
      {"covid19 in 2024", "covid in"},
      {"L'ÉTÉ d’avant", "l'été d'avant"},
      {"'quoted' rock'n'roll don't' ", "quoted rock'n'roll don't"},
      {"well-known", "well known"},
      {"cafe\xCC\x81", "café"},            // decomposed
      {"\xCC\x81lone mark", "lone mark"},  // nothing to combine with
      {"ΟΔΟΣ ΣΟΦΙΑΣ", "οδος σοφιας"},      // final sigma
      {"ПРИВЕТ, мир", "привет мир"},
      {"می\xE2\x80\x8Cخواهم", "می\xE2\x80\x8Cخواهم"},  // zero-width non-joiner
      {"soft\xC2\xADhyphen", "softhyphen"},
      {"👩\xE2\x80\x8D👩\xE2\x80\x8D👧 x", "x"},
      {"\xEF\xBB\xBFmark", "mark"},
      {"bad\xFF\xFE bytes\xE4\xB8", "bad bytes"},
      {"图书馆，九点。", "图书馆 九点"},
  };
  for (const Case& c : cases) EXPECT_EQ(Cleaned(c.text), c.cleaned) << c.text;
}

TEST(TextCleanerTest, AddressesAndHandlesAreGone) {
  const std::vector<std::string> addresses = {
      "https://example.org/a/b?c=d#e",
      "HTTP://EXAMPLE.ORG",
      "ftp://files.example.org/x.tar",
      "www.example.org/path",
      "example.com",
      "example.org/some/path",
      "jane.doe@example.org",
      "<jane@example.org>",
      "@handle",
      "(https://example.org)",
      "https://example.org/wiki/Été",
  };
  for (const std::string& address : addresses) {
    EXPECT_EQ(Cleaned("see " + address + " there"), "see there") << address;
    EXPECT_EQ(Cleaned(address), "") << address;
  }
  EXPECT_EQ(Cleaned("请看https://example.org/x吧"), "请看 吧");
  EXPECT_EQ(Cleaned("end.Next sentence. Or e.g. this"), "end next sentence or e g this");
}

TEST(TextCleanerTest, CountsLettersByScript) {
  CleanedText cleaned;
  Clean("abc де の漢字 12", cleaned);
  EXPECT_EQ(cleaned.scripts.letters(), 8u);
  EXPECT_EQ(cleaned.scripts.of(USCRIPT_LATIN), 3u);
  EXPECT_EQ(cleaned.scripts.of(USCRIPT_CYRILLIC), 2u);
  EXPECT_EQ(cleaned.scripts.kana(), 1u);
  EXPECT_EQ(cleaned.scripts.of(USCRIPT_HAN), 2u);
  EXPECT_EQ(cleaned.scripts.Dominant(), USCRIPT_LATIN);
  Clean("12", cleaned);
  EXPECT_EQ(cleaned.scripts.letters(), 0u);
  EXPECT_EQ(cleaned.scripts.of(USCRIPT_LATIN), 0u);
  EXPECT_EQ(cleaned.scripts.Dominant(), USCRIPT_COMMON);
}

TEST(TextCleanerTest, LettersOfOtherPlanesCount) {
  CleanedText cleaned;
  Clean("\xF0\x90\x90\x80\xF0\x90\x90\x81", cleaned);  // capital Deseret
  EXPECT_EQ(cleaned.scripts.Dominant(), USCRIPT_DESERET);
  EXPECT_EQ(cleaned.text, "\xF0\x90\x90\xA8\xF0\x90\x90\xA9");
}

TEST(TextCleanerTest, OfALongTextPiecesFromAllOverAreLookedAt) {
  std::string text;
  for (int i = 0; i < 100000; ++i)
    text += "word" + std::string(1, static_cast<char>('a' + i / 4000)) + " ";
  const std::string cleaned = Cleaned(text);
  EXPECT_LE(cleaned.size(), kCleanedBytesMax + 8 * 64);
  EXPECT_GE(cleaned.size(), kCleanedBytesMax - 8 * 64);
  EXPECT_EQ(cleaned.substr(0, 6), "worda ");
  EXPECT_EQ(cleaned.substr(cleaned.size() - 5), "wordy");
  EXPECT_NE(cleaned.find("wordk"), std::string::npos);  // three sevenths in
  // Whole words only.
  for (size_t at = 0; at < cleaned.size(); at += 6) EXPECT_EQ(cleaned.substr(at, 4), "word");
}

TEST(TextCleanerTest, TheLimitItselfIsLookedAtWhole) {
  std::string text(kCleanedBytesMax, 'x');
  EXPECT_EQ(Cleaned(text).size(), kCleanedBytesMax);
  text.push_back('x');
  EXPECT_LE(Cleaned(text).size(), kCleanedBytesMax + 8 * 65);
}

TEST(TextCleanerTest, LongTextWithoutSpacesIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "图书馆";
  CleanedText cleaned;
  Clean(text, cleaned);
  EXPECT_EQ(cleaned.scripts.letters(), cleaned.scripts.of(USCRIPT_HAN));
  EXPECT_GE(cleaned.scripts.letters(), kCleanedBytesMax / 3 - 16);
}

TEST(HanVariantTest, TellingCharactersDecide) {
  EXPECT_EQ(HanVariantOf("汉语说明书"), "Hans");
  EXPECT_EQ(HanVariantOf("漢語說明書"), "Hant");
  EXPECT_EQ(HanVariantOf("中文"), "");
  EXPECT_EQ(HanVariantOf(""), "");
  EXPECT_EQ(HanVariantOf("plain text"), "");
  EXPECT_EQ(HanVariantOf("汉漢"), "");
}

}  // namespace
}  // namespace hexapla
