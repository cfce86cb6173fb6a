// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_ENCODING_H_
#define HEXAPLA_CLIENT_FORMATS_ENCODING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hexapla {

// Asks for a guess instead of a name.
inline constexpr char kEncodingAuto[] = "auto";

// A text that was decoded.
struct DecodedText {
  // UTF-8, without a byte-order mark.
  std::string text = {};
  // The encoding, where it was guessed from bytes that are not UTF-8; else "".
  std::string guessed = {};
};

// Turns bytes into UTF-8 and drops a byte-order mark. `encoding` is a name that
// ICU knows ("windows-1251", "Shift_JIS", "UTF-16"), "" for UTF-8, or kEncodingAuto.
//
// The guess: a byte-order mark decides; bytes that are UTF-8 are; then the
// `declared` name counts, such as a page has in its head, and at last ICU's
// detector, which needs some hundred bytes to be sure of single-byte encodings.
//
// Errors, none of which quotes the text: InvalidArgument with the 0-based offset
// of the first byte that the encoding does not have, or if no guess is possible.
absl::StatusOr<DecodedText> Decode(std::string bytes, const std::string& encoding,
                                   const std::string& declared);

// Fails if neither kEncodingAuto nor an encoding that Decode knows.
absl::Status CheckEncoding(const std::string& encoding);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_ENCODING_H_
