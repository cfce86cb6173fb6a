// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_EXIT_CODE_H_
#define HEXAPLA_CLIENT_EXIT_CODE_H_

#include "absl/status/status.h"

namespace hexapla {

// What the program returns to its caller; part of the contract with scripts.
enum ExitCode : int {
  kExitDone = 0,
  // Unreadable or invalid input, an error of a call, a server that is not serving.
  kExitFailed = 1,
  // An unknown command, flag, value or format, or a wrong number of files.
  kExitUsage = 2,
  // No connection in time, or the server stayed unavailable after the retries.
  kExitUnreachable = 3,
};

// The exit code for the outcome of a command. Only an unreachable server gives
// the code Unavailable, so it alone decides between 1 and 3.
inline ExitCode ExitCodeFor(const absl::Status& status) {
  if (status.ok()) return kExitDone;
  return absl::IsUnavailable(status) ? kExitUnreachable : kExitFailed;
}

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_EXIT_CODE_H_
