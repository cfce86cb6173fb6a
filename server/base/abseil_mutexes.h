// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_ABSEIL_MUTEXES_H_
#define HEXAPLA_SERVER_BASE_ABSEIL_MUTEXES_H_

#include "absl/synchronization/mutex.h"

namespace hexapla {

// Keeps Abseil's mutexes of this process from looking for deadlocks, which Debian's
// build of Abseil does: each time one is taken while another is held, a graph of
// them all is searched, under a lock that all threads share. gRPC takes dozens a
// call: it was a tenth of a small call's processor time. We use none of our own.
//
// For main() to call, before there are threads.
inline void StopLookingForDeadlocks() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_ABSEIL_MUTEXES_H_
