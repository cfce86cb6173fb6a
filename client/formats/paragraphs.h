// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_PARAGRAPHS_H_
#define HEXAPLA_CLIENT_FORMATS_PARAGRAPHS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hexapla {

// Collects running text out of marked-up text: paragraphs with a blank line
// between two, lines of one paragraph only where the markup breaks the line. White
// space is what HTML makes of it: any run of it is one space, none at the ends. A
// line break in the source within text of a script without spaces (Han, kana) is
// nothing at all.
//
// Example: AddText("One\n two"), EndParagraph(), AddText("3"), BreakLine(),
// AddText("4") make "One two\n\n3\n4".
class Paragraphs {
 public:
  void AddText(absl::string_view text);
  // The same, but line breaks stay and so does white space.
  void AddPreformatted(absl::string_view text);
  void BreakLine();
  void EndParagraph();

  // The text so far. Empty, or its last character is not white space.
  std::string Take();

 private:
  enum class Gap { kNone, kSpace, kLineEnd, kLineBreak, kParagraph };

  void Widen(Gap gap);
  void FillGap();

  std::string text_;
  // What comes before the next character.
  Gap gap_ = Gap::kNone;
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_PARAGRAPHS_H_
