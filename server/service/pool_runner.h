// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_POOL_RUNNER_H_
#define HEXAPLA_SERVER_SERVICE_POOL_RUNNER_H_

#include <cstddef>

#include "absl/functional/function_ref.h"

#include "server/base/worker_pool.h"

namespace hexapla {

// Runs part(0) ... part(count - 1) on the calling thread, a task of the heavy
// lane, and on whatever other workers of `pool` have nothing else to do: each
// helps for a few parts and then queues up again behind other calls, so that a
// large job never holds more than the one worker against them.
//
// Returns when all parts have run. `part` must not throw and may run
// concurrently with itself.
void RunOnPool(WorkerPool& pool, size_t count, absl::FunctionRef<void(size_t)> part);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_POOL_RUNNER_H_
