// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/cosine.h"

#include <algorithm>
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

using Words16 = hn::CappedTag<int16_t, kLanes16Max>;
using Words32 = hn::RepartitionToWide<Words16>;

using Sums = hn::Vec<Words32>;

#if HWY_TARGET == HWY_SCALAR || HWY_HAVE_SCALABLE
HWY_INLINE void StoreFour(Sums a, Sums b, Sums c, Sums d, float scale, float* out) {
  const auto sum = [](Sums sums) HWY_ATTR {
    return static_cast<float>(hn::GetLane(hn::SumOfLanes(Words32(), sums)));
  };
  out[0] = scale * sum(a);
  out[1] = scale * sum(b);
  out[2] = scale * sum(c);
  out[3] = scale * sum(d);
}
#else
// The sum of the blocks of four.
template <class D, class V>
HWY_INLINE auto AddBlocks(D /*tag*/, V v) {
  if constexpr (hn::MaxLanes(D()) > 4) {
    const hn::Half<D> half;
    return AddBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  } else {
    return v;
  }
}

// Writes scale * the sums of the lanes of each. The lanes of the four are
// interleaved, so that one addition serves all.
HWY_INLINE void StoreFour(Sums a, Sums b, Sums c, Sums d, float scale, float* out) {
  const Words32 tag;
  const hn::RepartitionToWide<Words32> pairs;
  const auto ab =
      hn::BitCast(pairs, hn::Add(hn::InterleaveLower(tag, a, b), hn::InterleaveUpper(tag, a, b)));
  const auto cd =
      hn::BitCast(pairs, hn::Add(hn::InterleaveLower(tag, c, d), hn::InterleaveUpper(tag, c, d)));
  const auto abcd = hn::Add(hn::BitCast(tag, hn::InterleaveLower(pairs, ab, cd)),
                            hn::BitCast(tag, hn::InterleaveUpper(pairs, ab, cd)));
  const hn::FixedTag<float, 4> four;
  hn::StoreU(hn::Mul(hn::Set(four, scale), hn::ConvertTo(four, AddBlocks(tag, abcd))), four, out);
}
#endif

// Adds the products of x and y; which lane has which does not matter.
HWY_INLINE void AddProducts(hn::Vec<Words16> x, hn::Vec<Words16> y, Sums& sums, Sums& more) {
  sums = hn::ReorderWidenMulAccumulate(Words32(), x, y, sums, more);
}

// The products of x and four rows of y. `stride`: a multiple of every vector's
// size. Names instead of loops keep the sums in registers.
HWY_INLINE void FourProducts(const int16_t* x, const int16_t* const* y, size_t stride, float scale,
                             float* out) {
  const Words16 d;
  const auto zero = hn::Zero(Words32());
  auto a = zero, b = zero, c = zero, e = zero;
  auto more_a = zero, more_b = zero, more_c = zero, more_e = zero;
  for (size_t k = 0; k < stride; k += hn::Lanes(d)) {
    const auto of_x = hn::LoadU(d, x + k);
    AddProducts(of_x, hn::LoadU(d, y[0] + k), a, more_a);
    AddProducts(of_x, hn::LoadU(d, y[1] + k), b, more_b);
    AddProducts(of_x, hn::LoadU(d, y[2] + k), c, more_c);
    AddProducts(of_x, hn::LoadU(d, y[3] + k), e, more_e);
  }
  StoreFour(hn::Add(a, more_a), hn::Add(b, more_b), hn::Add(c, more_c), hn::Add(e, more_e), scale,
            out);
}

// Those of two rows of x, which share the loads of y.
HWY_INLINE void TwoByFourProducts(const int16_t* x0, const int16_t* x1, const int16_t* const* y,
                                  size_t stride, float scale, float* out0, float* out1) {
  const Words16 d;
  const auto zero = hn::Zero(Words32());
  auto a0 = zero, b0 = zero, c0 = zero, e0 = zero, a1 = zero, b1 = zero, c1 = zero, e1 = zero;
  auto more_a0 = zero, more_b0 = zero, more_c0 = zero, more_e0 = zero;
  auto more_a1 = zero, more_b1 = zero, more_c1 = zero, more_e1 = zero;
  for (size_t k = 0; k < stride; k += hn::Lanes(d)) {
    const auto of_x0 = hn::LoadU(d, x0 + k);
    const auto of_x1 = hn::LoadU(d, x1 + k);
    const auto of_a = hn::LoadU(d, y[0] + k);
    const auto of_b = hn::LoadU(d, y[1] + k);
    AddProducts(of_x0, of_a, a0, more_a0);
    AddProducts(of_x1, of_a, a1, more_a1);
    AddProducts(of_x0, of_b, b0, more_b0);
    AddProducts(of_x1, of_b, b1, more_b1);
    const auto of_c = hn::LoadU(d, y[2] + k);
    const auto of_e = hn::LoadU(d, y[3] + k);
    AddProducts(of_x0, of_c, c0, more_c0);
    AddProducts(of_x1, of_c, c1, more_c1);
    AddProducts(of_x0, of_e, e0, more_e0);
    AddProducts(of_x1, of_e, e1, more_e1);
  }
  StoreFour(hn::Add(a0, more_a0), hn::Add(b0, more_b0), hn::Add(c0, more_c0), hn::Add(e0, more_e0),
            scale, out0);
  StoreFour(hn::Add(a1, more_a1), hn::Add(b1, more_b1), hn::Add(c1, more_c1), hn::Add(e1, more_e1),
            scale, out1);
}

