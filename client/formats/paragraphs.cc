// SPDX-License-Identifier: Apache-2.0
#include "client/formats/paragraphs.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"

#include "client/formats/exchange_text.h"

namespace hexapla {

void Paragraphs::AddText(absl::string_view text) {
  while (!text.empty()) {
    size_t size = 0;
    // No-break spaces are none of these, and stay.
    while (size < text.size() && absl::ascii_isspace(static_cast<unsigned char>(text[size]))) {
      Widen(text[size] == '\n' ? Gap::kLineEnd : Gap::kSpace);
      ++size;
    }
    text.remove_prefix(size);
    size = 0;
    while (size < text.size() && !absl::ascii_isspace(static_cast<unsigned char>(text[size]))) {
      ++size;
    }
    if (size == 0) return;
    FillGap();
    text_.append(text.data(), size);
    text.remove_prefix(size);
  }
}

void Paragraphs::AddPreformatted(absl::string_view text) {
  if (text.empty()) return;
  FillGap();
  text_.append(text.data(), text.size());
}

void Paragraphs::BreakLine() { Widen(Gap::kLineBreak); }

void Paragraphs::EndParagraph() { Widen(Gap::kParagraph); }

std::string Paragraphs::Take() {
  gap_ = Gap::kNone;
  std::string text = std::exchange(text_, "");
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

void Paragraphs::Widen(Gap gap) { gap_ = std::max(gap_, gap); }

void Paragraphs::FillGap() {
  const Gap gap = std::exchange(gap_, Gap::kNone);
  if (text_.empty() || gap == Gap::kNone) return;
  if (gap == Gap::kParagraph) {
    text_ += "\n\n";
  } else if (gap == Gap::kLineBreak) {
    text_ += '\n';
  } else if (gap == Gap::kSpace || !IsWrittenWithoutSpaces(text_)) {
    text_ += ' ';
  }
}

}  // namespace hexapla
