// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_NORMALIZER_H_
#define HEXAPLA_SERVER_TEXT_NORMALIZER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "server/text/text_range.h"

namespace hexapla {

// A text in NFKC with case folded (Unicode's NFKC_Casefold, which also drops
// default-ignorable characters), and the way back to the bytes it came from.
//
// Example: "Ｆｉſh" -> "fish"; Original({0, 1}) is the three bytes of "Ｆ".
//
// Invariants: text() is valid UTF-8 and normalising it again changes nothing.
// Cost: one pass; ASCII needs no map, other text one entry per changed run.
// Threads: immutable once built.
class NormalizedText {
 public:
  // Normalises `text`, which must be valid UTF-8 and shorter than 2^31 bytes.
  explicit NormalizedText(absl::string_view text);

  absl::string_view text() const { return text_; }

  // The smallest range of the original that everything in `range` of text()
  // came from. A changed run is never cut: part of it maps to all of it.
  TextRange Original(TextRange range) const;

 private:
  // Where a run starts on both sides; it ends where the next one starts.
  struct Run {
    size_t normalized;
    size_t original;
    bool changed;
  };

  const Run& RunAt(size_t normalized_offset) const;

  std::string text_;
  std::vector<Run> runs_;  // empty: both sides have the same offsets
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_NORMALIZER_H_
