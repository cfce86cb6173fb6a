// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_SEGMENTER_H_
#define HEXAPLA_SERVER_TEXT_SEGMENTER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/base/stop_condition.h"
#include "server/text/segmentation_rules.h"
#include "server/text/text_range.h"

namespace hexapla {

// Splits raw text of any language into sentences.
//
// Every line break ends a sentence unless the text is clearly hard-wrapped
// (see paragraphs.h), so headings need no full stop. Within a line a sentence
// ends at a full stop, question mark and their like in any script, with the
// closing quotation marks and brackets after it, unless what follows carries
// on: a lower-case letter, a comma, a number after "No.", a name after "Mr.".
//
// Example: «"How?" he said. See fig. 3... or not!» has two sentences; they end
// after "said." and after "not!".
//
// Invariants of the result: ranges are in order, disjoint, not empty and
// without white space around them; every character that is not white space
// (see IsSpace in code_points.h) is in exactly one.
// Cost: linear; 100 MB/s and more on one core. Building the first of a process
// takes milliseconds: all share one set of rules.
// Threads: immutable once built, so concurrent use is safe.
class Segmenter {
 public:
  Segmenter();

  // Splits `text`. `language` is BCP-47 and chooses abbreviations; "" or "und"
  // or a language without rules of its own takes those of all languages.
  // Requires: `text` is valid UTF-8 (ill-formed bytes are kept, not reported).
  // Errors: Cancelled or DeadlineExceeded as `stop` says.
  absl::StatusOr<std::vector<TextRange>> Split(absl::string_view text, absl::string_view language,
                                               const StopCondition& stop) const;

 private:
  const SegmentationRuleSet& rules_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_SEGMENTER_H_
