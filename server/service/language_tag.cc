// SPDX-License-Identifier: Apache-2.0
#include "server/service/language_tag.h"

#include <unicode/uloc.h>

namespace hexapla {

std::optional<std::string> CanonicalLanguageTag(absl::string_view tag) {
  constexpr size_t kBytesMax = 128;
  if (tag.empty() || tag.size() > kBytesMax) return std::nullopt;
  char locale[ULOC_FULLNAME_CAPACITY];
  int32_t parsed = 0;
  UErrorCode error = U_ZERO_ERROR;
  uloc_forLanguageTag(std::string(tag).c_str(), locale, sizeof(locale), &parsed, &error);
  // ICU stops without an error at the first subtag that does not fit.
  if (U_FAILURE(error) || static_cast<size_t>(parsed) != tag.size()) return std::nullopt;

  char canonical[ULOC_FULLNAME_CAPACITY];
  const int32_t size =
      uloc_toLanguageTag(locale, canonical, sizeof(canonical), /*strict=*/false, &error);
  if (U_FAILURE(error) || error == U_STRING_NOT_TERMINATED_WARNING) return std::nullopt;
  return std::string(canonical, size);
}

}  // namespace hexapla
