// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_STOP_CONDITION_H_
#define HEXAPLA_SERVER_BASE_STOP_CONDITION_H_

#include <atomic>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "server/base/steady_clock.h"

namespace hexapla {

// When running work should give up: its caller went away or its time is over.
// It travels down the engine as a plain value; every loop that can run longer
// than a millisecond polls Check() at least that often.
//
// Example: StopCondition never;  // runs to the end
//
// Lifetime: borrows `cancelled`, which must outlive every copy.
// Cost: a relaxed load and a clock read, about 30 ns.
// Threads: copies may be polled concurrently.
class StopCondition {
 public:
  StopCondition() = default;
  // `deadline` is a time of SteadyNow().
  StopCondition(const std::atomic<bool>* cancelled, absl::Time deadline)
      : cancelled_(cancelled), deadline_(deadline) {}

  // OK while the work should go on; Cancelled or DeadlineExceeded once not.
  absl::Status Check() const {
    if (cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed)) {
      return absl::CancelledError("the caller cancelled the call");
    }
    if (deadline_ != absl::InfiniteFuture() && SteadyNow() >= deadline_) {
      return absl::DeadlineExceededError("the deadline passed during the computation");
    }
    return absl::OkStatus();
  }

 private:
  const std::atomic<bool>* cancelled_ = nullptr;
  absl::Time deadline_ = absl::InfiniteFuture();
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_STOP_CONDITION_H_
