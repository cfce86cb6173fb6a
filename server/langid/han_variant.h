// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_HAN_VARIANT_H_
#define HEXAPLA_SERVER_LANGID_HAN_VARIANT_H_

#include "absl/strings/string_view.h"

namespace hexapla {

// Which script a Chinese text is written in: "Hans", "Hant", or "" when it
// could be either.
//
// Characters that China's first standard (GB 2312) has and Taiwan's (Big5) has
// not are simplified, and the other way round; most are in both. ICU carries
// both standards as converters. The text is decided when three quarters of the
// telling characters agree.
//
// Example: "汉语" -> "Hans", "漢語" -> "Hant", "中文" -> "".
// Cost: two lookups a character; the sets are made at the first use.
absl::string_view HanVariantOf(absl::string_view text);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_HAN_VARIANT_H_
