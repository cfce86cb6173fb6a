// SPDX-License-Identifier: Apache-2.0
#include "server/base/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/base/request_error.h"
#include "server/base/retry_delay.h"

namespace hexapla {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::SizeIs;

constexpr size_t kCheap = 0;
constexpr size_t kHeavy = 1;

// Keeps the pool's workers inside a task each until Open() or its end.
class Gate {
 public:
  Gate() = default;
  ~Gate() { Open(); }

  // Returns once `count` tasks of the lane are running.
  void Occupy(WorkerPool& pool, WorkLane lane, int count, int64_t cost = 1) {
    std::latch running(count);
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(pool.Submit(lane, cost,
                              [open = open_, &running] {
                                running.count_down();
                                open->wait();
                              })
                      .ok());
    }
    running.wait();
  }
  void Open() {
    if (!open_->try_wait()) open_->count_down();
  }

 private:
  // Shared with the tasks, which may outlive the gate.
  const std::shared_ptr<std::latch> open_ = std::make_shared<std::latch>(1);
};

TEST(WorkerPoolTest, RunsWhatIsSubmitted) {
  WorkerPool pool({.workers = 2});
  std::latch done(10);
  for (int i = 0; i < 10; ++i) {
    const WorkLane lane = i % 2 == 0 ? WorkLane::kCheap : WorkLane::kHeavy;
    ASSERT_TRUE(pool.Submit(lane, 1, [&done] { done.count_down(); }).ok());
  }
  done.wait();
  pool.Shutdown();
  EXPECT_THAT(pool.stats().completed, ElementsAre(5, 5));
  EXPECT_EQ(pool.stats().cost, 0);
}

TEST(WorkerPoolTest, OneWorkerKeepsTheOrderOfALane) {
  std::vector<int> order;
  WorkerPool pool({.workers = 1, .cheap_workers = 0});
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 1, [&order, i] { order.push_back(i); }).ok());
  }
  pool.Shutdown();
  ASSERT_THAT(order, SizeIs(50));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(order[i], i);
}

TEST(WorkerPoolTest, CheapWorkStartsWhileHeavyWorkHoldsEveryWorker) {
  WorkerPool pool({.workers = 2, .cheap_workers = 1});
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 2);
  ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 1, [] {}).ok());
  std::latch done(1);
  ASSERT_TRUE(pool.Submit(WorkLane::kCheap, 1, [&done] { done.count_down(); }).ok());
  done.wait();
  EXPECT_THAT(pool.stats().queued, ElementsAre(0, 1));
  EXPECT_EQ(pool.stats().running[kHeavy], 2u);
  gate.Open();
  pool.Shutdown();
}

TEST(WorkerPoolTest, WorkersPreferCheapWorkButNeverStarveHeavyWork) {
  std::string order;
  WorkerPool pool({.workers = 1, .cheap_workers = 0});
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 1);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 1, [&order] { order += 'H'; }).ok());
  }
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(pool.Submit(WorkLane::kCheap, 1, [&order] { order += 'c'; }).ok());
  }
  gate.Open();
  pool.Shutdown();
  EXPECT_EQ(order, std::string(16, 'c') + "H" + std::string(4, 'c') + "H");
}

TEST(WorkerPoolTest, RefusesWorkBeyondTheBudgetAndTakesItAgainLater) {
  WorkerPool pool({.workers = 1, .cheap_workers = 0, .cost_max = 100, .cheap_cost_reserve = 0});
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 1, /*cost=*/60);
  ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 40, [] {}).ok());
  bool ran = false;
  const absl::Status refused = pool.Submit(WorkLane::kHeavy, 1, [&ran] { ran = true; });
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("cost 100 is under way"));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("limit is 100"));
  EXPECT_THAT(pool.stats().rejected, ElementsAre(0, 1));
  gate.Open();
  while (pool.stats().cost > 0) std::this_thread::yield();
  EXPECT_TRUE(pool.Submit(WorkLane::kHeavy, 100, [] {}).ok());
  pool.Shutdown();
  EXPECT_FALSE(ran);
}

