// SPDX-License-Identifier: Apache-2.0
#include "tests/load/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hexapla::load {
namespace {

constexpr int kBits = 7;
constexpr uint64_t kBucketsOfDoubling = uint64_t{1} << kBits;

size_t IndexOf(uint64_t value) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kBits - 1);
  return static_cast<size_t>(shift) * kBucketsOfDoubling + (value >> shift);
}

// The greatest value of a bucket.
uint64_t UpperBound(size_t index) {
  if (index < 2 * kBucketsOfDoubling) return index;
  const size_t shift = index / kBucketsOfDoubling - 1;
  const uint64_t leading = index % kBucketsOfDoubling + kBucketsOfDoubling;
  return ((leading + 1) << shift) - 1;
}

}  // namespace

void LatencyHistogram::Add(absl::Duration value) {
  const int64_t nanoseconds = std::max<int64_t>(0, absl::ToInt64Nanoseconds(value));
  const size_t index = IndexOf(static_cast<uint64_t>(nanoseconds));
  if (index >= counts_.size()) counts_.resize(index + 1);
  ++counts_[index];
  ++count_;
  max_ = std::max(max_, nanoseconds);
  sum_ += static_cast<double>(nanoseconds);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  counts_.resize(std::max(counts_.size(), other.counts_.size()));
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

absl::Duration LatencyHistogram::mean() const {
  return count_ == 0 ? absl::ZeroDuration() : absl::Nanoseconds(sum_ / static_cast<double>(count_));
}

absl::Duration LatencyHistogram::Percentile(double percent) const {
  const double share = std::clamp(percent, 0.0, 100.0) / 100;
  const auto rank = std::max<int64_t>(
      1, static_cast<int64_t>(std::ceil(share * static_cast<double>(count_) - 1e-9)));
  int64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen < rank) continue;
    return absl::Nanoseconds(std::min(max_, static_cast<int64_t>(UpperBound(i))));
  }
  return absl::ZeroDuration();
}

std::vector<std::pair<absl::Duration, int64_t>> LatencyHistogram::Buckets() const {
  std::vector<std::pair<absl::Duration, int64_t>> buckets;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    buckets.emplace_back(absl::Nanoseconds(static_cast<int64_t>(UpperBound(i))), counts_[i]);
  }
  return buckets;
}

}  // namespace hexapla::load
