// SPDX-License-Identifier: Apache-2.0
#include "client/usage_error.h"

#include <cmath>

#include "absl/strings/numbers.h"

namespace hexapla {

absl::Duration ParseTime(const std::string& flag, const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds) && std::isfinite(seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    throw UsageError(flag, "expected a time such as 30, 1.5s or 200ms");
  }
  if (duration <= absl::ZeroDuration()) throw UsageError(flag, "must be above zero");
  return duration;
}

}  // namespace hexapla
