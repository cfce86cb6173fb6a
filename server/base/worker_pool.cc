// SPDX-License-Identifier: Apache-2.0
#include "server/base/worker_pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "server/base/request_error.h"
#include "server/base/retry_delay.h"
#include "server/base/steady_clock.h"

namespace hexapla {
namespace {

// Cheap tasks take about a millisecond: sixteen of them hold a heavy task, which
// takes tens, back by little, and keep a cheap backlog short.
constexpr int kCheapInARowMax = 16;

// Of busy time, after which what was before counts half: the pace is that of the
// last work, yet not of the last task alone.
constexpr absl::Duration kPaceMemory = absl::Seconds(10);

// What helpers have worked for this thread's task.
thread_local absl::Duration helped_here = absl::ZeroDuration();

constexpr size_t Index(WorkLane lane) { return static_cast<size_t>(lane); }
constexpr size_t kCheap = Index(WorkLane::kCheap);
constexpr size_t kHeavy = Index(WorkLane::kHeavy);

WorkerPoolOptions Completed(WorkerPoolOptions options) {
  if (options.workers <= 0) {
    options.workers = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  options.cheap_workers = std::max(0, options.cheap_workers);
  options.cost_max = std::max<int64_t>(1, options.cost_max);
  // Heavy work keeps a budget of one, else it would be refused for ever.
  options.cheap_cost_reserve =
      std::clamp<int64_t>(options.cheap_cost_reserve, 0, options.cost_max - 1);
  return options;
}

}  // namespace

WorkerPool::WorkerPool(const WorkerPoolOptions& options) : options_(Completed(options)) {
  MutexLock lock(join_mutex_);
  for (int i = 0; i < options_.workers; ++i) {
    threads_.emplace_back([this] { RunTasks(/*cheap_only=*/false); });
  }
  for (int i = 0; i < options_.cheap_workers; ++i) {
    threads_.emplace_back([this] { RunTasks(/*cheap_only=*/true); });
  }
}

WorkerPool::~WorkerPool() { Shutdown(); }

absl::Status WorkerPool::Submit(WorkLane lane, int64_t cost, absl::AnyInvocable<void()> task,
                                absl::AnyInvocable<void()> then) {
  const size_t index = Index(lane);
  cost = std::clamp<int64_t>(cost, 1, CostMax(lane));
  MutexLock lock(mutex_);
  if (stopping_) return absl::UnavailableError("the server is shutting down");
  const int64_t total = costs_[kCheap] + costs_[kHeavy];
  // Written as subtractions because the sums could overflow.
  if (cost > options_.cost_max - total || cost > CostMax(lane) - costs_[index]) {
    ++stats_.rejected[index];
    return Refusal(lane, cost);
  }
  costs_[index] += cost;
  queues_[index].push_back({.cost = cost, .run = std::move(task), .then = std::move(then)});
  work_.NotifyOne();
  if (lane == WorkLane::kCheap) cheap_work_.NotifyOne();
  return absl::OkStatus();
}

void WorkerPool::Shutdown() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    work_.NotifyAll();
    cheap_work_.NotifyAll();
  }
  MutexLock lock(join_mutex_);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

WorkerPoolStats WorkerPool::stats() const {
  MutexLock lock(mutex_);
  WorkerPoolStats stats = stats_;
  stats.queued = {queues_[kCheap].size(), queues_[kHeavy].size()};
  stats.costs = costs_;
  stats.cost = costs_[kCheap] + costs_[kHeavy];
  return stats;
}

void WorkerPool::RunTasks(bool cheap_only) {
  MutexLock lock(mutex_);
  while (true) {
    if (HasTask(cheap_only)) {
      RunTask(NextLane(cheap_only));
      continue;
    }
    Loop* const loop = cheap_only ? nullptr : LoopToHelp();
    if (loop != nullptr) {
      Help(*loop);
      continue;
    }
    if (stopping_) return;
    if (cheap_only) {
      cheap_work_.Wait(mutex_);
      continue;
    }
    ++idle_;
    work_.Wait(mutex_);
    --idle_;
  }
}

void WorkerPool::RunTask(WorkLane task_lane) {
  const size_t lane = Index(task_lane);
  Task task = std::move(queues_[lane].front());
  queues_[lane].pop_front();
  ++stats_.running[lane];

  mutex_.Unlock();
  helped_here = absl::ZeroDuration();
  const absl::Time begun = SteadyNow();
  task.run();
  // What the task holds is part of its cost: let go of it first.
  task.run = nullptr;
  const absl::Duration busy = SteadyNow() - begun + helped_here;
  mutex_.Lock();

  --stats_.running[lane];
  ++stats_.completed[lane];
  stats_.completed_cost[lane] += task.cost;
  costs_[lane] -= task.cost;
  AddToPace(lane, task.cost, busy);
  if (task.then == nullptr) return;

  mutex_.Unlock();
  task.then();
  task.then = nullptr;
  mutex_.Lock();
}

void WorkerPool::Run(size_t count, absl::FunctionRef<void(size_t part)> part) {
  if (count == 0) return;
  Loop loop = {.part = part, .count = count};
  MutexLock lock(mutex_);
  if (count > 1) {
    loops_.push_back(&loop);
    const auto helpers = static_cast<int>(std::min<size_t>(count, kThreadsMax)) - 1;
    for (int i = std::min(helpers, idle_); i > 0; --i) work_.NotifyOne();
  }
  while (loop.next < loop.count) RunPart(loop);
  while (loop.helpers > 0) loop.left.Wait(mutex_);
  helped_here += loop.helped;
}

void WorkerPool::RunPart(Loop& loop) {
  const size_t part = loop.next++;
  if (loop.next == loop.count)
    loops_.erase(std::remove(loops_.begin(), loops_.end(), &loop), loops_.end());
  mutex_.Unlock();
  loop.part(part);
  mutex_.Lock();
}

void WorkerPool::Help(Loop& loop) {
  ++loop.helpers;
  const absl::Duration helped_before = std::exchange(helped_here, absl::ZeroDuration());
  const absl::Time begun = SteadyNow();
  while (loop.next < loop.count && !HasTask(/*cheap_only=*/false)) RunPart(loop);
  // Loops within these parts may have had helpers, too.
  loop.helped += SteadyNow() - begun + std::exchange(helped_here, helped_before);
  if (--loop.helpers == 0) loop.left.NotifyOne();
}

WorkerPool::Loop* WorkerPool::LoopToHelp() const {
  const auto wanting = std::find_if(loops_.begin(), loops_.end(), [](const Loop* loop) {
    return loop->helpers < kThreadsMax - 1;
  });
  return wanting == loops_.end() ? nullptr : *wanting;
}

void WorkerPool::AddToPace(size_t lane, int64_t cost, absl::Duration busy) {
  Pace& pace = paces_[lane];
  pace.busy += busy;
  pace.cost += static_cast<double>(cost);
  if (pace.busy > kPaceMemory) {
    pace.busy /= 2;
    pace.cost /= 2;
  }
}

absl::Duration WorkerPool::TimeToFinish() const {
  absl::Duration work;
  for (size_t lane = 0; lane < paces_.size(); ++lane) {
    if (paces_[lane].cost == 0) continue;
    work += paces_[lane].busy * (static_cast<double>(costs_[lane]) / paces_[lane].cost);
  }
  return work / options_.workers;
}

absl::Status WorkerPool::Refusal(WorkLane lane, int64_t cost) const {
  const int64_t total = costs_[kCheap] + costs_[kHeavy];
  const absl::Duration finish = TimeToFinish();
  return RequestError(absl::StatusCode::kResourceExhausted,
                      {.reason = "SERVER_OVERLOADED",
                       .limit = absl::StrCat(CostMax(lane)),
                       .value = absl::StrCat(total + cost),
                       .retry_after = SpreadRetryDelay(
                           finish > absl::ZeroDuration() ? finish / 2 : kRetryDelayUsual)},
                      absl::StrCat("the server has more work than it admits: work of cost ", total,
                                   " is under way, this call's is ", cost, ", the limit is ",
                                   CostMax(lane), "; retry later"));
}

WorkLane WorkerPool::NextLane(bool cheap_only) {
  if (cheap_only) return WorkLane::kCheap;
  if (queues_[kHeavy].empty()) return WorkLane::kCheap;
  if (queues_[kCheap].empty() || cheap_in_a_row_ >= kCheapInARowMax) {
    cheap_in_a_row_ = 0;
    return WorkLane::kHeavy;
  }
  ++cheap_in_a_row_;
  return WorkLane::kCheap;
}

bool WorkerPool::HasTask(bool cheap_only) const {
  return !queues_[kCheap].empty() || (!cheap_only && !queues_[kHeavy].empty());
}

int64_t WorkerPool::CostMax(WorkLane lane) const {
  return lane == WorkLane::kCheap ? options_.cost_max
                                  : options_.cost_max - options_.cheap_cost_reserve;
}

}  // namespace hexapla
