// SPDX-License-Identifier: Apache-2.0
#include "server/base/parallel.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(ParallelTest, AloneTheCallerRunsThePartsInOrder) {
  std::vector<size_t> order;
  Parallel::None().Run(4, [&](size_t part) { order.push_back(part); });
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
  Parallel::None().Run(0, [&](size_t part) { order.push_back(part); });
  EXPECT_EQ(order.size(), 4u);
}

TEST(ParallelTest, RowsAreCutIntoEqualPartsAndARest) {
  std::vector<std::pair<int, int>> parts;
  const auto run = [&](int begin, int end) {
    parts.emplace_back(begin, end);
    return absl::OkStatus();
  };
  EXPECT_TRUE(RunRows(Parallel::None(), 25, 10, run).ok());
  EXPECT_THAT(parts, ElementsAre(Pair(0, 10), Pair(10, 20), Pair(20, 25)));
  parts.clear();
  EXPECT_TRUE(RunRows(Parallel::None(), 0, 10, run).ok());
  EXPECT_THAT(parts, IsEmpty());
  EXPECT_TRUE(RunRows(Parallel::None(), kRowsOfPart + 1, run).ok());
  EXPECT_THAT(parts, ElementsAre(Pair(0, kRowsOfPart), Pair(kRowsOfPart, kRowsOfPart + 1)));
}

TEST(ParallelTest, AfterAFailureNothingIsBegun) {
  std::vector<size_t> begun;
  const absl::Status status = RunParts(Parallel::None(), 5, [&](size_t part) {
    begun.push_back(part);
    return part == 2 ? absl::CancelledError("enough") : absl::OkStatus();
  });
  EXPECT_EQ(status, absl::CancelledError("enough"));
  EXPECT_THAT(begun, ElementsAre(0, 1, 2));
}

// Runs the parts from the last to the first.
class Backwards final : public Parallel {
 public:
  void Run(size_t count, absl::FunctionRef<void(size_t part)> part) override {
    while (count > 0) part(--count);
  }
};

TEST(ParallelTest, OfSeveralFailuresTheFirstInOrderIsTold) {
  Backwards backwards;
  const auto fail = [](size_t part) { return absl::InternalError(std::to_string(part)); };
  // Begun last, the first part is not begun any more.
  EXPECT_EQ(RunParts(backwards, 3, fail), absl::InternalError("2"));
  EXPECT_EQ(RunParts(Parallel::None(), 3, fail), absl::InternalError("0"));
}

TEST(ParallelTest, BothRun) {
  std::string ran;
  RunBoth(
      Parallel::None(), [&] { ran += "a"; }, [&] { ran += "b"; });
  EXPECT_EQ(ran, "ab");
}

}  // namespace
}  // namespace hexapla
