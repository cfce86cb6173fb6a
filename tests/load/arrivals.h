// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_LOAD_ARRIVALS_H_
#define HEXAPLA_TESTS_LOAD_ARRIVALS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "tests/load/load_spec.h"

namespace hexapla::load {

// A time with one rate of calls.
struct ArrivalPhase {
  double rate = 0;  // a second; 0: none
  absl::Duration duration;
};

// When the calls of an open load are due: laid down before the first is made, so
// that no slow answer delays what comes after it.
// Threads: compatible.
class Arrivals {
 public:
  // `arrival` is kConstant or kPoisson.
  Arrivals(Arrival arrival, std::vector<ArrivalPhase> phases, uint64_t seed)
      : arrival_(arrival), phases_(std::move(phases)), random_(seed) {}

  // The time of the next call since the start, ascending; nothing after the last
  // phase.
  std::optional<absl::Duration> Next();

 private:
  // The wait for the next call, in units of the time between calls: 1 on average.
  double Gap();

  const Arrival arrival_;
  const std::vector<ArrivalPhase> phases_;
  std::mt19937_64 random_;
  // Where the last call lies: in which phase, and how far from its start.
  size_t phase_ = 0;
  absl::Duration phase_start_ = absl::ZeroDuration();
  absl::Duration in_phase_ = absl::ZeroDuration();
};

}  // namespace hexapla::load

#endif  // HEXAPLA_TESTS_LOAD_ARRIVALS_H_
