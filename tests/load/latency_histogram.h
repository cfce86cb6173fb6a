// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_LOAD_LATENCY_HISTOGRAM_H_
#define HEXAPLA_TESTS_LOAD_LATENCY_HISTOGRAM_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace hexapla::load {

// Counts durations so that any percentile is known to within 1/128 of its value:
// 128 equal buckets to each doubling, as HdrHistogram has them. Nanoseconds below
// 256 are exact; a negative duration counts as 0.
//
// Cost: a few instructions a value; at most 60 KiB.
// Threads: compatible.
class LatencyHistogram {
 public:
  void Add(absl::Duration value);
  void Merge(const LatencyHistogram& other);

  int64_t count() const { return count_; }
  // Zero without values.
  absl::Duration mean() const;
  absl::Duration max() const { return absl::Nanoseconds(max_); }

  // The least bound that `percent` of the values (0 to 100) do not exceed; at most
  // max(). Zero without values.
  absl::Duration Percentile(double percent) const;

  // The buckets that hold something: upper bound and count, ascending.
  std::vector<std::pair<absl::Duration, int64_t>> Buckets() const;

 private:
  std::vector<int64_t> counts_;
  int64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace hexapla::load

#endif  // HEXAPLA_TESTS_LOAD_LATENCY_HISTOGRAM_H_
