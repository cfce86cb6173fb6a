// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_USAGE_ERROR_H_
#define HEXAPLA_CLIENT_USAGE_ERROR_H_

#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "client/exit_code.h"

namespace hexapla {

// A usage error found after CLI11 has parsed the words. `what` names the flag, or
// its environment variable with a dollar sign. ParseCommandLine catches it.
class UsageError : public CLI::Error {
 public:
  UsageError(const std::string& what, const std::string& problem)
      : CLI::Error("UsageError", absl::StrCat(what, ": ", problem), kExitUsage) {}
};

// "90" is seconds; else a number with a unit, as in "1.5s", "200ms" or "2m".
// Throws UsageError about `flag` for anything else, and for nothing or less.
absl::Duration ParseTime(const std::string& flag, const std::string& text);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_USAGE_ERROR_H_
