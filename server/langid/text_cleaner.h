// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_TEXT_CLEANER_H_
#define HEXAPLA_SERVER_LANGID_TEXT_CLEANER_H_

#include <unicode/uscript.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hexapla {

// How many letters of each script a text has. Han, Hiragana and so on count
// apart; letters without a script of their own do not count.
class ScriptCounts {
 public:
  void Clear() {
    for (const uint8_t script : seen_) counts_[script] = 0;
    seen_.clear();
    letters_ = 0;
  }
  void Add(uint8_t script) {
    if (counts_[script]++ == 0) seen_.push_back(script);
    ++letters_;
  }

  // Letters of all scripts together.
  uint32_t letters() const { return letters_; }
  // The scripts that have letters, as ICU's UScriptCode, in order of appearance.
  const std::vector<uint8_t>& seen() const { return seen_; }
  uint32_t of(int script) const { return counts_[script]; }
  // Japanese mixes two with Han.
  uint32_t kana() const { return of(USCRIPT_HIRAGANA) + of(USCRIPT_KATAKANA); }

  // The script with the most letters; of equals, the one that appeared first.
  // USCRIPT_COMMON when there are no letters.
  int Dominant() const;

 private:
  std::array<uint32_t, 256> counts_ = {};
  std::vector<uint8_t> seen_;
  uint32_t letters_ = 0;
};

// What of a text tells its language.
struct CleanedText {
  std::string text;
  ScriptCounts scripts;
};

// At most this many bytes of a text are looked at; see Clean.
inline constexpr size_t kCleanedBytesMax = 8192;

// Replaces `cleaned` by what of `text` tells its language: letters with their
// marks, apostrophes and joiners between letters, all composed (NFC) and in
// lower case, separated by single spaces wherever anything else stood. Gone are
// URLs, e-mail addresses, handles ("@name"), emoji, digits and punctuation.
//
// Example: "L'ÉTÉ 2024 :-) https://example.org/x" -> "l'été".
//
// Of a text over kCleanedBytesMax, eight pieces of a kibibyte are looked at, the
// first at its beginning, the last at its end and the others evenly between,
// each cut at white space where there is some nearby: the cost is bounded, and
// a change of language halfway is seen.
//
// `text` should be valid UTF-8; bytes that are not count as punctuation.
// Cost: about 10 ns a character, no allocation once `cleaned` has grown.
void Clean(absl::string_view text, CleanedText& cleaned);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_TEXT_CLEANER_H_
