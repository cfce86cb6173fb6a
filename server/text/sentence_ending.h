// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_SENTENCE_ENDING_H_
#define HEXAPLA_SERVER_TEXT_SENTENCE_ENDING_H_

#include <cstddef>

#include "absl/strings/string_view.h"

#include "server/text/code_points.h"
#include "server/text/sentence_marks.h"
#include "server/text/text_range.h"

namespace hexapla {

// Everything at the end of a sentence, if it is one: a mark or several, the
// closing quotation marks and brackets after them, and more of both after white
// space, as the French and the careless write.
//
// Example: `?..`, `.”`, ` ? »`, `!)`, `. . .`, `.[12]`.
struct Ending {
  size_t begin = 0;
  size_t end = 0;
  size_t next = 0;  // after the white space; `end` if there is none
  MarkKind kind = MarkKind::kNone;
  int dots = 0;
  bool asks = false;  // holds a question or exclamation mark
  bool closes_quotation = false;
  bool closes_parenthesis = false;

  bool spaced() const { return next > end; }
};

// Whether `c` is punctuation that no sentence starts with: it carries on.
bool IsCarryingOn(UChar32 c);

// Reads the endings of one paragraph, from left to right.
//
// Lifetime: borrows the text.
// Cost: linear in the paragraph for all calls together.
// Threads: compatible.
class EndingReader {
 public:
  // `extra_mark` as in SegmentationRules.
  EndingReader(absl::string_view text, TextRange paragraph, char extra_mark)
      : text_(text), end_(paragraph.end), extra_mark_(extra_mark), quotes_read_(paragraph.begin) {}

  // The kind of mark that `c` is in this text.
  MarkKind MarkAt(UChar32 c) const;

  // Requires: a mark that is no separator stands at `begin`, not before the end
  // of any ending read so far.
  Ending Read(size_t begin);

 private:
  // Each reads one thing at ending.end and returns whether it was there.
  bool ReadMark(Ending& ending) const;
  bool ReadCloser(Ending& ending);
  bool ReadCitation(Ending& ending) const;
  bool ReadSpacedTail(Ending& ending);

  bool IsCloser(const CodePoint& c);

  // Whether a double quotation mark at `offset` would close a quotation: one is
  // open, and not for so long that it was probably left open.
  bool IsInQuotation(size_t offset);

  size_t SkipBlanks(size_t offset) const;
  UChar32 ValueAt(size_t offset) const;

  const absl::string_view text_;
  const size_t end_;
  const char extra_mark_;
  // How far double quotation marks were counted, and what came of it.
  size_t quotes_read_;
  bool in_quotation_ = false;
  size_t quotation_begin_ = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_SENTENCE_ENDING_H_
