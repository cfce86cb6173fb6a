// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_INPUT_FILE_H_
#define HEXAPLA_CLIENT_INPUT_FILE_H_

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla {

// Files over this many bytes are refused, devices without an end included. A
// message of gRPC cannot hold more than twice this.
inline constexpr size_t kInputBytesMax = size_t{1} << 30;

// Reads all of the file `name`, or of `standard_input` when the name is "-".
// Errors, each starting with the name: NotFound or PermissionDenied or Unknown if
// it cannot be read, ResourceExhausted over kInputBytesMax.
absl::StatusOr<std::string> ReadBytes(const std::string& name, std::istream& standard_input);

// The same for UTF-8, without a byte-order mark. Further error: InvalidArgument
// for invalid UTF-8 with its 0-based byte offset in the file.
absl::StatusOr<std::string> ReadInput(const std::string& name, std::istream& standard_input);

// Cuts `text` into lines that borrow from it. Only LF or CRLF ends a line and is
// not part of it; a last line without an end counts; an empty text has no lines.
//
// Example: "a\r\n\nb" has the lines "a", "" and "b".
std::vector<absl::string_view> SplitLines(absl::string_view text);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_INPUT_FILE_H_
