// SPDX-License-Identifier: Apache-2.0
#include "server/service/language_tag.h"

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
                               "en-xx-yy-zz",
                               "élève",
                               std::string("en\0", 3),
                               "en-" + std::string(200, 'a')};
  for (const std::string& given : cases) {
    EXPECT_EQ(CanonicalLanguageTag(given), std::nullopt) << given;
  }
}

}  // namespace
}  // namespace hexapla
