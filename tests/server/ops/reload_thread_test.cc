// SPDX-License-Identifier: Apache-2.0
#include "server/ops/reload_thread.h"

#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "gtest/gtest.h"

namespace hexapla {
namespace {

constexpr std::chrono::seconds kPatience(60);

// Reloads that take until they are told to end, written down as "a" and "c".
class ReloadThreadTest : public ::testing::Test {
 protected:
  ReloadThreadTest() {
    reloads_.emplace([this] { Reload("a"); }, [this] { Reload("c"); });
  }
  ~ReloadThreadTest() override { LetGo(); }

  void Reload(const char* kind) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      begun_ += kind;
    }
    let_go_.wait();
  }
  void LetGo() {
    if (!std::exchange(is_let_go_, true)) promise_.set_value();
  }

  std::string begun() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return begun_;
  }
  template <typename Condition>
  bool Eventually(Condition holds) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return holds();
  }

  // Waits until so much has begun.
  bool HasBegun(const std::string& expected) {
    return Eventually([&] { return begun() == expected; });
  }

  std::mutex mutex_;
  std::string begun_;
  std::promise<void> promise_;
  const std::shared_future<void> let_go_ = promise_.get_future().share();
  bool is_let_go_ = false;
  std::optional<ReloadThread> reloads_;
};

TEST_F(ReloadThreadTest, NothingIsReloadedUnasked) {
  EXPECT_FALSE(reloads_->is_busy());
  reloads_.reset();
  EXPECT_EQ(begun(), "");
}

TEST_F(ReloadThreadTest, ItIsBusyWhileItReloadsAndNobodyWaits) {
  reloads_->ReloadAll();
  ASSERT_TRUE(HasBegun("a"));
  EXPECT_TRUE(reloads_->is_busy());
  LetGo();
  EXPECT_TRUE(Eventually([&] { return !reloads_->is_busy(); }));
  reloads_->ReloadChanged();
  EXPECT_TRUE(HasBegun("ac"));
}

TEST_F(ReloadThreadTest, WhatIsAskedForMeanwhileIsDoneOnceAndAllIncludesWhatChanged) {
  reloads_->ReloadChanged();
  ASSERT_TRUE(HasBegun("c"));
  for (int i = 0; i < 3; ++i) {
    reloads_->ReloadChanged();
    reloads_->ReloadAll();
    reloads_->ReloadChanged();
  }
  LetGo();
  EXPECT_TRUE(HasBegun("ca"));
  EXPECT_TRUE(Eventually([&] { return !reloads_->is_busy(); }));
  EXPECT_EQ(begun(), "ca");
}

TEST_F(ReloadThreadTest, ItsEndWaitsForTheReloadUnderWayAndDropsTheRest) {
  reloads_->ReloadAll();
  ASSERT_TRUE(HasBegun("a"));
  reloads_->ReloadAll();
  std::future<void> end = std::async(std::launch::async, [&] { reloads_.reset(); });
  EXPECT_EQ(end.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  LetGo();
  ASSERT_EQ(end.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(begun(), "a");
}

}  // namespace
}  // namespace hexapla
