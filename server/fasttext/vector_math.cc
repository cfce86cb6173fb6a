// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/vector_math.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/fasttext/vector_math.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// After foreach_target, as Highway asks for.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hexapla::fasttext::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

float SquareSumSimd(const float* HWY_RESTRICT x, size_t n) {
  const hn::ScalableTag<float> d;
  auto sums = hn::Zero(d);
  size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) {
    const auto values = hn::LoadU(d, x + i);
    sums = hn::MulAdd(values, values, sums);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < n; ++i) sum += x[i] * x[i];
  return sum;
}

void AddScaledSimd(float scale, const float* HWY_RESTRICT x, size_t n, float* HWY_RESTRICT sum) {
  const hn::ScalableTag<float> d;
  const auto scale_all = hn::Set(d, scale);
  size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) {
    hn::StoreU(hn::MulAdd(hn::LoadU(d, x + i), scale_all, hn::LoadU(d, sum + i)), d, sum + i);
  }
  for (; i < n; ++i) sum[i] += scale * x[i];
}

}  // namespace hexapla::fasttext::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla::fasttext {

HWY_EXPORT(SquareSumSimd);
HWY_EXPORT(AddScaledSimd);

float SquareSum(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(SquareSumSimd)(x, n); }

void AddScaled(float scale, const float* x, size_t n, float* sum) {
  HWY_DYNAMIC_DISPATCH(AddScaledSimd)(scale, x, n, sum);
}

}  // namespace hexapla::fasttext
#endif  // HWY_ONCE
