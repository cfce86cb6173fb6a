// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MODELS_SHA256_H_
#define HEXAPLA_SERVER_MODELS_SHA256_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla {

// SHA-256 as 64 lower-case hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);

// The same of a file's content, read in pieces. Cost: about 1.5 GB/s.
// Errors: NotFound, or Unknown when the file cannot be read to its end.
absl::StatusOr<std::string> Sha256HexOfFile(const std::string& path);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MODELS_SHA256_H_
