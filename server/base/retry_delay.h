// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_RETRY_DELAY_H_
#define HEXAPLA_SERVER_BASE_RETRY_DELAY_H_

#include <algorithm>
#include <random>

#include "absl/time/time.h"

namespace hexapla {

// When nothing is known: long enough for a queue of alignments to shrink, short
// enough for a person.
inline constexpr absl::Duration kRetryDelayUsual = absl::Milliseconds(500);
inline constexpr absl::Duration kRetryDelayMin = absl::Milliseconds(50);
inline constexpr absl::Duration kRetryDelayMax = absl::Seconds(30);

// Half to one and a half of `delay`, at random: callers that were refused
// together must not come back together. From kRetryDelayMin to kRetryDelayMax.
// Threads: may be called concurrently.
inline absl::Duration SpreadRetryDelay(absl::Duration delay) {
  thread_local std::minstd_rand random{std::random_device()()};
  const double factor = std::uniform_real_distribution<>(0.5, 1.5)(random);
  return std::clamp(delay * factor, kRetryDelayMin, kRetryDelayMax);
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_RETRY_DELAY_H_
