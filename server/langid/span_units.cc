// SPDX-License-Identifier: Apache-2.0
#include "server/langid/span_units.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>

#include "server/langid/text_cleaner.h"
#include "server/text/code_points.h"

namespace hexapla {
namespace {

// Letters of a unit at most. An ideograph says about as much as two letters; in
// the scripts of South-East Asia marks count as letters. Other scripts have
// words, and only what is none is longer.
constexpr uint32_t kIdeographsMax = 6;
constexpr uint32_t kUnspacedMax = 14;
constexpr uint32_t kWordMax = 64;

uint32_t LettersMax(int script) {
  switch (script) {
    case USCRIPT_HAN:
      return kIdeographsMax;
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
    case USCRIPT_TIBETAN:
      return kUnspacedMax;
    default:
      return kWordMax;
  }
}

bool IsLetter(UChar32 c) {
  constexpr uint32_t kMask = U_GC_L_MASK | U_GC_M_MASK;
  return c >= 0 && (U_MASK(u_charType(c)) & kMask) != 0;
}

// What may stand between the letters of a word.
bool JoinsLetters(UChar32 c) {
  constexpr UChar32 kTibetanTsheg = 0x0F0B;
  return c == '\'' || c == '-' || c == 0x2019 || c == 0x200C || c == 0x200D || c == 0xAD ||
         c == kTibetanTsheg || c == 0x2010 || c == 0x2011;
}

bool IsOpening(UChar32 c) {
  const uint32_t category = U_MASK(u_charType(c));
  return (category & (U_GC_PS_MASK | U_GC_PI_MASK)) != 0 || c == 0xBF || c == 0xA1;
}

// Opening for some and closing for others: "x", »x«.
bool MayOpen(UChar32 c) {
  return c == '"' || c == '\'' || (U_MASK(u_charType(c)) & U_GC_PF_MASK) != 0;
}

bool IsQuotation(UChar32 c) {
  constexpr uint32_t kMask = U_GC_PS_MASK | U_GC_PE_MASK | U_GC_PI_MASK | U_GC_PF_MASK;
  return c == '"' || c == '\'' || (U_MASK(u_charType(c)) & kMask) != 0;
}

SpanGap GapOf(UChar32 c) {
  if (c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029) return SpanGap::kLine;
  if (c < 0 || IsSpace(c)) return SpanGap::kSpace;
  if (u_hasBinaryProperty(c, UCHAR_S_TERM)) return SpanGap::kSentence;
  if (IsQuotation(c)) return SpanGap::kQuotation;
  return u_ispunct(c) ? SpanGap::kMark : SpanGap::kSpace;
}

// Where the last line or sentence that ends in [begin, end) is over, with the
// white space behind it; `end` if none does. Digits behind go with what follows.
size_t AfterSentence(absl::string_view text, size_t begin, size_t end) {
  constexpr UChar32 kIdeographic = 0x3000;  // terminators from here need no space
  size_t after = end;
  bool ended = false;
  bool by_line = false;
  for (size_t at = begin; at < end;) {
    const CodePoint c = CodePointAt(text, at);
    at = c.end;
    const SpanGap gap = GapOf(c.value);
    const bool closes = gap == SpanGap::kQuotation && !IsOpening(c.value);
    if (gap == SpanGap::kLine) {
      after = c.end;
      by_line = true;
    } else if (ended && IsSpace(c.value) && !by_line) {
      after = c.end;
    } else if (gap == SpanGap::kSentence && c.value >= kIdeographic && !by_line) {
      after = c.end;
    } else if (closes && after == c.begin && !by_line) {
      after = c.end;
    }
    ended = gap == SpanGap::kSentence || (ended && closes);
  }
  return SkipSpaces(text, after, end);
}

// Where a span begins that starts with the unit at `unit`, when nothing is a
// unit from `begin` on.
size_t CutBefore(absl::string_view text, size_t begin, size_t unit) {
  const size_t sentence = AfterSentence(text, begin, unit);
  if (sentence < unit) return sentence;
  size_t cut = unit;
  for (size_t at = unit; at > begin;) {
    const CodePoint c = CodePointBefore(text, begin, at);
    at = c.begin;
    if (IsSpace(c.value)) continue;
    const UChar32 before = c.begin == begin ? ' ' : CodePointBefore(text, begin, c.begin).value;
    const bool touches_text = c.begin == begin && begin > 0;
    const bool is_free = !touches_text && (IsSpace(before) || IsOpening(before));
    // With a space behind it, as French has it, it must have one before it too.
    const bool opens = c.end == cut ? IsOpening(c.value) || (MayOpen(c.value) && is_free)
                                    : IsOpening(c.value) && is_free;
    if (!opens) break;
    cut = c.begin;
  }
  return cut;
}

// Whether a piece without spaces is an address or the like: it has letters, and
// the clean-up leaves none.
bool IsAddress(absl::string_view piece, CleanedText& cleaned) {
  if (piece.find_first_of("@./") == absl::string_view::npos) return false;
  Clean(piece, cleaned);
  return cleaned.text.empty();
}

class Cutter {
 public:
  explicit Cutter(absl::string_view text) : text_(text) {}

