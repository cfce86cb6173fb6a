// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_LANGUAGE_TAG_H_
#define HEXAPLA_SERVER_SERVICE_LANGUAGE_TAG_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace hexapla {

// A BCP-47 tag in its canonical form, so that the engine compares plain strings;
// nothing if it is not well-formed. Well-formed is not known: "qqq" is.
//
// Examples: "en" -> "en"; "ZH-hant-tw" -> "zh-Hant-TW"; "iw" -> "he";
// nothing: "", "e", "en_US", "en-", "english language".
// Cost: under a microsecond.
std::optional<std::string> CanonicalLanguageTag(absl::string_view tag);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_LANGUAGE_TAG_H_
