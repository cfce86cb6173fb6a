// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_STEADY_CLOCK_H_
#define HEXAPLA_SERVER_BASE_STEADY_CLOCK_H_

#include <chrono>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace hexapla {

// The time of a clock that no one sets: for durations, deadlines of work and
// rates, where absl::Now() would make an hour of the moment in which the
// machine's clock is put right.
//
// It starts at absl::Now() when it is first read and is apart from it from then
// on: compare it with its own readings only, and show it to nobody.
//
// Cost: about 30 ns. Threads: may be called concurrently.
inline absl::Time SteadyNow() {
  using Clock = std::chrono::steady_clock;
  static const absl::Time wall_start = absl::Now();
  static const Clock::time_point start = Clock::now();
  return wall_start + absl::FromChrono(Clock::now() - start);
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_STEADY_CLOCK_H_
