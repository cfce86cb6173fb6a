// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/vector_sum.h"

// Highway compiles this file once per instruction set and picks at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/embedding/vector_sum.cc"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hexapla::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

void AddVectorSimd(const float* HWY_RESTRICT x, size_t size, float* HWY_RESTRICT sum) {
  const hn::ScalableTag<float> d;
  size_t i = 0;
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) {
    hn::StoreU(hn::Add(hn::LoadU(d, sum + i), hn::LoadU(d, x + i)), d, sum + i);
  }
  for (; i < size; ++i) sum[i] += x[i];
}

float SquareSumSimd(const float* HWY_RESTRICT x, size_t size) {
  const hn::ScalableTag<float> d;
  auto sums = hn::Zero(d);
  size_t i = 0;
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) {
    const auto values = hn::LoadU(d, x + i);
    sums = hn::MulAdd(values, values, sums);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < size; ++i) sum += x[i] * x[i];
  return sum;
}

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {

HWY_EXPORT(AddVectorSimd);
HWY_EXPORT(SquareSumSimd);

void AddVector(const float* x, size_t size, float* sum) {
  HWY_DYNAMIC_DISPATCH(AddVectorSimd)(x, size, sum);
}

float SquareSum(const float* x, size_t size) {
  return HWY_DYNAMIC_DISPATCH(SquareSumSimd)(x, size);
}

}  // namespace hexapla
#endif  // HWY_ONCE
