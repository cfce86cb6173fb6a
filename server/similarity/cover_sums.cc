// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/cover_sums.h"

// Highway compiles this file once per instruction set and picks at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/similarity/cover_sums.cc"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hexapla::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kCoverPadding>;
using Words = hn::RebindToSigned<Floats>;
using Bytes = hn::Rebind<uint8_t, Floats>;

HWY_INLINE hn::Vec<Bytes> MostOf(const uint8_t* const* covers, size_t count, size_t t) {
  const Bytes bytes;
  auto most = hn::LoadU(bytes, covers[0] + t);
  for (size_t i = 1; i < count; ++i) most = hn::Max(most, hn::LoadU(bytes, covers[i] + t));
  return most;
}

// The weights of tokens [t, size), 0 behind them.
HWY_INLINE hn::Vec<Floats> WeightsFrom(const float* weights, size_t t, size_t size) {
  const Floats d;
  return hn::IfThenElseZero(hn::FirstN(d, size - t), hn::LoadU(d, weights + t));
}

HWY_INLINE hn::Vec<Floats> AsFloats(hn::Vec<Bytes> bytes) {
  return hn::ConvertTo(Floats(), hn::PromoteTo(Words(), bytes));
}

float SumCoversSimd(const float* HWY_RESTRICT weights, const uint8_t* const* covers, size_t count,
                    size_t size) {
  const Floats d;
  auto sum = hn::Zero(d);
  for (size_t t = 0; t < size; t += hn::Lanes(d)) {
    sum = hn::MulAdd(WeightsFrom(weights, t, size), AsFloats(MostOf(covers, count, t)), sum);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

float SumLeaksSimd(const float* HWY_RESTRICT weights, const uint8_t* before, const uint8_t* after,
                   const uint8_t* const* covers, size_t count, size_t size) {
  const Floats d;
  const Bytes bytes;
  auto sum = hn::Zero(d);
  for (size_t t = 0; t < size; t += hn::Lanes(d)) {
    const auto outside = hn::Max(hn::LoadU(bytes, before + t), hn::LoadU(bytes, after + t));
    // Of bytes, the most of both less one is what the first is above it.
    const auto inside = MostOf(covers, count, t);
    const auto leak = hn::Sub(AsFloats(hn::Max(outside, inside)), AsFloats(inside));
    sum = hn::MulAdd(WeightsFrom(weights, t, size), leak, sum);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {

HWY_EXPORT(SumCoversSimd);
HWY_EXPORT(SumLeaksSimd);

float SumCovers(const float* weights, const uint8_t* const* covers, size_t count, size_t size) {
  return HWY_DYNAMIC_DISPATCH(SumCoversSimd)(weights, covers, count, size);
}

float SumLeaks(const float* weights, const uint8_t* before, const uint8_t* after,
               const uint8_t* const* covers, size_t count, size_t size) {
  return HWY_DYNAMIC_DISPATCH(SumLeaksSimd)(weights, before, after, covers, count, size);
}

}  // namespace hexapla
#endif  // HWY_ONCE
