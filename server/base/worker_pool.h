// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_WORKER_POOL_H_
#define HEXAPLA_SERVER_BASE_WORKER_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "server/base/mutex.h"
#include "server/base/parallel.h"

namespace hexapla {

// Which queue a task waits in. Cheap: under about 20 ms (the language of a few
// sentences). Heavy: anything that may take longer (an alignment).
enum class WorkLane { kCheap = 0, kHeavy = 1 };

struct WorkerPoolOptions {
  // Threads that take work of both lanes; 0: one per core.
  int workers = 0;
  // Further threads that take cheap work only, so that it starts at once while
  // every worker is inside a heavy task; the scheduler then shares the cores.
  int cheap_workers = 1;
  // Most cost admitted and not yet finished, both lanes together. The unit is
  // the caller's; the server's is bytes of request.
  int64_t cost_max = int64_t{256} << 20;
  // Part of `cost_max` that heavy work cannot take, so that a backlog of it
  // never refuses cheap work. At most `cost_max`.
  int64_t cheap_cost_reserve = int64_t{16} << 20;
};

// A moment's numbers. Arrays are indexed by lane.
struct WorkerPoolStats {
  std::array<size_t, 2> queued = {};
  std::array<size_t, 2> running = {};
  std::array<uint64_t, 2> completed = {};
  std::array<uint64_t, 2> rejected = {};
  // Cost admitted and not yet finished: of each lane, and together.
  std::array<int64_t, 2> costs = {};
  int64_t cost = 0;
  // Cost of what was completed.
  std::array<int64_t, 2> completed_cost = {};
};

// Runs tasks on a fixed number of threads, and refuses a task at once when the
// work already admitted costs too much: a queue that only grows turns an
// overload into timeouts for everybody.
//
// Two first-in-first-out lanes: workers take cheap tasks first, yet no more
// than 16 in a row while heavy ones wait, so neither lane starves the other. A
// worker with nothing queued helps with the loops of the tasks that run (Run), a
// part at a time, and leaves them as soon as anything is queued.
//
// Example: pool.Submit(WorkLane::kHeavy, request_bytes, [call] { call->Run(); });
//
// Cost: one mutex; a few microseconds a task.
// Threads: every method may be called concurrently, also from within a task,
// except Shutdown and the destructor, which wait for the tasks.
class WorkerPool final : public Parallel {
 public:
  explicit WorkerPool(const WorkerPoolOptions& options);
  // Shuts down first.
  ~WorkerPool() override;

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Queues `task`, which must not throw. A cost under 1 counts as 1, one above
  // what the lane may ever take as just that, so no task is refused for ever.
  // A task whose caller may have gone checks so itself when it starts.
  // Errors: ResourceExhausted with SERVER_OVERLOADED (a RequestFault that says the
  // limit, and about when half of the work there is will be done) when the lane's
  // budget is full, Unavailable after Shutdown began. On an error the task was
  // destroyed without running.
  // `then`, if any, runs after it on the same thread, when its cost is free again:
  // for whoever waits to submit more.
  absl::Status Submit(WorkLane lane, int64_t cost, absl::AnyInvocable<void()> task,
                      absl::AnyInvocable<void()> then = nullptr);

  // Parallel: helped by workers that have nothing else to do, kThreadsMax threads in
  // all. To be called from a task; from another thread it works as well.
  // Cost: a few microseconds, and less than one a part.
  void Run(size_t count, absl::FunctionRef<void(size_t part)> part) override;

  // A job's memory grows with its threads, its speed hardly any more.
  static constexpr int kThreadsMax = 8;

  // Refuses new tasks, runs the queued ones and joins the threads. Idempotent.
  void Shutdown();

  // Threads that take work of both lanes.
  int workers() const { return options_.workers; }
  // Most cost admitted and not yet finished.
  int64_t cost_max() const { return options_.cost_max; }

  WorkerPoolStats stats() const;

 private:
  struct Task {
    int64_t cost = 0;
    absl::AnyInvocable<void()> run;
    absl::AnyInvocable<void()> then;
  };
  // What tasks of a lane took lately, and what they cost.
  struct Pace {
    absl::Duration busy;
    double cost = 0;
  };

  // A loop that a thread is running, on whose stack it is.
  struct Loop {
    const absl::FunctionRef<void(size_t)> part;
    const size_t count;
    size_t next = 0;  // the first part that nobody has taken
    int helpers = 0;
    absl::Duration helped = {};  // the time of those who have left
    CondVar left = {};           // the last helper has
  };

  void RunTasks(bool cheap_only);
  void RunTask(WorkLane lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs one part of a loop that has some left.
  void RunPart(Loop& loop) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Help(Loop& loop) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A loop that wants help; null: none.
  Loop* LoopToHelp() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The lane to take a task from, given that one is waiting.
  WorkLane NextLane(bool cheap_only) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasTask(bool cheap_only) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t CostMax(WorkLane lane) const;
  void AddToPace(size_t lane, int64_t cost, absl::Duration busy)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // How long all work admitted will take, by the pace so far; zero when there is
  // none to go by.
  absl::Duration TimeToFinish() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Refusal(WorkLane lane, int64_t cost) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WorkerPoolOptions options_;

  mutable Mutex mutex_;
  // The workers wait on one, the threads of cheap work on the other, so that a
  // task always wakes a thread that may take it.
  CondVar work_;
  CondVar cheap_work_;
  std::array<std::deque<Task>, 2> queues_ ABSL_GUARDED_BY(mutex_);
  std::array<int64_t, 2> costs_ ABSL_GUARDED_BY(mutex_) = {};
  std::array<Pace, 2> paces_ ABSL_GUARDED_BY(mutex_) = {};
  // Those with parts that nobody has taken, the oldest first.
  std::vector<Loop*> loops_ ABSL_GUARDED_BY(mutex_);
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;  // workers that wait for work
  WorkerPoolStats stats_ ABSL_GUARDED_BY(mutex_);
  int cheap_in_a_row_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  Mutex join_mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(join_mutex_);
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_WORKER_POOL_H_
