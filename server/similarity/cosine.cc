// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/cosine.h"

#include <cmath>

#ifndef HEXAPLA_SERVER_SIMILARITY_COSINE_LANES_
#define HEXAPLA_SERVER_SIMILARITY_COSINE_LANES_
namespace hexapla {
// Rows of 16-bit numbers are padded to whole vectors of so many.
inline constexpr size_t kLanes16Max = 32;
}  // namespace hexapla
#endif

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

// Sums of products of 16-bit numbers, `stride` a multiple of every vector's size.
void InnerProducts16Simd(const int16_t* HWY_RESTRICT x, const int16_t* HWY_RESTRICT rows,
                         size_t stride, const int32_t* HWY_RESTRICT which, size_t count,
                         float scale, float* HWY_RESTRICT out) {
  const hn::CappedTag<int16_t, kLanes16Max> d;
  const hn::RepartitionToWide<decltype(d)> wide;
  const auto multiply_add = [&](const int16_t* row, size_t k, auto& sum0, auto& sum1) {
    sum0 =
        hn::ReorderWidenMulAccumulate(wide, hn::LoadU(d, x + k), hn::LoadU(d, row + k), sum0, sum1);
  };
  const auto reduce = [&](auto sum0, auto sum1) {
    return scale * static_cast<float>(hn::GetLane(hn::SumOfLanes(wide, hn::Add(sum0, sum1))));
  };
  size_t i = 0;
  // Two rows at a time share the loads of x.
  for (; i + 2 <= count; i += 2) {
    const int16_t* const a = rows + which[i] * stride;
    const int16_t* const b = rows + which[i + 1] * stride;
    auto a0 = hn::Zero(wide);
    auto a1 = hn::Zero(wide);
    auto b0 = hn::Zero(wide);
    auto b1 = hn::Zero(wide);
    for (size_t k = 0; k < stride; k += hn::Lanes(d)) {
      multiply_add(a, k, a0, a1);
      multiply_add(b, k, b0, b1);
    }
    out[i] = reduce(a0, a1);
    out[i + 1] = reduce(b0, b1);
  }
  for (; i < count; ++i) {
    auto sum0 = hn::Zero(wide);
    auto sum1 = hn::Zero(wide);
    for (size_t k = 0; k < stride; k += hn::Lanes(d)) {
      multiply_add(rows + which[i] * stride, k, sum0, sum1);
    }
    out[i] = reduce(sum0, sum1);
  }
}

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {

HWY_EXPORT(InnerProductSimd);
HWY_EXPORT(InnerProductsSimd);
HWY_EXPORT(InnerProducts16Simd);

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

namespace {

// The length of a row of 16-bit numbers: the squares of its longest still add up
// in 32 bits.
constexpr float kUnit = 16384;

}  // namespace

UnitRows::UnitRows(size_t rows, int dimension)
    : rows_(rows),
      dimension_(dimension),
      stride_((dimension + kLanes16Max - 1) / kLanes16Max * kLanes16Max),
      values_(rows_ * stride_) {}

UnitRows::UnitRows(const EmbeddingMatrix& rows) : UnitRows(rows.rows(), rows.dimension()) {
  for (size_t i = 0; i < rows_; ++i) Set(i, rows.row(i));
}

void UnitRows::Set(size_t i, const float* row) {
  const float norm = std::sqrt(InnerProduct(row, row, dimension_));
  const float scale = norm == 0 ? 0 : kUnit / norm;
  int16_t* const out = values_.data() + i * stride_;
  for (int k = 0; k < dimension_; ++k) {
    const float value = row[k] * scale;
    out[k] = static_cast<int16_t>(value + std::copysign(0.5F, value));
  }
}

void UnitRows::Cosines(const UnitRows& x, size_t row, const UnitRows& y, const int32_t* which,
                       size_t size, float* out) {
  HWY_DYNAMIC_DISPATCH(InnerProducts16Simd)
  (x.values_.data() + row * x.stride_, y.values_.data(), y.stride_, which, size,
   1 / (kUnit * kUnit), out);
}

}  // namespace hexapla
#endif  // HWY_ONCE
