// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_CODE_POINTS_H_
#define HEXAPLA_SERVER_TEXT_CODE_POINTS_H_

#include <cstddef>
#include <cstdint>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "absl/strings/string_view.h"

#include "server/text/text_range.h"

namespace hexapla {

// A code point and the bytes it stands in. Ill-formed bytes have value -1.
struct CodePoint {
  UChar32 value = -1;
  size_t begin = 0;
  size_t end = 0;
};

// The code point that starts at `offset`. Requires: offset < text.size().
inline CodePoint CodePointAt(absl::string_view text, size_t offset) {
  CodePoint result{.begin = offset, .end = offset};
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  U8_NEXT(bytes, result.end, text.size(), result.value);
  return result;
}

// The code point that ends at `offset`, not reaching below `floor`.
// Requires: floor < offset <= text.size().
inline CodePoint CodePointBefore(absl::string_view text, size_t floor, size_t offset) {
  // ICU's macro for this counts in 32 bits.
  size_t begin = offset - 1;
  while (begin > floor && offset - begin < U8_MAX_LENGTH && U8_IS_TRAIL(text[begin])) --begin;
  const CodePoint result = CodePointAt(text, begin);
  return result.end == offset ? result : CodePoint{.begin = offset - 1, .end = offset};
}

// Unicode's Sentence_Break class of `c`, a USentenceBreak.
inline int SentenceBreakOf(UChar32 c) { return u_getIntPropertyValue(c, UCHAR_SENTENCE_BREAK); }

// White space as a reader sees it: Unicode's White_Space, and the two invisible
// spaces that are not in it (zero width space, byte-order mark).
inline bool IsSpace(UChar32 c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  return c == 0x200B || c == 0xFEFF || u_isUWhiteSpace(c);
}

// The end of the white space that starts at `offset`.
inline size_t SkipSpaces(absl::string_view text, size_t offset, size_t end) {
  while (offset < end) {
    const CodePoint c = CodePointAt(text, offset);
    if (!IsSpace(c.value)) break;
    offset = c.end;
  }
  return offset;
}

// `range` without the white space at either end.
inline TextRange Trim(absl::string_view text, TextRange range) {
  range.begin = SkipSpaces(text, range.begin, range.end);
  while (range.begin < range.end) {
    const CodePoint c = CodePointBefore(text, range.begin, range.end);
    if (!IsSpace(c.value)) break;
    range.end = c.begin;
  }
  return range;
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_CODE_POINTS_H_