TEST(WorkerPoolTest, ARefusalSaysTheLimitAndWhenToRetry) {
  WorkerPool pool({.workers = 1, .cheap_workers = 0, .cost_max = 100, .cheap_cost_reserve = 0});
  const auto refused = [&pool] {
    Gate gate;
    gate.Occupy(pool, WorkLane::kHeavy, 1, /*cost=*/100);
    return FaultOf(pool.Submit(WorkLane::kHeavy, 7, [] {}));
  };
  const RequestFault first = refused();
  EXPECT_EQ(first.reason, "SERVER_OVERLOADED");
  EXPECT_EQ(first.limit, "100");
  EXPECT_EQ(first.value, "107");
  // Nothing is known of its pace yet.
  EXPECT_GE(first.retry_after, kRetryDelayUsual * 0.5 - absl::Milliseconds(1));
  EXPECT_LE(first.retry_after, kRetryDelayUsual * 1.5);
}

TEST(WorkerPoolTest, TheTimeToRetryFollowsTheWorkAndItsPace) {
  WorkerPool pool({.workers = 1, .cheap_workers = 0, .cost_max = 1000, .cheap_cost_reserve = 0});
  // At least 20 ms for one of cost: a thousand of it is half done after 10 s.
  std::latch done(1);
  ASSERT_TRUE(pool.Submit(
                      WorkLane::kHeavy, 1,
                      [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); },
                      [&done] { done.count_down(); })
                  .ok());
  done.wait();
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 1, /*cost=*/1000);
  for (int i = 0; i < 20; ++i) {
    const RequestFault refused = FaultOf(pool.Submit(WorkLane::kHeavy, 1, [] {}));
    EXPECT_GE(refused.retry_after, absl::Seconds(5) - absl::Milliseconds(1));
    EXPECT_LE(refused.retry_after, kRetryDelayMax);
  }
}

TEST(WorkerPoolTest, WhatHelpersWorkIsOfTheTasksPace) {
  WorkerPool pool({.workers = 2, .cheap_workers = 0, .cost_max = 1000, .cheap_cost_reserve = 0});
  // Two threads, 20 ms each: a thousand of it is half done after 10 s, by both.
  std::latch done(1);
  std::latch both(2);
  ASSERT_TRUE(pool.Submit(
                      WorkLane::kHeavy, 1,
                      [&] {
                        pool.Run(2, [&both](size_t) {
                          both.arrive_and_wait();
                          std::this_thread::sleep_for(std::chrono::milliseconds(20));
                        });
                      },
                      [&done] { done.count_down(); })
                  .ok());
  done.wait();
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 2, /*cost=*/500);
  for (int i = 0; i < 20; ++i) {
    const RequestFault refused = FaultOf(pool.Submit(WorkLane::kHeavy, 1, [] {}));
    EXPECT_GE(refused.retry_after, absl::Seconds(5) - absl::Milliseconds(1));
  }
}

