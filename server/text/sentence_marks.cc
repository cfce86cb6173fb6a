// SPDX-License-Identifier: Apache-2.0
#include "server/text/sentence_marks.h"

#include <cstdint>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "server/text/code_points.h"

namespace hexapla {
namespace {

constexpr UChar32 kBmpEnd = 0x10000;

MarkKind ClassifyByProperty(UChar32 c) {
  switch (SentenceBreakOf(c)) {
    case U_SB_STERM:
      return MarkKind::kFullStop;
    case U_SB_ATERM:
      return MarkKind::kStop;
    case U_SB_SEP:
      return MarkKind::kSeparator;
    default:
      return MarkKind::kNone;
  }
}

// Which characters of the BMP are marks: 8 KB, and one bit decides most cases.
struct BmpMarks {
  std::bitset<kBmpEnd> is_mark;
  std::array<bool, 256> leads{};

  BmpMarks() {
    for (UChar32 c = 0; c < kBmpEnd; ++c) {
      if (U_IS_SURROGATE(c) || ClassifyMark(c) == MarkKind::kNone) continue;
      is_mark.set(static_cast<size_t>(c));
      uint8_t bytes[U8_MAX_LENGTH];
      size_t size = 0;
      U8_APPEND_UNSAFE(bytes, size, c);
      leads[bytes[0]] = true;
    }
    for (int lead = 0xF0; lead < 0xF8; ++lead) leads[static_cast<size_t>(lead)] = true;
  }
};

const BmpMarks& Bmp() {
  static const BmpMarks* const marks = new BmpMarks;
  return *marks;
}

}  // namespace

MarkKind ClassifyMark(UChar32 c) {
  switch (c) {
    case '!':
    case '?':
    case 0x037E:  // Greek question mark
    case 0x203C:  // "‼"
    case 0x203D:  // "‽"
    case 0x2047:  // "⁇"
    case 0x2048:  // "⁈"
    case 0x2049:  // "⁉"
      return MarkKind::kQuestion;
    case 0x2025:  // "‥"
    case 0x2026:  // "…"
      return MarkKind::kEllipsis;
    case 0x17D4:  // Khmer khan
    case 0x17D5:  // Khmer bariyoosan
    case 0x0F0E:  // Tibetan nyis shad
    case 0xFF0E:  // "．"
      return MarkKind::kFullStop;
    case 0x104A:  // Burmese little section, a comma
      return MarkKind::kNone;
    default:
      return ClassifyByProperty(c);
  }
}

MarkFinder::MarkFinder(char extra) : leads_(Bmp().leads), extra_(extra) {
  if (extra != 0) leads_[static_cast<uint8_t>(extra)] = true;
}

size_t MarkFinder::Find(absl::string_view text, size_t begin, size_t end) const {
  const BmpMarks& bmp = Bmp();
  for (size_t i = begin; i < end;) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (!leads_[byte]) {
      ++i;
      continue;
    }
    if (byte < 0x80) return i;
    const CodePoint c = CodePointAt(text, i);
    const bool is_mark = c.value >= kBmpEnd
                             ? ClassifyMark(c.value) != MarkKind::kNone
                             : c.value >= 0 && bmp.is_mark[static_cast<size_t>(c.value)];
    if (is_mark) return i;
    i = c.end;
  }
  return end;
}

}  // namespace hexapla
