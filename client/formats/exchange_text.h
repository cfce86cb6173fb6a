// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_EXCHANGE_TEXT_H_
#define HEXAPLA_CLIENT_FORMATS_EXCHANGE_TEXT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "hexapla/v1/alignment_service.pb.h"

namespace hexapla {

// Whether `text` ends in a script that puts no space between words, such as Han.
bool IsWrittenWithoutSpaces(absl::string_view text);

// The sentences of a side as one text: with a space between two, or with nothing
// after a character of a script that is written without spaces, such as Han.
// Empty where the version is absent.
std::string JoinSentences(const v1::BeadSide& side);

// Whether XML 1.0 has this character: tab, newline, carriage return and all from
// the space on, U+FFFE and U+FFFF excepted.
bool IsXmlCharacter(int32_t code_point);

// Cuts UTF-8 text where XML cannot hold it. Calls visit_text(run) for each run of
// characters that it can, and visit_other(code_point) for each other character,
// in order. Bytes that are not UTF-8 come as U+FFFD.
void ForEachXmlRun(absl::string_view text,
                   const std::function<void(const std::string& run)>& visit_text,
                   const std::function<void(int32_t code_point)>& visit_other);

// `text` with U+FFFD for every character that XML cannot hold.
std::string XmlText(absl::string_view text);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_EXCHANGE_TEXT_H_
