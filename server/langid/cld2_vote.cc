// SPDX-License-Identifier: Apache-2.0
#include "server/langid/cld2_vote.h"

#include <cld2/internal/generated_language.h>
#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <algorithm>
#include <array>

#include "server/langid/label_table.h"
#include "server/text/language_tag.h"

namespace hexapla {

int AskCld2(absl::string_view text) {
  // Else short texts get no answer.
  constexpr int kBestEffort = CLD2::kCLDFlagBestEffort;
  constexpr bool kPlainText = true;
  const CLD2::CLDHints hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  std::array<CLD2::Language, 3> languages;
  std::array<int, 3> percents;
  std::array<double, 3> scores;
  int text_bytes = 0;
  bool sure = false;
  CLD2::ExtDetectLanguageSummary(text.data(), static_cast<int>(text.size()), kPlainText, &hints,
                                 kBestEffort, languages.data(), percents.data(), scores.data(),
                                 nullptr, &text_bytes, &sure);
  return std::max<int>(languages[0], 0);
}

std::vector<std::string> Cld2Languages() {
  std::vector<std::string> tags;
  for (int i = 0; i < CLD2::NUM_LANGUAGES; ++i) {
    const std::string code = CLD2::LanguageCode(static_cast<CLD2::Language>(i));
    // "xx-Goth" and the like name a script, "un" nothing, "blu" a mistake.
    const bool is_language = code.size() >= 2 && code != "un" && code.substr(0, 2) != "xx";
    const std::string tag = is_language ? MeaningOfLabel(code).language : "und";
    tags.emplace_back(LanguageSubtag(tag));
  }
  return tags;
}

}  // namespace hexapla
