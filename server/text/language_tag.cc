// SPDX-License-Identifier: Apache-2.0
#include "server/text/language_tag.h"

#include <unicode/locid.h>
#include <unicode/uloc.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace hexapla {
namespace {

// Whether `a` is Norwegian and `b` one of its two written languages.
bool IsNorwegianAndForm(absl::string_view a, absl::string_view b) {
  return a == "no" && (b == "nb" || b == "nn");
}

// The tag of a locale in ICU's own notation.
std::optional<std::string> ToTag(const char* locale) {
  char tag[ULOC_FULLNAME_CAPACITY];
  UErrorCode error = U_ZERO_ERROR;
  const int32_t size = uloc_toLanguageTag(locale, tag, sizeof(tag), /*strict=*/false, &error);
  if (U_FAILURE(error) || error == U_STRING_NOT_TERMINATED_WARNING) return std::nullopt;
  return std::string(tag, size);
}

}  // namespace

std::optional<std::string> CanonicalLanguageTag(absl::string_view tag) {
  constexpr size_t kBytesMax = 128;
  // No language of four to eight letters is registered: that is a name, as "english".
  constexpr size_t kLettersMax = 3;
  if (tag.empty() || tag.size() > kBytesMax) return std::nullopt;
  char name[ULOC_FULLNAME_CAPACITY];
  int32_t parsed = 0;
  UErrorCode error = U_ZERO_ERROR;
  uloc_forLanguageTag(std::string(tag).c_str(), name, sizeof(name), &parsed, &error);
  // ICU stops without an error at the first subtag that does not fit.
  if (U_FAILURE(error) || static_cast<size_t>(parsed) != tag.size()) return std::nullopt;

  icu::Locale locale(name);
  const absl::string_view language = locale.getLanguage();
  if (language.size() > kLettersMax) return std::nullopt;
  if (language == "sh" || language == "hbs") {
    const std::optional<std::string> serbo_croatian = ToTag(name);
    if (!serbo_croatian.has_value()) return std::nullopt;
    return absl::StrCat("sh", serbo_croatian->substr(language.size()));
  }
  locale.canonicalize(error);
  if (U_FAILURE(error)) return std::nullopt;
  return ToTag(locale.getName());
}

bool SameLanguage(absl::string_view a, absl::string_view b) {
  a = LanguageSubtag(a);
  b = LanguageSubtag(b);
  if (a == b) return !a.empty() && a != "und";
  return IsNorwegianAndForm(a, b) || IsNorwegianAndForm(b, a);
}

absl::string_view LanguageSubtag(absl::string_view tag) { return tag.substr(0, tag.find('-')); }

absl::string_view ScriptSubtag(absl::string_view tag) {
  const size_t hyphen = tag.find('-');
  if (hyphen == absl::string_view::npos) return "";
  const absl::string_view second = tag.substr(hyphen + 1, tag.find('-', hyphen + 1) - hyphen - 1);
  return second.size() == 4 && absl::ascii_isalpha(second[0]) ? second : "";
}

}  // namespace hexapla
