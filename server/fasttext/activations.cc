// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/activations.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/fasttext/activations.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// After foreach_target, as Highway asks for.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hexapla::fasttext::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;

void Logistic(float* values, size_t n) {
  const Floats d;
  const auto one = hn::Set(d, 1.0f);
  size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) {
    const auto x = hn::LoadU(d, values + i);
    const auto y = hn::Div(one, hn::Add(one, hn::Exp(d, hn::Neg(x))));
    hn::StoreU(hn::IfThenElseZero(hn::Eq(x, x), y), d, values + i);
  }
  for (; i < n; ++i) {
    const float y = 1.0f / (1.0f + std::exp(-values[i]));
    values[i] = y >= 0 ? y : 0.0f;
  }
}

void Softmax(float* values, size_t n) {
  const Floats d;
  const float largest = *std::max_element(values, values + n);
  const auto largest_all = hn::Set(d, largest);
  auto sums = hn::Zero(d);
  size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) {
    const auto y = hn::Exp(d, hn::Sub(hn::LoadU(d, values + i), largest_all));
    hn::StoreU(y, d, values + i);
    sums = hn::Add(sums, y);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < n; ++i) sum += values[i] = std::exp(values[i] - largest);
  const float scale = 1.0f / sum;
  for (i = 0; i < n; ++i) values[i] *= scale;
}

}  // namespace hexapla::fasttext::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla::fasttext {
namespace {

HWY_EXPORT(Logistic);
HWY_EXPORT(Softmax);

}  // namespace

void ApplyLogistic(float* values, size_t n) { HWY_DYNAMIC_DISPATCH(Logistic)(values, n); }

void ApplySoftmax(float* values, size_t n) {
  if (n > 0) HWY_DYNAMIC_DISPATCH(Softmax)(values, n);
}

}  // namespace hexapla::fasttext
#endif  // HWY_ONCE
