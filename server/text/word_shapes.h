// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_WORD_SHAPES_H_
#define HEXAPLA_SERVER_TEXT_WORD_SHAPES_H_

#include <unicode/utypes.h>

#include "absl/strings/string_view.h"

namespace hexapla {

// What a word or a character looks like, whatever the language: the part of
// telling an abbreviation that needs no list. Characters may be negative (no
// character), which is none of these; words are without their last full stop.

bool IsLetter(UChar32 c);
bool IsLetterOrDigit(UChar32 c);

// Combining marks and invisible format characters.
bool IsMarkOrFormat(UChar32 c);

// Letters, digits, and what stands within an abbreviation: "c.-à-d", "Ph.D".
bool IsWordPart(UChar32 c);

// "XIV", "I".
bool IsRomanNumeral(absl::string_view word);

// ASCII digits only.
bool IsNumber(absl::string_view word);

// A number such as list items have: "1", "1.2", "12".
bool IsItemNumber(absl::string_view word);

// One letter, with any combining marks.
bool IsOneLetter(absl::string_view word);

// One capital: "K" of "J. K. Rowling".
bool IsInitial(absl::string_view word);

// Letters by ones and twos with full stops between: "U.S", "a.m", "J.-P".
bool IsDottedAcronym(absl::string_view word);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_WORD_SHAPES_H_
