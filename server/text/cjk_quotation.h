// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_CJK_QUOTATION_H_
#define HEXAPLA_SERVER_TEXT_CJK_QUOTATION_H_

#include <cstddef>

#include <unicode/utypes.h>

#include "absl/strings/string_view.h"

namespace hexapla {

// Whether `c` is Han, kana, bopomofo or Hangul.
bool IsCjk(UChar32 c);

// Whether what follows a closing quotation mark at once, in [begin, end),
// carries the sentence on: a Japanese particle (「…。」と言った), any Korean word
// ("…?"라고), or a short Chinese clause that says who spoke (“…？”他问。).
// Requires: begin < end; a CJK character starts at `begin`.
bool CjkQuotationCarriesOn(absl::string_view text, size_t begin, size_t end);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_CJK_QUOTATION_H_
