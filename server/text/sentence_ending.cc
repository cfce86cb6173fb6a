// SPDX-License-Identifier: Apache-2.0
#include "server/text/sentence_ending.h"

#include <algorithm>

#include <unicode/uchar.h>

#include "absl/strings/ascii.h"

#include "server/text/cjk_quotation.h"
#include "server/text/word_shapes.h"

namespace hexapla {
namespace {

// Quotations of several sentences are seldom longer, in bytes.
constexpr size_t kQuotationMax = 2048;

// A longer ending is read in parts, so that the caller can poll its deadline;
// no sentence ends between the parts, for a mark follows.
constexpr size_t kEndingMax = 1 << 14;

bool IsSuperscriptDigit(UChar32 c) {
  return c == 0xB9 || c == 0xB2 || c == 0xB3 || (c >= 0x2070 && c <= 0x2079);
}

bool AsksOrExclaims(UChar32 c) {
  return c == '?' || c == '!' || c == 0x061F || c == 0xFF1F || c == 0xFF01;
}

}  // namespace

bool IsCarryingOn(UChar32 c) {
  switch (c) {
    case ',':
    case ';':
    case ':':
    case ')':
    case ']':
    case 0x060C:  // Arabic comma
    case 0x061B:  // Arabic semicolon
    case 0x3001:  // "、"
    case 0xFF0C:  // "，"
    case 0xFF1A:  // "："
    case 0xFF1B:  // "；"
      return true;
    default:
      return false;
  }
}

MarkKind EndingReader::MarkAt(UChar32 c) const {
  if (extra_mark_ != 0 && c == extra_mark_) return MarkKind::kQuestion;
  return ClassifyMark(c);
}

Ending EndingReader::Read(size_t begin) {
  Ending ending{.begin = begin, .end = begin};
  while (ending.end < end_ && ending.end - begin < kEndingMax) {
    if (ReadMark(ending) || ReadCloser(ending) || ReadCitation(ending)) continue;
    if (!ReadSpacedTail(ending)) break;
  }
  ending.next = SkipBlanks(ending.end);
  return ending;
}

bool EndingReader::ReadMark(Ending& ending) const {
  const CodePoint c = CodePointAt(text_, ending.end);
  const MarkKind kind = MarkAt(c.value);
  if (kind == MarkKind::kSeparator) return false;
  if (kind == MarkKind::kNone) {
    // Variation selectors ("‼️") and direction marks.
    if (!IsMarkOrFormat(c.value)) return false;
  } else {
    ending.kind = std::max(ending.kind, kind);
    ending.asks |= AsksOrExclaims(c.value);
    if (kind == MarkKind::kStop) ++ending.dots;
    if (kind == MarkKind::kEllipsis) ending.dots += 3;
    // Two dots are a slip of the finger.
    if (ending.kind == MarkKind::kStop && ending.dots >= 3) ending.kind = MarkKind::kEllipsis;
  }
  ending.end = c.end;
  return true;
}

bool EndingReader::ReadCloser(Ending& ending) {
  const CodePoint c = CodePointAt(text_, ending.end);
  if (!IsCloser(c)) return false;
  const bool parenthesis = c.value == ')' || c.value == 0xFF09;
  ending.closes_parenthesis |= parenthesis;
  ending.closes_quotation |= !parenthesis && SentenceBreakOf(c.value) == U_SB_CLOSE;
  ending.end = c.end;
  return true;
}

bool EndingReader::ReadCitation(Ending& ending) const {
  if (text_[ending.end] != '[') return false;
  size_t i = ending.end + 1;
  while (i < end_ && i <= ending.end + 3 && absl::ascii_isdigit(text_[i])) ++i;
  if (i == ending.end + 1 || i >= end_ || text_[i] != ']') return false;
  ending.end = i + 1;
  return true;
}

bool EndingReader::ReadSpacedTail(Ending& ending) {
  const size_t tail = SkipBlanks(ending.end);
  if (tail == ending.end || tail == end_) return false;
  Ending longer = ending;
  longer.end = tail;
  const CodePoint c = CodePointAt(text_, tail);
  const int type = u_charType(c.value);
  if (type == U_END_PUNCTUATION || (type == U_FINAL_PUNCTUATION && c.value != 0x2019) ||
      (c.value == '"' && IsInQuotation(tail))) {
    ReadCloser(longer);
  } else {
    while (longer.end < end_ && longer.end - tail < kEndingMax && ValueAt(longer.end) < 0x3000 &&
           ReadMark(longer)) {
    }
  }
  const UChar32 next = ValueAt(longer.end);
  const bool detached = longer.end == end_ || IsSpace(next) || IsCarryingOn(next) ||
                        MarkAt(next) != MarkKind::kNone || u_charType(next) == U_FINAL_PUNCTUATION;
  if (longer.end == tail || !detached) return false;
  ending = longer;
  return true;
}

bool EndingReader::IsCloser(const CodePoint& c) {
  switch (c.value) {
    case '"':
    case 0x201C:  // "“", the closing one in German and by mistake elsewhere
      return !IsLetterOrDigit(ValueAt(c.end)) || IsInQuotation(c.begin);
    case '\'':
    case '*':
    case '_':
    case 0x2019:  // "’", also the apostrophe
      return !IsLetterOrDigit(ValueAt(c.end)) || IsCjk(ValueAt(c.end));
    default:
      break;
  }
  if (c.value < 0x80) return c.value == ')' || c.value == ']' || c.value == '}';
  switch (u_charType(c.value)) {
    case U_END_PUNCTUATION:
    case U_FINAL_PUNCTUATION:
      return true;
    case U_INITIAL_PUNCTUATION:  // closes in German: „…“ and »…«
      return !IsLetterOrDigit(ValueAt(c.end));
    default:
      return IsSuperscriptDigit(c.value);
  }
}

bool EndingReader::IsInQuotation(size_t offset) {
  while (quotes_read_ < offset) {
    const CodePoint c = CodePointAt(text_, quotes_read_);
    if (c.value == '"' || c.value == 0x201C || c.value == 0x201D) {
      in_quotation_ = !in_quotation_ && c.value != 0x201D;
      quotation_begin_ = c.begin;
    }
    quotes_read_ = c.end;
  }
  return in_quotation_ && offset - quotation_begin_ <= kQuotationMax;
}

// White space, but not past a separator: that is an ending of its own.
size_t EndingReader::SkipBlanks(size_t offset) const {
  while (offset < end_) {
    const CodePoint c = CodePointAt(text_, offset);
    if (!IsSpace(c.value) || SentenceBreakOf(c.value) == U_SB_SEP) break;
    offset = c.end;
  }
  return offset;
}

UChar32 EndingReader::ValueAt(size_t offset) const {
  return offset < end_ ? CodePointAt(text_, offset).value : U_SENTINEL;
}

}  // namespace hexapla
