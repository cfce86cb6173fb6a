// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_KEPT_BUCKETS_H_
#define HEXAPLA_SERVER_FASTTEXT_KEPT_BUCKETS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/numeric/bits.h"

namespace hexapla::fasttext {

// Which of a model's n-gram buckets have a row: all of them, or those that
// pruning kept. A bucket's rank is how many buckets before it were kept.
//
// Example: of 8 buckets, 1 and 5 kept: bucket 5 has rank 1, bucket 4 has none.
//
// Cost: a pruned model takes 1.5 bits a bucket; finding a bucket is one load,
// and a second one when it was kept.
// Threads: immutable once built, so concurrent use is safe.
class KeptBuckets {
 public:
  // No buckets at all.
  KeptBuckets() = default;
  // All of `buckets_size` buckets.
  static KeptBuckets All(uint32_t buckets_size);
  // Only `kept`, which must be distinct, ascending and below `buckets_size`.
  static KeptBuckets Some(uint32_t buckets_size, const std::vector<uint32_t>& kept);

  uint32_t buckets_size() const { return buckets_size_; }
  // How many buckets have a row.
  int32_t size() const { return size_; }

  // The bucket of an n-gram's hash. Requires: buckets_size() > 0.
  uint32_t BucketOf(uint32_t hash) const {
    // hash % buckets_size_ by multiplication (Lemire, Kaser, Kurz: Faster
    // remainder by direct computation, 2019); exact for every 32-bit hash.
    __extension__ using Uint128 = unsigned __int128;
    const uint64_t fraction = remainder_factor_ * hash;
    return static_cast<uint32_t>((static_cast<Uint128>(fraction) * buckets_size_) >> 64);
  }
  // The rank of `bucket`, or -1 when it was not kept.
  // Requires: bucket < buckets_size().
  int32_t RankOf(uint32_t bucket) const {
    if (bits_.empty()) return static_cast<int32_t>(bucket);
    const uint64_t bits = bits_[bucket / 64];
    const uint64_t bit = uint64_t{1} << (bucket % 64);
    if ((bits & bit) == 0) return -1;
    return static_cast<int32_t>(before_[bucket / 64]) + absl::popcount(bits & (bit - 1));
  }

  // Writes the ranks of those of `n` n-grams, given by their hashes, whose
  // buckets were kept, in their order, into ranks[0, n); returns how many.
  // Faster than one by one. Requires: buckets_size() > 0, or n == 0.
  size_t RanksOf(const uint32_t* hashes, size_t n, int32_t* ranks) const;

 private:
  uint32_t buckets_size_ = 0;
  int32_t size_ = 0;
  uint64_t remainder_factor_ = 0;
  std::vector<uint64_t> bits_;    // one a bucket; empty when all have a row
  std::vector<uint32_t> before_;  // kept buckets before each of bits_
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_KEPT_BUCKETS_H_
