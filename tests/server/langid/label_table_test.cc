// SPDX-License-Identifier: Apache-2.0
#include "server/langid/label_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "absl/strings/strip.h"
#include "server/fasttext/model_reader.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Case {
  std::string label;
  std::string language;
};

TEST(LabelTableTest, LabelsBecomeBcp47) {
  const std::vector<Case> cases = {
      // lid.176
      {"en", "en"},
      {"als", "gsw"},
      {"no", "nb"},
      {"nn", "nn"},
      {"sh", "sh"},
      {"bh", "bho"},
      {"eml", "egl"},
      {"nah", "nah"},
      {"diq", "diq"},
      {"min", "min"},
      {"tl", "fil"},
      {"zh", "zh"},
      {"arz", "arz"},
      {"ckb", "ckb"},
      {"sr", "sr"},
      {"he", "he"},
      // OpenLID, lid218, GlotLID
      {"eng_Latn", "en"},
      {"als_Latn", "sq"},
      {"arb_Arab", "ar"},
      {"nob_Latn", "nb"},
      {"zho_Hans", "zh-Hans"},
      {"zho_Hant", "zh-Hant"},
      {"cmn_Hani", "zh"},
      {"yue_Hant", "yue"},
      {"srp_Cyrl", "sr"},
      {"srp_Latn", "sr-Latn"},
      {"hbs_Latn", "sh-Latn"},
      {"nor_Latn", "no"},
      {"pes_Arab", "fa"},
      {"swh_Latn", "sw"},
      {"tgl_Latn", "fil"},
      {"uzn_Cyrl", "uz-Cyrl"},
      {"bho_Deva", "bho"},
      {"ace_Arab", "ace-Arab"},
      {"jpn_Jpan", "ja"},
      {"kor_Hang", "ko-Hang"},
      // Anything else
      {"eng", "en"},
      {"iw", "he"},
      {"pt_BR", "pt-BR"},
      {"zh-tw", "zh-TW"},
      {"spam", "und"},
      {"", "und"},
      {"a b", "und"},
      {"x", "und"},
      {"__", "und"},
  };
  for (const Case& c : cases) EXPECT_EQ(MeaningOfLabel(c.label).language, c.language) << c.label;
}

TEST(LabelTableTest, ScriptsComeFromTheTableTheLabelOrCldr) {
  EXPECT_THAT(MeaningOfLabel("sr").scripts, ElementsAre("Cyrl", "Latn"));
  EXPECT_EQ(MeaningOfLabel("sr").script_given, "");
  EXPECT_THAT(MeaningOfLabel("srp_Latn").scripts, ElementsAre("Latn"));
  EXPECT_EQ(MeaningOfLabel("srp_Latn").script_given, "Latn");
  EXPECT_THAT(MeaningOfLabel("ti").scripts, ElementsAre("Ethi"));
  EXPECT_THAT(MeaningOfLabel("spam").scripts, IsEmpty());
}

TEST(LabelTableTest, EveryLabelOfLid176HasALanguageOfItsOwnAndAScript) {
  const auto model = fasttext::Model::Read("models/lid.176.ftz");
  ASSERT_TRUE(model.ok()) << model.status() << "; deploy/fetch-language-model";
  std::set<std::string> languages;
  const auto& dictionary = (*model)->dictionary();
  ASSERT_EQ(dictionary.labels_size(), 176);
  for (int32_t i = 0; i < dictionary.labels_size(); ++i) {
    const LabelMeaning meaning =
        MeaningOfLabel(absl::StripPrefix(dictionary.label(i), "__label__"));
    EXPECT_TRUE(languages.insert(meaning.language).second) << meaning.language;
    EXPECT_FALSE(meaning.scripts.empty()) << meaning.language;
  }
}

}  // namespace
}  // namespace hexapla
