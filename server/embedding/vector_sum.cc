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

// Columns by vectors, so that sums stay in registers while the rows go by.
void SumRowsSimd(const EmbeddingMatrix& rows, const int32_t* HWY_RESTRICT which, size_t size,
                 float* HWY_RESTRICT sum) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const size_t columns = rows.dimension();
  const auto sum_columns = [&](size_t k) HWY_ATTR {
    auto first = hn::Zero(d);
    auto second = hn::Zero(d);
    for (size_t i = 0; i < size; ++i) {
      const float* const row = rows.row(which[i]) + k;
      first = hn::Add(first, hn::LoadU(d, row));
      second = hn::Add(second, hn::LoadU(d, row + lanes));
    }
    hn::StoreU(first, d, sum + k);
    hn::StoreU(second, d, sum + k + lanes);
  };
  size_t k = 0;
  for (; k + 2 * lanes <= columns; k += 2 * lanes) sum_columns(k);
  if (k == columns) return;
  // The rest together with some of those that are done.
  if (k > 0) return sum_columns(columns - 2 * lanes);
  for (; k < columns; ++k) {
    sum[k] = 0;
    for (size_t i = 0; i < size; ++i) sum[k] += rows.row(which[i])[k];
  }
}

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {

HWY_EXPORT(AddVectorSimd);
HWY_EXPORT(SumRowsSimd);

void AddVector(const float* x, size_t size, float* sum) {
  HWY_DYNAMIC_DISPATCH(AddVectorSimd)(x, size, sum);
}

void SumRows(const EmbeddingMatrix& rows, const int32_t* which, size_t size, float* sum) {
  HWY_DYNAMIC_DISPATCH(SumRowsSimd)(rows, which, size, sum);
}

}  // namespace hexapla
#endif  // HWY_ONCE
