// SPDX-License-Identifier: Apache-2.0
#include "server/service/pool_runner.h"

#include <atomic>
#include <memory>
#include <utility>

#include "absl/time/time.h"

#include "server/base/mutex.h"
#include "server/base/steady_clock.h"

namespace hexapla {
namespace {

// How long a helper goes on before it lets others have their turn.
constexpr absl::Duration kHelpTime = absl::Milliseconds(30);

// What the threads of one job share. Outlives it, for helpers may come late.
class Job : public std::enable_shared_from_this<Job> {
 public:
  Job(WorkerPool& pool, size_t count, absl::FunctionRef<void(size_t)> part)
      : pool_(pool), count_(count), part_(part) {}

  // Whether there was a part left to run.
  bool RunOne() {
    const size_t i = next_.fetch_add(1, std::memory_order_relaxed);
    if (i >= count_) return false;
    part_(i);
    return true;
  }

  void AskForHelp() {
    // Refused when the pool is full or shutting down: then nobody helps.
    pool_.Submit(WorkLane::kHeavy, 1, [job = shared_from_this()] { job->Help(); }).IgnoreError();
  }

  // No helper touches the part any more once this has returned.
  void Close() {
    MutexLock lock(mutex_);
    closed_ = true;
    while (helpers_ > 0) idle_.Wait(mutex_);
  }

 private:
  void Help() {
    {
      MutexLock lock(mutex_);
      if (closed_) return;
      ++helpers_;
    }
    const absl::Time end = SteadyNow() + kHelpTime;
    bool more = true;
    while (more && SteadyNow() < end) more = RunOne();
    {
      MutexLock lock(mutex_);
      if (--helpers_ == 0) idle_.NotifyAll();
      more = more && !closed_;
    }
    if (more) AskForHelp();
  }

  WorkerPool& pool_;
  const size_t count_;
  const absl::FunctionRef<void(size_t)> part_;
  std::atomic<size_t> next_ = 0;

  Mutex mutex_;
  CondVar idle_;
  int helpers_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

void RunOnPool(WorkerPool& pool, size_t count, absl::FunctionRef<void(size_t)> part) {
  const auto job = std::make_shared<Job>(pool, count, part);
  for (int helper = 1; helper < pool.workers() && helper < static_cast<int>(count); ++helper) {
    job->AskForHelp();
  }
  while (job->RunOne()) {
  }
  job->Close();
}

}  // namespace hexapla
