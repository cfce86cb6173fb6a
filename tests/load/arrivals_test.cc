// SPDX-License-Identifier: Apache-2.0
#include "tests/load/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace hexapla::load {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<absl::Duration> AllOf(Arrivals arrivals) {
  std::vector<absl::Duration> times;
  while (const auto time = arrivals.Next()) times.push_back(*time);
  return times;
}

TEST(ArrivalsTest, ConstantOnesAreEquallyFarApart) {
  EXPECT_THAT(
      AllOf(Arrivals(Arrival::kConstant, {{10, absl::Seconds(0.45)}}, 1)),
      ElementsAre(absl::Seconds(0.1), absl::Seconds(0.2), absl::Seconds(0.3), absl::Seconds(0.4)));
}

TEST(ArrivalsTest, PauseHasNone) {
  const auto times =
      AllOf(Arrivals(Arrival::kConstant,
                     {{2, absl::Seconds(1.25)}, {0, absl::Seconds(10)}, {4, absl::Seconds(1)}}, 1));
  // The second half of the gap begun before the pause passes at twice the rate.
  EXPECT_THAT(times,
              ElementsAre(absl::Seconds(0.5), absl::Seconds(1), absl::Seconds(11.375),
                          absl::Seconds(11.625), absl::Seconds(11.875), absl::Seconds(12.125)));
}

TEST(ArrivalsTest, NoneWithoutTime) {
  EXPECT_THAT(AllOf(Arrivals(Arrival::kPoisson, {}, 1)), IsEmpty());
  EXPECT_THAT(AllOf(Arrivals(Arrival::kPoisson, {{100, absl::ZeroDuration()}}, 1)), IsEmpty());
}

TEST(ArrivalsTest, PoissonOnesVaryAsTheyShould) {
  const auto times = AllOf(Arrivals(Arrival::kPoisson, {{1000, absl::Seconds(20)}}, 7));
  // 20,000 are due, with a standard deviation of 141.
  EXPECT_NEAR(static_cast<double>(times.size()), 20000, 600);
  double sum = 0;
  double squares = 0;
  for (size_t i = 1; i < times.size(); ++i) {
    const double gap = absl::ToDoubleMilliseconds(times[i] - times[i - 1]);
    ASSERT_GE(gap, 0);
    sum += gap;
    squares += gap * gap;
  }
  const double mean = sum / static_cast<double>(times.size() - 1);
  const double deviation = std::sqrt(squares / static_cast<double>(times.size() - 1) - mean * mean);
  EXPECT_NEAR(deviation / mean, 1, 0.05);
}

TEST(ArrivalsTest, SameSeedSameTimes) {
  const auto times = [](uint64_t seed) {
    return AllOf(Arrivals(Arrival::kPoisson, {{100, absl::Seconds(1)}}, seed));
  };
  EXPECT_EQ(times(3), times(3));
  EXPECT_NE(times(3), times(4));
}

}  // namespace
}  // namespace hexapla::load
