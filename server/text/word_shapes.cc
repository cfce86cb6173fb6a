// SPDX-License-Identifier: Apache-2.0
#include "server/text/word_shapes.h"

#include <algorithm>

#include <unicode/uchar.h>

#include "absl/strings/ascii.h"

#include "server/text/code_points.h"

namespace hexapla {

bool IsLetter(UChar32 c) { return c >= 0 && u_isalpha(c); }

bool IsLetterOrDigit(UChar32 c) { return c >= 0 && u_isalnum(c); }

bool IsMarkOrFormat(UChar32 c) {
  if (c < 0x80 || IsSpace(c)) return false;
  return (U_GET_GC_MASK(c) & (U_GC_M_MASK | U_GC_CF_MASK)) != 0;
}

bool IsWordPart(UChar32 c) {
  return c == '.' || c == '-' || IsLetterOrDigit(c) || IsMarkOrFormat(c);
}

bool IsRomanNumeral(absl::string_view word) {
  return !word.empty() && word.find_first_not_of("IVXLCDM") == absl::string_view::npos;
}

bool IsNumber(absl::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), absl::ascii_isdigit);
}

bool IsItemNumber(absl::string_view word) {
  return !word.empty() && absl::ascii_isdigit(word[0]) && word.size() <= 8 &&
         word.find_first_not_of("0123456789.") == absl::string_view::npos &&
         std::min(word.find('.'), word.size()) <= 3;
}

bool IsOneLetter(absl::string_view word) {
  if (word.empty()) return false;
  const CodePoint first = CodePointAt(word, 0);
  if (!IsLetter(first.value)) return false;
  for (size_t i = first.end; i < word.size();) {
    const CodePoint c = CodePointAt(word, i);
    if (!IsMarkOrFormat(c.value)) return false;
    i = c.end;
  }
  return true;
}

bool IsInitial(absl::string_view word) {
  return IsOneLetter(word) && u_isUUppercase(CodePointAt(word, 0).value);
}

bool IsDottedAcronym(absl::string_view word) {
  size_t letters = 0, dots = 0;
  for (size_t i = 0; i < word.size();) {
    const CodePoint c = CodePointAt(word, i);
    i = c.end;
    if (c.value == '.') {
      letters = 0;
      ++dots;
    } else if (IsLetter(c.value)) {
      if (++letters > 2) return false;
    } else if (c.value != '-' && !IsMarkOrFormat(c.value)) {
      return false;
    }
  }
  return dots > 0 && letters > 0;
}

}  // namespace hexapla
