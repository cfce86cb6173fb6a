// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_SENTENCE_MARKS_H_
#define HEXAPLA_SERVER_TEXT_SENTENCE_MARKS_H_

#include <array>
#include <bitset>
#include <cstddef>

#include <unicode/utypes.h>

#include "absl/strings/string_view.h"

namespace hexapla {

// What a character that may end a sentence needs in order to do so; of several
// in a row, the greatest counts.
enum class MarkKind {
  kNone,
  kEllipsis,   // "…": a capital after it
  kStop,       // ".": no abbreviation before it, no small letter after it
  kQuestion,   // "?", "!": no small letter after it
  kFullStop,   // "。", "؟", "।": nothing; these have no other use
  kSeparator,  // U+2028, U+2029, U+0085: nothing, and it is white space itself
};

// Unicode's Sentence_Break classes STerm, ATerm and Sep, from ICU, with what
// they lack (ellipsis, Khmer and Tibetan stops) and without the Burmese comma.
MarkKind ClassifyMark(UChar32 c);

// Finds the characters of a text that ClassifyMark knows.
//
// Cost: a table look-up a byte in most scripts. Threads: immutable.
class MarkFinder {
 public:
  // `extra`: one more ASCII character to find, or 0.
  explicit MarkFinder(char extra);

  // The first mark in [begin, end), or `end`.
  size_t Find(absl::string_view text, size_t begin, size_t end) const;

 private:
  std::array<bool, 256> leads_{};  // bytes that some mark starts with
  char extra_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_SENTENCE_MARKS_H_
