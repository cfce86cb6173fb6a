// SPDX-License-Identifier: Apache-2.0
//
// Finding hundreds of buckets at a time goes in two passes without branches on
// what was kept, which no processor could predict: the first tests bits, all
// loads being independent of one another, and the second counts bits for those
// kept. Compiled for each instruction set by Highway, since counting bits is an
// instruction on some and a call on others.

#include "server/fasttext/kept_buckets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/fasttext/kept_buckets.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// After foreach_target, as Highway asks for.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hexapla::fasttext::HWY_NAMESPACE {

size_t FindRanks(const KeptBuckets& kept, const uint64_t* bits, const uint32_t* before,
                 const uint32_t* hashes, size_t n, int32_t* ranks) {
  size_t found = 0;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t bucket = kept.BucketOf(hashes[i]);
    ranks[found] = static_cast<int32_t>(bucket);
    found += (bits[bucket / 64] >> (bucket % 64)) & 1;
  }
  for (size_t i = 0; i < found; ++i) {
    const auto bucket = static_cast<uint32_t>(ranks[i]);
    const uint64_t lower = (uint64_t{1} << (bucket % 64)) - 1;
    ranks[i] =
        static_cast<int32_t>(before[bucket / 64]) + absl::popcount(bits[bucket / 64] & lower);
  }
  return found;
}

}  // namespace hexapla::fasttext::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla::fasttext {
namespace {

HWY_EXPORT(FindRanks);

}  // namespace

KeptBuckets KeptBuckets::All(uint32_t buckets_size) {
  KeptBuckets all;
  all.buckets_size_ = buckets_size;
  all.size_ = static_cast<int32_t>(buckets_size);
  all.remainder_factor_ = buckets_size == 0 ? 0 : UINT64_MAX / buckets_size + 1;
  return all;
}

KeptBuckets KeptBuckets::Some(uint32_t buckets_size, const std::vector<uint32_t>& kept) {
  KeptBuckets some = All(buckets_size);
  some.size_ = static_cast<int32_t>(kept.size());
  some.bits_.resize(buckets_size / 64 + 1);
  for (const uint32_t bucket : kept) some.bits_[bucket / 64] |= uint64_t{1} << (bucket % 64);
  uint32_t before = 0;
  for (const uint64_t bits : some.bits_) {
    some.before_.push_back(before);
    before += absl::popcount(bits);
  }
  return some;
}

size_t KeptBuckets::RanksOf(const uint32_t* hashes, size_t n, int32_t* ranks) const {
  if (bits_.empty()) {
    for (size_t i = 0; i < n; ++i) ranks[i] = static_cast<int32_t>(BucketOf(hashes[i]));
    return n;
  }
  return HWY_DYNAMIC_DISPATCH(FindRanks)(*this, bits_.data(), before_.data(), hashes, n, ranks);
}

}  // namespace hexapla::fasttext
#endif  // HWY_ONCE
