// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_PARAGRAPHS_H_
#define HEXAPLA_SERVER_TEXT_PARAGRAPHS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/base/stop_condition.h"
#include "server/text/text_range.h"

namespace hexapla {

// Cuts a text at the line breaks (LF, CRLF, CR) that end a sentence, which is
// all of them unless the text is clearly hard-wrapped: in raw documents a line
// is a paragraph, a heading or a list item, and many have no full stop.
//
// A run of lines without a blank one is hard-wrapped when somebody filled it
// up to a margin: its longest line has 60 to 100 characters; at least two thirds
// of its line breaks are full, which is to say that the first word of the next
// line would not have fit before the margin; most lines do not end in sentence
// punctuation; and at least a third of the lines after a break start with a
// small letter. A script without case needs four lines and every break full.
// In a hard-wrapped run, full breaks are mere spaces; the others still cut, and
// so does a break before a list marker or the ">" of an e-mail.
//
// The ranges are in order, disjoint, not empty and without white space around
// them; between them is only white space. Requires: `text` is valid UTF-8.
// Errors: as `stop` says. Cost: linear.
absl::StatusOr<std::vector<TextRange>> SplitIntoParagraphs(absl::string_view text,
                                                           const StopCondition& stop);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_PARAGRAPHS_H_