TEST(WorkerPoolTest, WhatComesAfterATaskFindsItsCostFree) {
  WorkerPool pool({.workers = 1, .cheap_workers = 0, .cost_max = 10, .cheap_cost_reserve = 0});
  std::latch done(1);
  absl::Status inside;
  absl::Status after;
  ASSERT_TRUE(
      pool.Submit(
              WorkLane::kHeavy, 10, [&] { inside = pool.Submit(WorkLane::kHeavy, 10, [] {}); },
              [&] { after = pool.Submit(WorkLane::kHeavy, 10, [&done] { done.count_down(); }); })
          .ok());
  done.wait();
  EXPECT_EQ(inside.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(after.ok());
}

TEST(RetryDelayTest, IsSpreadWithinItsBounds) {
  absl::Duration least = absl::InfiniteDuration();
  absl::Duration most;
  for (int i = 0; i < 200; ++i) {
    const absl::Duration delay = SpreadRetryDelay(absl::Seconds(2));
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, absl::Seconds(1));
  EXPECT_LT(least, absl::Milliseconds(1500));
  EXPECT_GT(most, absl::Milliseconds(2500));
  EXPECT_LE(most, absl::Seconds(3));
  EXPECT_EQ(SpreadRetryDelay(absl::Nanoseconds(1)), kRetryDelayMin);
  EXPECT_EQ(SpreadRetryDelay(absl::Hours(5)), kRetryDelayMax);
}

TEST(WorkerPoolTest, HeavyWorkLeavesTheReserveToCheapWork) {
  WorkerPool pool({.workers = 1, .cheap_workers = 0, .cost_max = 100, .cheap_cost_reserve = 20});
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 1, /*cost=*/80);
  EXPECT_EQ(pool.Submit(WorkLane::kHeavy, 1, [] {}).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(pool.Submit(WorkLane::kCheap, 20, [] {}).ok());
  EXPECT_EQ(pool.Submit(WorkLane::kCheap, 1, [] {}).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(pool.stats().rejected, ElementsAre(1, 1));
  EXPECT_EQ(pool.stats().cost, 100);
}

TEST(WorkerPoolTest, CostsAreClampedSoThatNoTaskIsRefusedForEver) {
  WorkerPool pool({.workers = 1, .cheap_workers = 0, .cost_max = 10, .cheap_cost_reserve = 4});
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 1, /*cost=*/int64_t{1} << 62);
  EXPECT_EQ(pool.stats().cost, 6);
  EXPECT_TRUE(pool.Submit(WorkLane::kCheap, -5, [] {}).ok());
  EXPECT_EQ(pool.stats().cost, 7);
}

TEST(WorkerPoolTest, ShutdownRunsWhatIsQueuedAndRefusesTheRest) {
  std::atomic<int> ran = 0;
  WorkerPool pool({.workers = 1, .cheap_workers = 1});
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 1);
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 1, [&ran] { ++ran; }).ok());
  }
  std::thread stopper([&pool] { pool.Shutdown(); });
  absl::Status status;
  while ((status = pool.Submit(WorkLane::kCheap, 1, [] {})).ok()) std::this_thread::yield();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  gate.Open();
  stopper.join();
  EXPECT_EQ(ran, 8);
  pool.Shutdown();
}

TEST(WorkerPoolTest, ATaskMaySubmitAnother) {
  WorkerPool pool({.workers = 1, .cheap_workers = 0});
  std::latch done(1);
  ASSERT_TRUE(
      pool.Submit(WorkLane::kHeavy, 1,
                  [&] {
                    EXPECT_TRUE(
                        pool.Submit(WorkLane::kHeavy, 1, [&done] { done.count_down(); }).ok());
                  })
          .ok());
  done.wait();
}

// Runs a loop of `count` parts as a task of the pool; returns how often each ran.
std::vector<int> RunInATask(WorkerPool& pool, size_t count) {
  std::vector<std::atomic<int>> runs(count);
  std::latch done(1);
  EXPECT_TRUE(pool.Submit(
                      WorkLane::kHeavy, 1,
                      [&] { pool.Run(count, [&](size_t part) { ++runs[part]; }); },
                      [&done] { done.count_down(); })
                  .ok());
  done.wait();
  return {runs.begin(), runs.end()};
}

TEST(WorkerPoolTest, EveryPartOfALoopRunsOnce) {
  for (const int workers : {1, 2, 5}) {
    WorkerPool pool({.workers = workers});
    for (const size_t count : {0, 1, 2, 300}) {
      EXPECT_THAT(RunInATask(pool, count), AllOf(SizeIs(count), Each(1))) << workers;
    }
    EXPECT_EQ(pool.stats().running[kHeavy] + pool.stats().queued[kHeavy], 0u);
  }
}

TEST(WorkerPoolTest, AnIdleWorkerHelps) {
  WorkerPool pool({.workers = 2, .cheap_workers = 0});
  std::latch done(1);
  ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 1,
                          [&] {
                            std::latch both(2);
                            pool.Run(2, [&](size_t) { both.arrive_and_wait(); });
                            done.count_down();
                          })
                  .ok());
  done.wait();
  EXPECT_THAT(pool.stats().running, ElementsAre(0, Le(1)));
}

TEST(WorkerPoolTest, ABusyWorkerIsNotWaitedFor) {
  WorkerPool pool({.workers = 2, .cheap_workers = 0});
  Gate gate;
  gate.Occupy(pool, WorkLane::kHeavy, 1);
  EXPECT_THAT(RunInATask(pool, 40), Each(1));
}

