// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_UTF8_H_
#define HEXAPLA_SERVER_TEXT_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace hexapla {

// The offset of the first byte that starts no well-formed UTF-8 character, or
// nullopt if `text` is valid. Surrogates, overlong forms, values over U+10FFFF
// and cut-off characters are invalid; U+0000 and noncharacters are valid.
//
// Example: "ab\xC0\x80" -> 2.
// Cost: linear; 8 bytes at a time through ASCII.
std::optional<size_t> FirstInvalidUtf8(absl::string_view text);

// Whether `byte` is one of a character's bytes behind its first.
inline bool IsContinuationByte(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

// The longest beginning of `text` of at most `bytes_max` bytes that cuts no
// character in two. Requires: `text` is valid UTF-8.
//
// Example: "aé" cut at 2 is "a". Cost: constant. Lifetime: borrows from `text`.
absl::string_view TruncateUtf8(absl::string_view text, size_t bytes_max);

// What an offset into a text counts.
enum class OffsetUnit {
  kUtf8Byte,
  kUtf16Unit,
  kCodePoint,
};

// Converts byte offsets of one text into another unit. The offsets must not
// decrease from call to call, so that any number of them costs one pass.
//
// Example: in "aé😀", byte 7 is UTF-16 unit 4 and code point 3.
//
// Lifetime: borrows the text.
// Cost: linear in the text for all calls together; constant for kUtf8Byte.
// Threads: compatible.
class OffsetConverter {
 public:
  // Requires: `text` is valid UTF-8.
  OffsetConverter(absl::string_view text, OffsetUnit unit) : text_(text), unit_(unit) {}

  // Requires: `byte_offset` lies on a code point boundary (or at the end) and
  // is not below that of the call before.
  size_t Convert(size_t byte_offset);

 private:
  absl::string_view text_;
  OffsetUnit unit_;
  size_t byte_offset_ = 0;
  size_t converted_ = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_UTF8_H_
