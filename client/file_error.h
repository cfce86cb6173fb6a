// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FILE_ERROR_H_
#define HEXAPLA_CLIENT_FILE_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hexapla {

// The status of `error`, an errno that came of the file `name`: «NAME: what went
// wrong: why». Never Unavailable, which is an unreachable server's alone
// (ExitCodeFor).
inline absl::Status FileError(absl::string_view name, int error, absl::string_view what) {
  const absl::Status status = absl::ErrnoToStatus(error, what);
  const absl::StatusCode code =
      absl::IsUnavailable(status) ? absl::StatusCode::kUnknown : status.code();
  return absl::Status(code, absl::StrCat(name, ": ", status.message()));
}

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FILE_ERROR_H_
