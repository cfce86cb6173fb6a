// SPDX-License-Identifier: Apache-2.0
#include "server/service/pool_runner.h"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

namespace hexapla {
namespace {

// Runs `count` parts from a task of the pool; how often each ran.
std::vector<int> RunCounted(WorkerPool& pool, size_t count) {
  std::vector<std::atomic<int>> runs(count);
  absl::Notification done;
  EXPECT_TRUE(pool.Submit(WorkLane::kHeavy, 1,
                          [&] {
                            RunOnPool(pool, count, [&](size_t i) { ++runs[i]; });
                            done.Notify();
                          })
                  .ok());
  done.WaitForNotification();
  return {runs.begin(), runs.end()};
}

TEST(PoolRunnerTest, EveryPartRunsOnce) {
  WorkerPool pool({.workers = 4});
  for (const size_t count : {0, 1, 2, 1000}) {
    EXPECT_EQ(RunCounted(pool, count), std::vector<int>(count, 1)) << count;
  }
}

TEST(PoolRunnerTest, OneWorkerIsEnough) {
  WorkerPool pool({.workers = 1});
  EXPECT_EQ(RunCounted(pool, 100), std::vector<int>(100, 1));
}

TEST(PoolRunnerTest, APoolThatShutsDownIsNoHelpButNoHarm) {
  WorkerPool pool({.workers = 2});
  pool.Shutdown();
  std::atomic<int> runs = 0;
  RunOnPool(pool, 10, [&](size_t) { ++runs; });
  EXPECT_EQ(runs, 10);
}

TEST(PoolRunnerTest, IdleWorkersHelp) {
  WorkerPool pool({.workers = 2});
  std::atomic<int> inside = 0;
  std::atomic<bool> together = false;
  RunOnPool(pool, 2000, [&](size_t) {
    if (++inside > 1) together = true;
    if (!together) absl::SleepFor(absl::Milliseconds(1));
    --inside;
  });
  EXPECT_TRUE(together);
}

TEST(PoolRunnerTest, OtherWorkGetsItsTurn) {
  WorkerPool pool({.workers = 2});
  std::atomic<bool> other_ran = false;
  absl::Notification done;
  ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 1,
                          [&] {
                            RunOnPool(pool, 10000, [&](size_t) {
                              if (!other_ran) absl::SleepFor(absl::Milliseconds(1));
                            });
                            done.Notify();
                          })
                  .ok());
  ASSERT_TRUE(pool.Submit(WorkLane::kHeavy, 1, [&] { other_ran = true; }).ok());
  // Ten seconds of parts, had the helper not made room.
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(absl::Seconds(4)));
}

}  // namespace
}  // namespace hexapla
