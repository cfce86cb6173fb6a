// SPDX-License-Identifier: Apache-2.0
#include "server/text/language_tag.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace hexapla {
namespace {

TEST(LanguageTagTest, WellFormedTagsBecomeCanonical) {
  const std::pair<std::string, std::string> cases[] = {
      {"en", "en"},   {"EN", "en"},           {"ZH-hant-tw", "zh-Hant-TW"},
      {"iw", "he"},   {"sr-Latn", "sr-Latn"}, {"und", "und"},
      {"qqq", "qqq"}, {"es-419", "es-419"},   {"x-mine", "und-x-mine"},
  };
  for (const auto& [given, canonical] : cases) {
    EXPECT_EQ(CanonicalLanguageTag(given), canonical) << given;
  }
}

TEST(LanguageTagTest, MalformedTagsAreNone) {
  const std::string cases[] = {"",
                               "e",
                               "en_US",
                               "en-",
                               "-en",
                               "en--US",
                               "123",
                               "fr1",
                               "english text",
                               "english",
                               "thai",
                               "en-xx-yy-zz",
                               "élève",
                               std::string("en\0", 3),
                               "en-" + std::string(200, 'a')};
  for (const std::string& given : cases) {
    EXPECT_EQ(CanonicalLanguageTag(given), std::nullopt) << given;
  }
}

TEST(LanguageTagTest, AliasesBecomeTheTagInUse) {
  const std::pair<std::string, std::string> cases[] = {
      {"eng", "en"},
      {"tl", "fil"},
      {"nob", "nb"},
      {"nor", "no"},
      {"no", "no"},
      {"nn", "nn"},
      {"cmn-Hans", "zh-Hans"},
      {"zh-yue", "yue"},
      {"yue", "yue"},
      {"arb", "ar"},
      {"arz", "arz"},
      {"als", "sq"},
      {"gsw", "gsw"},
      {"prs", "fa-AF"},
      {"i-klingon", "tlh"},
      {"mo", "ro"},
      {"sh", "sh"},
      {"hbs", "sh"},
      {"SH-cyrl-ba", "sh-Cyrl-BA"},
      {"hbs-Latn", "sh-Latn"},
      {"sr-Latn", "sr-Latn"},
      {"hr", "hr"},
      {"bs", "bs"},
  };
  for (const auto& [given, canonical] : cases) {
    EXPECT_EQ(CanonicalLanguageTag(given), canonical) << given;
    EXPECT_EQ(CanonicalLanguageTag(canonical), canonical) << given;
  }
}

TEST(SameLanguageTest, ScriptAndRegionDoNotMatter) {
  EXPECT_TRUE(SameLanguage("en", "en"));
  EXPECT_TRUE(SameLanguage("zh-Hant-TW", "zh"));
  EXPECT_TRUE(SameLanguage("sr-Latn", "sr-Cyrl"));
  EXPECT_FALSE(SameLanguage("en", "fr"));
  EXPECT_FALSE(SameLanguage("en", "enm"));
}

TEST(SameLanguageTest, NorwegianIsBothOfItsForms) {
  EXPECT_TRUE(SameLanguage("no", "nb"));
  EXPECT_TRUE(SameLanguage("nn-NO", "no"));
  EXPECT_FALSE(SameLanguage("nb", "nn"));
}

TEST(SameLanguageTest, CloseLanguagesAreNotTheSame) {
  const std::string close[] = {"bs", "hr", "sr", "sh"};
  for (const std::string& a : close) {
    for (const std::string& b : close) EXPECT_EQ(SameLanguage(a, b), a == b) << a << " " << b;
  }
  EXPECT_FALSE(SameLanguage("yue", "zh"));
  EXPECT_FALSE(SameLanguage("arz", "ar"));
  EXPECT_FALSE(SameLanguage("da", "no"));
}

TEST(SameLanguageTest, WhatNamesNoLanguageIsTheSameAsNothing) {
  EXPECT_FALSE(SameLanguage("und", "und"));
  EXPECT_FALSE(SameLanguage("", ""));
  EXPECT_FALSE(SameLanguage("und-Latn", "und"));
}

TEST(LanguageTagTest, SubtagsAreCutOut) {
  EXPECT_EQ(LanguageSubtag("zh-Hant-TW"), "zh");
  EXPECT_EQ(LanguageSubtag("en"), "en");
  EXPECT_EQ(ScriptSubtag("zh-Hant-TW"), "Hant");
  EXPECT_EQ(ScriptSubtag("pt-BR"), "");
  EXPECT_EQ(ScriptSubtag("de-1996"), "");
  EXPECT_EQ(ScriptSubtag("en"), "");
}

}  // namespace
}  // namespace hexapla
