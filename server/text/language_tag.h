// SPDX-License-Identifier: Apache-2.0
//
// The one place that says what a language's tag is and which tags name the same
// language. Everything else compares tags in canonical form by SameLanguage.
#ifndef HEXAPLA_SERVER_TEXT_LANGUAGE_TAG_H_
#define HEXAPLA_SERVER_TEXT_LANGUAGE_TAG_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace hexapla {

// A BCP-47 tag in its canonical form, or nothing if it is not well-formed.
// Well-formed is not known: "qqq" is. A language of more than three letters is not,
// though the grammar keeps room for such: none is registered, names are meant.
//
// The form is that of ICU, whose aliases come from CLDR: the usual case, the
// shortest code, the name in use for a deprecated one, and the macrolanguage for
// the member that is commonly meant by it. One alias is not taken: "sh" stays
// what it is, for it is Croatian and Bosnian as much as Serbian.
//
// Examples: "ZH-hant-tw" -> "zh-Hant-TW"; "eng" -> "en"; "iw" -> "he"; "tl" ->
// "fil"; "cmn" -> "zh"; "als" -> "sq"; "hbs-Latn" -> "sh-Latn"; "no", "nb", "nn",
// "yue" and "arz" are themselves; nothing: "", "e", "en_US", "en-",
// "english".
// Cost: about 10 µs.
std::optional<std::string> CanonicalLanguageTag(absl::string_view tag);

// Whether two canonical tags name one language, whatever the script and region:
// "zh-Hant" and "zh". "no", Norwegian, is both "nb" and "nn", which are two; so
// this is no equivalence. What is close is not the same: "bs", "hr", "sr" and
// "sh" are four languages, "yue" is not "zh". "und" and "" name none.
bool SameLanguage(absl::string_view a, absl::string_view b);

// The first subtag of a tag, its language. Example: "zh-Hant" -> "zh".
absl::string_view LanguageSubtag(absl::string_view tag);

// The script subtag of a canonical tag, or "". Example: "zh-Hant-TW" -> "Hant".
absl::string_view ScriptSubtag(absl::string_view tag);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_LANGUAGE_TAG_H_