TEST(WorkerPoolTest, AHelperLeavesForWhatIsQueued) {
  WorkerPool pool({.workers = 1, .cheap_workers = 0});
  const auto caller = std::this_thread::get_id();
  std::latch ran(1);
  std::atomic<int> helped = 0;
  int helped_before_the_task = 0;
  pool.Run(1000, [&](size_t) {
    if (std::this_thread::get_id() == caller) return ran.wait();
    if (++helped > 1) return;
    EXPECT_TRUE(pool.Submit(WorkLane::kHeavy, 1,
                            [&] {
                              helped_before_the_task = helped;
                              ran.count_down();
                            })
                    .ok());
  });
  EXPECT_EQ(helped_before_the_task, 1);
}

TEST(WorkerPoolTest, ALoopInALoopIsHelpedToo) {
  WorkerPool pool({.workers = 3, .cheap_workers = 0});
  std::atomic<int> sum = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      pool.Run(20,
               [&](size_t) { pool.Run(10, [&](size_t part) { sum += static_cast<int>(part); }); });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 20 * 45);
}

TEST(WorkerPoolTest, ALoopHasSoManyThreadsAtMost) {
  WorkerPool pool({.workers = 2 * WorkerPool::kThreadsMax, .cheap_workers = 0});
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  pool.Run(2000, [&](size_t) {
    const int now = ++running;
    int before = most;
    while (before < now && !most.compare_exchange_weak(before, now)) {
    }
    std::this_thread::yield();
    --running;
  });
  EXPECT_LE(most, WorkerPool::kThreadsMax);
}

TEST(WorkerPoolTest, ALoopOutlivesTheWorkers) {
  WorkerPool pool({.workers = 2});
  std::latch shut(1);
  std::atomic<int> parts = 0;
  std::thread caller([&] {
    pool.Run(50, [&](size_t) {
      if (++parts == 10) shut.count_down();
    });
  });
  shut.wait();
  pool.Shutdown();
  caller.join();
  EXPECT_EQ(parts, 50);
  pool.Run(5, [&](size_t) { ++parts; });
  EXPECT_EQ(parts, 55);
}

TEST(WorkerPoolTest, ShutdownWaitsForALoopInATask) {
  std::atomic<int> parts = 0;
  WorkerPool pool({.workers = 2});
  std::latch begun(1);
  ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 1,
                          [&] {
                            begun.count_down();
                            pool.Run(200, [&](size_t) { ++parts; });
                          })
                  .ok());
  begun.wait();
  pool.Shutdown();
  EXPECT_EQ(parts, 200);
}

TEST(WorkerPoolTest, ManyThreadsSubmitWhileTheAccountsStayRight) {
  constexpr int kThreads = 8;
  constexpr int kTasks = 500;
  std::atomic<uint64_t> ran = 0;
  std::atomic<uint64_t> refused = 0;
  WorkerPool pool({.workers = 2, .cost_max = 64, .cheap_cost_reserve = 8});
  std::vector<std::thread> callers;
  for (int t = 0; t < kThreads; ++t) {
    callers.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        const WorkLane lane = (t + i) % 3 == 0 ? WorkLane::kHeavy : WorkLane::kCheap;
        if (!pool.Submit(lane, 1 + i % 7, [&ran] { ++ran; }).ok()) ++refused;
        if (i % 50 == 0) {
          EXPECT_LE(pool.stats().cost, 64);
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  pool.Shutdown();
  const WorkerPoolStats stats = pool.stats();
  EXPECT_EQ(ran + refused, uint64_t{kThreads} * kTasks);
  EXPECT_EQ(stats.completed[kCheap] + stats.completed[kHeavy], ran);
  EXPECT_EQ(stats.rejected[kCheap] + stats.rejected[kHeavy], refused);
  EXPECT_THAT(stats.queued, Each(0u));
  EXPECT_THAT(stats.running, Each(0u));
  EXPECT_EQ(stats.cost, 0);
}

}  // namespace
}  // namespace hexapla