// Products of rows `which_x` and `which_y`, four at a time; the last of y stands
// for those beyond it.
void ProductTableSimd(const int16_t* HWY_RESTRICT xs, const int32_t* HWY_RESTRICT which_x,
                      size_t x_size, const int16_t* HWY_RESTRICT ys,
                      const int32_t* HWY_RESTRICT which_y, size_t y_size, size_t stride,
                      float scale, float* HWY_RESTRICT out, size_t out_stride) {
  for (size_t j = 0; j < y_size; j += 4) {
    const int16_t* y[4];
    for (size_t n = 0; n < 4; ++n) {
      y[n] = ys + static_cast<size_t>(which_y[std::min(j + n, y_size - 1)]) * stride;
    }
    const auto x = [&](size_t i) { return xs + static_cast<size_t>(which_x[i]) * stride; };
    float* const to = out + j;
    size_t i = 0;
    for (; i + 2 <= x_size; i += 2) {
      TwoByFourProducts(x(i), x(i + 1), y, stride, scale, to + i * out_stride,
                        to + (i + 1) * out_stride);
    }
    if (i < x_size) FourProducts(x(i), y, stride, scale, to + i * out_stride);
  }
}

// Those of one row and of `size` rows in order.
void ProductsSimd(const int16_t* HWY_RESTRICT x, const int16_t* HWY_RESTRICT ys, size_t size,
                  size_t stride, float scale, float* HWY_RESTRICT out) {
  for (size_t j = 0; j < size; j += 4) {
    const int16_t* y[4];
    for (size_t n = 0; n < 4; ++n) y[n] = ys + std::min(j + n, size - 1) * stride;
    float four[4];
    float* const to = j + 4 <= size ? out + j : four;
    FourProducts(x, y, stride, scale, to);
    if (to == four) std::copy(four, four + (size - j), out + j);
  }
}

// out = scale * row, rounded, halves away from zero.
void RoundSimd(const float* HWY_RESTRICT row, size_t size, float scale, int16_t* HWY_RESTRICT out) {
  const hn::CappedTag<float, kLanes16Max / 2> d;
  const hn::RebindToSigned<decltype(d)> words;
  const hn::Rebind<int16_t, decltype(d)> halves;
  size_t k = 0;
  for (; k + hn::Lanes(d) <= size; k += hn::Lanes(d)) {
    const auto value = hn::Mul(hn::LoadU(d, row + k), hn::Set(d, scale));
    const auto rounded = hn::Add(value, hn::CopySign(hn::Set(d, 0.5F), value));
    hn::StoreU(hn::DemoteTo(halves, hn::ConvertTo(words, rounded)), halves, out + k);
  }
  for (; k < size; ++k) {
    const float value = row[k] * scale;
    out[k] = static_cast<int16_t>(value + std::copysign(0.5F, value));
  }
}

// sum += scale * row, `size` of them.
void AddRoundedSimd(const int16_t* HWY_RESTRICT row, size_t size, float scale,
                    float* HWY_RESTRICT sum) {
  const hn::CappedTag<float, kLanes16Max / 2> d;
  const hn::RebindToSigned<decltype(d)> words;
  const hn::Rebind<int16_t, decltype(d)> halves;
  size_t k = 0;
  for (; k + hn::Lanes(d) <= size; k += hn::Lanes(d)) {
    const auto values = hn::ConvertTo(d, hn::PromoteTo(words, hn::LoadU(halves, row + k)));
    hn::StoreU(hn::MulAdd(hn::Set(d, scale), values, hn::LoadU(d, sum + k)), d, sum + k);
  }
  for (; k < size; ++k) sum[k] += scale * row[k];
}

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {

HWY_EXPORT(InnerProductSimd);
HWY_EXPORT(InnerProductsSimd);
HWY_EXPORT(ProductTableSimd);
HWY_EXPORT(ProductsSimd);
HWY_EXPORT(RoundSimd);
HWY_EXPORT(AddRoundedSimd);

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
  HWY_DYNAMIC_DISPATCH(RoundSimd)(row, dimension_, scale, out);
}

void UnitRows::AddTo(size_t i, float length, float* sum) const {
  HWY_DYNAMIC_DISPATCH(AddRoundedSimd)
  (values_.data() + i * stride_, dimension_, length / kUnit, sum);
}

void UnitRows::Cosines(const UnitRows& x, size_t row, const UnitRows& y, size_t begin, size_t end,
                       float* out) {
  HWY_DYNAMIC_DISPATCH(ProductsSimd)
  (x.values_.data() + row * x.stride_, y.values_.data() + begin * y.stride_, end - begin, y.stride_,
   1 / (kUnit * kUnit), out);
}

void UnitRows::CosineTable(const UnitRows& x, const std::vector<int32_t>& which_x,
                           const UnitRows& y, const int32_t* which_y, size_t y_size, float* out,
                           size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(ProductTableSimd)
  (x.values_.data(), which_x.data(), which_x.size(), y.values_.data(), which_y, y_size, y.stride_,
   1 / (kUnit * kUnit), out, out_stride);
}

}  // namespace hexapla
#endif  // HWY_ONCE
