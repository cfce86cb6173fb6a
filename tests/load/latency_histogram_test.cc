// SPDX-License-Identifier: Apache-2.0
#include "tests/load/latency_histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace hexapla::load {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(LatencyHistogramTest, EmptyOneHasZeroes) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.mean(), absl::ZeroDuration());
  EXPECT_EQ(histogram.Percentile(99), absl::ZeroDuration());
  EXPECT_TRUE(histogram.Buckets().empty());
}

TEST(LatencyHistogramTest, SmallValuesAreExact) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 200; ++i) histogram.Add(absl::Nanoseconds(i));
  EXPECT_EQ(histogram.Percentile(50), absl::Nanoseconds(100));
  EXPECT_EQ(histogram.Percentile(99), absl::Nanoseconds(198));
  EXPECT_EQ(histogram.Percentile(0), absl::Nanoseconds(1));
  EXPECT_EQ(histogram.Percentile(100), absl::Nanoseconds(200));
}

TEST(LatencyHistogramTest, PercentilesAreWithinTheirPrecision) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> latency(13, 2);
  std::vector<int64_t> values;
  LatencyHistogram histogram;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(static_cast<int64_t>(latency(random)));
    histogram.Add(absl::Nanoseconds(values.back()));
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {10.0, 50.0, 90.0, 99.0, 99.9}) {
    const auto exact = static_cast<double>(
        values[static_cast<size_t>(percent / 100 * static_cast<double>(values.size())) - 1]);
    const double found = absl::ToDoubleNanoseconds(histogram.Percentile(percent));
    EXPECT_GE(found, exact) << percent;
    EXPECT_LE(found, exact * (1 + 1.0 / 128)) << percent;
  }
  EXPECT_EQ(histogram.max(), absl::Nanoseconds(values.back()));
  EXPECT_EQ(histogram.Percentile(100), histogram.max());
}

TEST(LatencyHistogramTest, NegativeIsZeroAndEndlessIsHeld) {
  LatencyHistogram histogram;
  histogram.Add(-absl::Seconds(1));
  histogram.Add(absl::InfiniteDuration());
  EXPECT_EQ(histogram.Percentile(50), absl::ZeroDuration());
  EXPECT_EQ(histogram.max(), absl::Nanoseconds(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(histogram.Percentile(100), histogram.max());
}

TEST(LatencyHistogramTest, MergeAddsUp) {
  LatencyHistogram one;
  LatencyHistogram other;
  one.Add(absl::Nanoseconds(5));
  other.Add(absl::Nanoseconds(5));
  other.Add(absl::Microseconds(1));
  one.Merge(other);
  EXPECT_EQ(one.count(), 3);
  EXPECT_THAT(one.Buckets(),
              ElementsAre(Pair(absl::Nanoseconds(5), 2), Pair(absl::Nanoseconds(1003), 1)));
  EXPECT_EQ(one.Percentile(100), absl::Microseconds(1));
}

}  // namespace
}  // namespace hexapla::load
