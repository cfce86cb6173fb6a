// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_SPAN_UNITS_H_
#define HEXAPLA_SERVER_LANGID_SPAN_UNITS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"

#include "server/text/text_range.h"

namespace hexapla {

// What stands between two units of a text, the weakest sign of a change of
// language first.
enum class SpanGap : uint8_t {
  kInside,     // nothing: pieces of one run of a script
  kSpace,      // white space, digits, addresses; or a change of script
  kMark,       // a comma, colon, dash or the like
  kQuotation,  // a quotation mark or bracket
  kSentence,   // the end of a sentence
  kLine,       // a line break
};
inline constexpr size_t kSpanGaps = 6;

// A piece of text whose language is not looked into any further.
struct SpanUnit {
  // Its bytes, from its first letter to its last.
  TextRange range;
  // Where a span that starts with it begins: behind the end of the sentence or
  // line before it, else before the opening quotation marks and brackets in front
  // of it and behind all else. 0 for the first.
  size_t cut = 0;
  uint32_t letters = 0;
  // The script of its letters, ICU's code; Han for kana and Bopomofo too.
  uint8_t script = 0;
  // What stands before it; kLine for the first.
  SpanGap gap = SpanGap::kLine;
};

// The script that stands for `script` in SpanUnit.
int SpanScript(int script);

// Cuts a text into units: its words, each in one script, with what joins parts
// of words (apostrophes, hyphens). Runs without spaces (Chinese, Japanese, Thai,
// ...) are cut into pieces of some characters, and so are words that never end.
//
// Example: «He said: "il pleut".» has the units He, said, il, pleut, with the
// gaps line, space, quotation, space; a span starting at "il" begins with the
// quotation mark.
//
// Digits, punctuation, emoji and addresses (URLs, e-mail) are no units: they go
// with the unit before them, at the beginning of a sentence with that behind.
// Requires: `text` is valid UTF-8. Cost: linear, about 20 ns a character.
std::vector<SpanUnit> CutIntoSpanUnits(absl::string_view text);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_SPAN_UNITS_H_
