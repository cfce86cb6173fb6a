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

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {

HWY_EXPORT(AddVectorSimd);

void AddVector(const float* x, size_t size, float* sum) {
  HWY_DYNAMIC_DISPATCH(AddVectorSimd)(x, size, sum);
}

}  // namespace hexapla
#endif  // HWY_ONCE
