// SPDX-License-Identifier: Apache-2.0
#include "server/service/stream_memory.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/request_error.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

TEST(StreamMemoryTest, TakesUpToTheLimitAndNoFurther) {
  StreamMemory memory(100, 10);
  EXPECT_TRUE(memory.Take(60));
  EXPECT_FALSE(memory.Take(41));
  EXPECT_TRUE(memory.Take(40));
  EXPECT_TRUE(memory.is_full());
  EXPECT_FALSE(memory.Take(~size_t{0}));
  memory.Give(1);
  EXPECT_TRUE(memory.Take(1));
  EXPECT_EQ(memory.held(), 100u);
  EXPECT_EQ(memory.refused(), 2u);
}

TEST(StreamMemoryTest, RefusesWhileMoreThanTheLimitIsHeld) {
  StreamMemory memory(100, 10);
  memory.TakeAnyway(150);
  EXPECT_FALSE(memory.Take(1));
  memory.Give(51);
  EXPECT_TRUE(memory.Take(1));
}

TEST(StreamHoldTest, GivesBackAtItsEnd) {
  const auto memory = std::make_shared<StreamMemory>(100, 10);
  {
    StreamHold hold(memory);
    EXPECT_TRUE(hold.Take(50).ok());
    EXPECT_TRUE(hold.Change(50, 80).ok());
    EXPECT_TRUE(hold.Change(80, 30).ok());
    hold.TakeAnyway(5);
    EXPECT_EQ(hold.bytes(), 35u);
    EXPECT_EQ(memory->held(), 35u);
  }
  EXPECT_EQ(memory->held(), 0u);
}

TEST(StreamHoldTest, SaysWhetherRoomWillEverBe) {
  const auto memory = std::make_shared<StreamMemory>(100, 10);
  StreamHold other(memory);
  ASSERT_TRUE(other.Take(70).ok());
  StreamHold hold(memory);
  const absl::Status later = hold.Take(40);
  EXPECT_EQ(later.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FaultOf(later).reason, "SERVER_OVERLOADED");
  EXPECT_EQ(FaultOf(later).limit, "100");
  EXPECT_EQ(FaultOf(later).value, "110");
  EXPECT_THAT(std::string(later.message()), HasSubstr("the limit of the server is 100"));
  const absl::Status never = hold.Take(101);
  EXPECT_EQ(never.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(FaultOf(never).reason, "LIMIT_EXCEEDED");
  EXPECT_EQ(FaultOf(never).value, "101");
  EXPECT_EQ(hold.bytes(), 0u);
  EXPECT_EQ(memory->held(), 70u);
}

TEST(StreamHoldTest, OpensUpToTheLimitAndFreesItsPlaceAtItsEnd) {
  const auto memory = std::make_shared<StreamMemory>(100, 2);
  StreamHold first(memory);
  {
    StreamHold second(memory);
    ASSERT_TRUE(first.Open().ok());
    ASSERT_TRUE(second.Open().ok());
    StreamHold third(memory);
    const absl::Status refused = third.Open();
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(FaultOf(refused).reason, "SERVER_OVERLOADED");
    EXPECT_EQ(FaultOf(refused).limit, "2");
    EXPECT_EQ(FaultOf(refused).value, "3");
    EXPECT_THAT(std::string(refused.message()), HasSubstr("its limit is 2"));
  }
  EXPECT_EQ(memory->streams(), 1u);
  EXPECT_EQ(memory->streams_refused(), 1u);
  StreamHold next(memory);
  EXPECT_TRUE(next.Open().ok());
}

TEST(StreamMemoryTest, ManyThreadsNeverHoldMoreTogether) {
  const auto memory = std::make_shared<StreamMemory>(1000, 3);
  std::atomic<bool> too_much = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        StreamHold hold(memory);
        hold.Open().IgnoreError();
        hold.Take(static_cast<size_t>(100 * t + i % 400)).IgnoreError();
        if (memory->held() > 1000 || memory->streams() > 3) too_much = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(too_much);
  EXPECT_EQ(memory->held(), 0u);
  EXPECT_EQ(memory->streams(), 0u);
}

}  // namespace
}  // namespace hexapla
