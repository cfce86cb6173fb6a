// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_SECRET_FILE_H_
#define HEXAPLA_SERVER_OPS_SECRET_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace hexapla {

// Reads a small file whole: a key, certificates, tokens. Errors: NotFound when
// it cannot be read, with the system's reason, FailedPrecondition when it is
// longer than `bytes_max`; both name the path.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path, size_t bytes_max);

// What tells that a file was replaced or written: changes with its contents, is
// empty when it cannot be looked at.
std::string FileStamp(const std::string& path);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_SECRET_FILE_H_
