// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/cosine.h"

#include <cmath>

// Highway compiles this file once per instruction set and picks at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/similarity/cosine.cc"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hexapla::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

float InnerProductSimd(const float* HWY_RESTRICT x, const float* HWY_RESTRICT y, size_t size) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  auto sum0 = hn::Zero(d);
  auto sum1 = hn::Zero(d);
  size_t k = 0;
  for (; k + 2 * lanes <= size; k += 2 * lanes) {
    sum0 = hn::MulAdd(hn::LoadU(d, x + k), hn::LoadU(d, y + k), sum0);
    sum1 = hn::MulAdd(hn::LoadU(d, x + k + lanes), hn::LoadU(d, y + k + lanes), sum1);
  }
  float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; k < size; ++k) sum += x[k] * y[k];
  return sum;
}

void InnerProductsSimd(const float* HWY_RESTRICT x, const EmbeddingMatrix& rows,
                       const int32_t* HWY_RESTRICT which, size_t count, float* HWY_RESTRICT out) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = InnerProductSimd(x, rows.row(which[i]), rows.dimension());
  }
}

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {

HWY_EXPORT(InnerProductSimd);
HWY_EXPORT(InnerProductsSimd);

void InnerProducts(const float* x, const EmbeddingMatrix& rows, const int32_t* which, size_t size,
                   float* out) {
  HWY_DYNAMIC_DISPATCH(InnerProductsSimd)(x, rows, which, size, out);
}

float InnerProduct(const float* x, const float* y, int dimension) {
  return HWY_DYNAMIC_DISPATCH(InnerProductSimd)(x, y, dimension);
}

void NormalizeRows(EmbeddingMatrix& rows) {
  for (size_t i = 0; i < rows.rows(); ++i) {
    float* row = rows.row(i);
    const float norm = std::sqrt(InnerProduct(row, row, rows.dimension()));
    if (norm == 0) continue;
    for (int k = 0; k < rows.dimension(); ++k) row[k] /= norm;
  }
}

}  // namespace hexapla
#endif  // HWY_ONCE
