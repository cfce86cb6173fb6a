// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_TEXT_RANGE_H_
#define HEXAPLA_SERVER_TEXT_TEXT_RANGE_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace hexapla {

// A half-open range [begin, end) of UTF-8 bytes in a text that someone else
// holds. Both ends lie on code point boundaries.
struct TextRange {
  size_t begin = 0;
  size_t end = 0;

  size_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  absl::string_view Of(absl::string_view text) const { return text.substr(begin, end - begin); }

  friend bool operator==(const TextRange&, const TextRange&) = default;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_TEXT_RANGE_H_
