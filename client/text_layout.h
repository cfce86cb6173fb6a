// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_TEXT_LAYOUT_H_
#define HEXAPLA_CLIENT_TEXT_LAYOUT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hexapla {

enum class Justify { kLeft, kRight };

// Measures and wraps text for a terminal, where a column is the width of a Latin
// letter: East Asian wide characters and emoji take two, combining marks none.
//
// All text is valid UTF-8 without characters that steer a terminal; Printable()
// makes it so.
//
// Threads: not safe for concurrent use, for ICU's break iterators are not.
class TextLayout {
 public:
  TextLayout();
  ~TextLayout();

  // The columns that `text` takes. Invisible direction marks take none.
  int DisplayWidth(absl::string_view text);

  // Breaks `text` into lines of at most `columns` (at least 2), between words as
  // Unicode's line breaking has them, inside a word only where it is wider than
  // a line. White space at the breaks is dropped. Never empty: a blank text is
  // one empty line.
  std::vector<std::string> Wrap(absl::string_view text, int columns);

  // Fills `text` with spaces to `columns`; a wider text stays as it is.
  std::string Pad(absl::string_view text, int columns, Justify justify);

  // The longest beginning of `text` that fits into `columns`, with "…" as its
  // last column where something is cut off.
  std::string Truncate(absl::string_view text, int columns);

 private:
  struct Iterators;

  // The end of the last grapheme cluster that fits, and the columns up to it.
  std::string FittingPrefix(absl::string_view text, int columns);

  const std::unique_ptr<Iterators> iterators_;
};

// A copy of `text` that is safe to send to a terminal: white space of any kind
// becomes a space, other control characters U+FFFD, and the marks that would
// switch the direction of what follows (U+202A to U+202E, U+2066 to U+2069) go.
std::string Printable(absl::string_view text);

// Whether text in `language` (BCP-47) runs from right to left. For "und" or an
// unknown script the first strong letter of `sample` decides.
bool IsRightToLeft(absl::string_view language, absl::string_view sample);

// Wraps `text` in a right-to-left (or left-to-right) isolate, so that a terminal
// which reorders text does so inside it and nowhere else. Left-to-right text
// without a right-to-left letter needs no isolate and stays as it is.
std::string Isolate(absl::string_view text, bool right_to_left);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_TEXT_LAYOUT_H_
