// SPDX-License-Identifier: Apache-2.0
#include "server/text/utf8.h"

#include <cassert>
#include <cstdint>
#include <cstring>

#include <unicode/utf8.h>

namespace hexapla {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;

// The first offset from `begin` on whose byte is not ASCII, at most 7 too early.
size_t SkipAscii(absl::string_view text, size_t begin) {
  while (begin + sizeof(uint64_t) <= text.size()) {
    uint64_t bytes;
    std::memcpy(&bytes, text.data() + begin, sizeof(bytes));
    if ((bytes & kHighBits) != 0) break;
    begin += sizeof(bytes);
  }
  return begin;
}

// Characters of four bytes are the ones that take two UTF-16 units.
bool LeadsFour(char byte) { return static_cast<uint8_t>(byte) >= 0xF0; }

}  // namespace

std::optional<size_t> FirstInvalidUtf8(absl::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  size_t offset = 0;
  while (offset < text.size()) {
    if (bytes[offset] < 0x80) {
      const size_t ascii_end = SkipAscii(text, offset);
      offset = ascii_end > offset ? ascii_end : offset + 1;
      continue;
    }
    const size_t begin = offset;
    UChar32 code_point;
    U8_NEXT(bytes, offset, text.size(), code_point);
    if (code_point < 0) return begin;
  }
  return std::nullopt;
}

absl::string_view TruncateUtf8(absl::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && IsContinuationByte(text[end])) --end;
  return text.substr(0, end);
}

size_t OffsetConverter::Convert(size_t byte_offset) {
  assert(byte_offset >= byte_offset_ && byte_offset <= text_.size());
  if (unit_ == OffsetUnit::kUtf8Byte) return byte_offset;
  // A plain loop without branches: the compiler vectorises it.
  const bool utf16 = unit_ == OffsetUnit::kUtf16Unit;
  size_t count = 0;
  for (size_t i = byte_offset_; i < byte_offset; ++i) {
    count += !IsContinuationByte(text_[i]);
    count += utf16 && LeadsFour(text_[i]);
  }
  byte_offset_ = byte_offset;
  converted_ += count;
  return converted_;
}

}  // namespace hexapla
