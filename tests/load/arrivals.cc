// SPDX-License-Identifier: Apache-2.0
#include "tests/load/arrivals.h"

namespace hexapla::load {

double Arrivals::Gap() {
  if (arrival_ == Arrival::kConstant) return 1;
  return std::exponential_distribution<double>(1.0)(random_);
}

std::optional<absl::Duration> Arrivals::Next() {
  double gap = Gap();
  while (phase_ < phases_.size()) {
    const ArrivalPhase& phase = phases_[phase_];
    const double left_in_phase = phase.rate * absl::ToDoubleSeconds(phase.duration - in_phase_);
    if (gap < left_in_phase) {
      in_phase_ += absl::Seconds(gap / phase.rate);
      return phase_start_ + in_phase_;
    }
    // The rest of the gap passes at the next phase's rate.
    gap -= left_in_phase;
    phase_start_ += phase.duration;
    in_phase_ = absl::ZeroDuration();
    ++phase_;
  }
  return std::nullopt;
}

}  // namespace hexapla::load
