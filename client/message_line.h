// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_MESSAGE_LINE_H_
#define HEXAPLA_CLIENT_MESSAGE_LINE_H_

#include <ostream>

#include "absl/strings/string_view.h"

#include "client/text_layout.h"

namespace hexapla {

// Writes "KIND: MESSAGE" as one line for people. A name of a file in it may hold
// anything; what would steer a terminal, line ends included, does not get there.
inline void WriteMessage(absl::string_view kind, absl::string_view message, std::ostream& errors) {
  errors << kind << ": " << Printable(message) << '\n';
}

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_MESSAGE_LINE_H_
