// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_MACROLANGUAGE_H_
#define HEXAPLA_SERVER_LANGID_MACROLANGUAGE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hexapla {

// The macrolanguage of ISO 639-3 that a language belongs to, in BCP-47, or the
// tag itself if there is none. `tag` is canonical; what follows the language in
// it is dropped with it: the script stands apart in an answer.
//
// Examples: "hr", "bs", "sr-Latn" -> "sh"; "id" -> "ms"; "nb", "nn" -> "no";
// "yue" -> "zh"; "arz" -> "ar"; "zh-Hant" and "en" are themselves.
// Only members that language identifiers in use can name are known.
std::string MacrolanguageOf(absl::string_view tag);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_MACROLANGUAGE_H_