  std::vector<SpanUnit> Run() {
    for (size_t at = 0; at < text_.size();) {
      const CodePoint c = CodePointAt(text_, at);
      if (at >= piece_end_) {
        at = EnterPiece(at);
        if (at > c.begin) continue;
      }
      at = IsLetter(c.value) ? AddUnit(at) : AddToGap(c);
    }
    return std::move(units_);
  }

 private:
  // Looks at what stands between white space as a whole. Returns where it ends
  // if it is no text, else `begin`.
  size_t EnterPiece(size_t begin) {
    size_t end = begin;
    while (end < text_.size()) {
      const CodePoint c = CodePointAt(text_, end);
      if (IsSpace(c.value)) break;
      end = c.end;
    }
    piece_end_ = std::max(end, begin + 1);
    if (end == begin || !IsAddress(text_.substr(begin, end - begin), cleaned_)) return begin;
    gap_ = std::max(gap_, SpanGap::kSpace);
    return end;
  }

  size_t AddToGap(const CodePoint& c) {
    gap_ = std::max(gap_, GapOf(c.value));
    return c.end;
  }

  // Adds the unit that starts with the letter at `begin`; returns its end.
  size_t AddUnit(size_t begin) {
    SpanUnit unit{.range = {.begin = begin, .end = begin}};
    int script = USCRIPT_COMMON;
    for (size_t at = begin; at < text_.size();) {
      const CodePoint c = CodePointAt(text_, at);
      at = c.end;
      if (JoinsLetters(c.value) || u_isdigit(c.value)) continue;
      if (!IsLetter(c.value)) break;
      if (!Mixes(c.value, script) || unit.letters == LettersMax(script)) break;
      ++unit.letters;
      unit.range.end = c.end;
    }
    Append(unit, script);
    return unit.range.end;
  }

  // Whether a letter belongs to a word of `script`, which it decides if it is the
  // first that has one.
  static bool Mixes(UChar32 c, int& script) {
    UErrorCode error = U_ZERO_ERROR;
    const int own = SpanScript(uscript_getScript(c, &error));
    if (U_FAILURE(error) || own == USCRIPT_COMMON || own == USCRIPT_INHERITED) return true;
    if (script == USCRIPT_COMMON) script = own;
    return script == own;
  }

  void Append(SpanUnit& unit, int script) {
    const size_t gap_begin = units_.empty() ? 0 : units_.back().range.end;
    const bool touches = !units_.empty() && gap_begin == unit.range.begin;
    unit.script = static_cast<uint8_t>(script);
    unit.gap = units_.empty() ? SpanGap::kLine : gap_;
    if (touches && script != script_) unit.gap = SpanGap::kSpace;
    unit.cut = units_.empty() ? 0 : CutBefore(text_, gap_begin, unit.range.begin);
    units_.push_back(unit);
    script_ = script;
    gap_ = SpanGap::kInside;
  }

  const absl::string_view text_;
  std::vector<SpanUnit> units_;
  size_t piece_end_ = 0;
  int script_ = USCRIPT_COMMON;
  SpanGap gap_ = SpanGap::kInside;
  CleanedText cleaned_;
};

}  // namespace

int SpanScript(int script) {
  switch (script) {
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
      return USCRIPT_HAN;
    default:
      return script;
  }
}

std::vector<SpanUnit> CutIntoSpanUnits(absl::string_view text) { return Cutter(text).Run(); }

}  // namespace hexapla
