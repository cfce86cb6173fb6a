// SPDX-License-Identifier: Apache-2.0
//
// The inner loops over a model's matrices. foreach_target compiles this file
// once for every instruction set that Highway knows for the architecture, and
// the best one for the machine is chosen at the first call.
//
// Adding many rows walks the columns outside and the rows inside: a block of
// columns is summed in registers over all rows and written once. Walking the
// rows outside would load and store the sum for each of them, which costs as
// much as the addition.
//
// A quantised row is summed a block of parts at a time. For parts of two
// columns, which is fastText's default, a part is one 64-bit load, for parts of
// four a 128-bit one, for other parts of up to eight a 256-bit one.

#include "server/fasttext/matrix.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstring>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/fasttext/matrix.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// After foreach_target, as Highway asks for.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace hexapla::fasttext::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;

// The file keeps floats at any alignment, and C++ has no unaligned float*.
inline float LoadFloat(const uint8_t* from) {
  float value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

inline hn::Vec<Floats> LoadFloats(const uint8_t* from) {
  const Floats d;
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(d, LoadFloat(from));
#else
  return hn::BitCast(d, hn::LoadU(hn::Repartition<uint8_t, Floats>(), from));
#endif
}

// How many rows ahead of their use rows are fetched into the cache: they lie
// anywhere in memory, and the next dozens are known.
constexpr size_t kRowsAhead = 8;

void AddDenseRows(const uint8_t* values, size_t cols, const int32_t* rows, size_t n, float scale,
                  float* acc) {
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  const size_t row_bytes = cols * sizeof(float);
  const auto row_at = [&](size_t i, size_t col) {
    return values + static_cast<size_t>(rows[i]) * row_bytes + col * sizeof(float);
  };
  const auto scale_all = hn::Set(d, scale);
  size_t col = 0;
  for (; col + lanes <= cols; col += lanes) {
    // Four sums, because an addition takes about four cycles.
    auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
      for (size_t ahead = i + kRowsAhead; ahead < std::min(n, i + kRowsAhead + 4); ++ahead) {
        hwy::Prefetch(row_at(ahead, col));
      }
      sum0 = hn::Add(sum0, LoadFloats(row_at(i, col)));
      sum1 = hn::Add(sum1, LoadFloats(row_at(i + 1, col)));
      sum2 = hn::Add(sum2, LoadFloats(row_at(i + 2, col)));
      sum3 = hn::Add(sum3, LoadFloats(row_at(i + 3, col)));
    }
    for (; i < n; ++i) sum0 = hn::Add(sum0, LoadFloats(row_at(i, col)));
    const auto sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
    hn::StoreU(hn::MulAdd(sum, scale_all, hn::LoadU(d, acc + col)), d, acc + col);
  }
  for (; col < cols; ++col) {
    float sum = 0;
    for (size_t i = 0; i < n; ++i) sum += LoadFloat(row_at(i, col));
    acc[col] += scale * sum;
  }
}

float DotDenseRow(const uint8_t* values, size_t cols, size_t row, const float* x) {
  const Floats d;
  const size_t lanes = hn::Lanes(d);
  const uint8_t* const at = values + row * cols * sizeof(float);
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
  size_t col = 0;
  for (; col + 2 * lanes <= cols; col += 2 * lanes) {
    const size_t next = col + lanes;
    sum0 = hn::MulAdd(LoadFloats(at + col * sizeof(float)), hn::LoadU(d, x + col), sum0);
    sum1 = hn::MulAdd(LoadFloats(at + next * sizeof(float)), hn::LoadU(d, x + next), sum1);
  }
  for (; col + lanes <= cols; col += lanes) {
    sum0 = hn::MulAdd(LoadFloats(at + col * sizeof(float)), hn::LoadU(d, x + col), sum0);
  }
  float dot = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
  for (; col < cols; ++col) dot += LoadFloat(at + col * sizeof(float)) * x[col];
  return dot;
}

void DotDenseRows(const uint8_t* values, size_t cols, size_t rows, const float* x, float* out) {
  for (size_t row = 0; row < rows; ++row) out[row] = DotDenseRow(values, cols, row, x);
}

#if HWY_TARGET != HWY_SCALAR  // which has no vectors of four

using FourFloats = hn::FixedTag<float, 4>;

inline hn::Vec<FourFloats> TwoParts(const float* centroids, const uint8_t* code) {
  const FourFloats d;
  const hn::Half<FourFloats> half;
  return hn::Combine(d, hn::LoadU(half, centroids + 512 + size_t{code[1]} * 2),
                     hn::LoadU(half, centroids + size_t{code[0]} * 2));
}

// Sums parts [part, part + 8) of rows whose parts all have two columns.
// Requires: part + 8 <= parts. `norms` may be null.
inline void AddEightPairs(const Matrix::Quantizer& q, size_t part, const int32_t* rows, size_t n,
                          float scale, float* acc) {
  const FourFloats d;
  const float* const centroids = q.centroids.data() + part * 512;
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
  for (size_t i = 0; i < n; ++i) {
    const uint8_t* const code = q.codes + static_cast<size_t>(rows[i]) * q.parts + part;
    const float norm = q.norm_codes == nullptr ? 1.0f : q.norms[q.norm_codes[rows[i]]];
    const auto norm_all = hn::Set(d, norm);
    sum0 = hn::MulAdd(TwoParts(centroids, code), norm_all, sum0);
    sum1 = hn::MulAdd(TwoParts(centroids + 1024, code + 2), norm_all, sum1);
    sum2 = hn::MulAdd(TwoParts(centroids + 2048, code + 4), norm_all, sum2);
    sum3 = hn::MulAdd(TwoParts(centroids + 3072, code + 6), norm_all, sum3);
  }
  const auto scale_all = hn::Set(d, scale);
  float* const to = acc + part * 2;
  hn::StoreU(hn::MulAdd(sum0, scale_all, hn::LoadU(d, to)), d, to);
  hn::StoreU(hn::MulAdd(sum1, scale_all, hn::LoadU(d, to + 4)), d, to + 4);
  hn::StoreU(hn::MulAdd(sum2, scale_all, hn::LoadU(d, to + 8)), d, to + 8);
  hn::StoreU(hn::MulAdd(sum3, scale_all, hn::LoadU(d, to + 12)), d, to + 12);
}

// The same for parts [part, part + 4) of four columns each.
inline void AddFourQuads(const Matrix::Quantizer& q, size_t part, const int32_t* rows, size_t n,
                         float scale, float* acc) {
  const FourFloats d;
  const float* const centroids = q.centroids.data() + part * 1024;
  const auto centroid = [&](size_t i, size_t code) {
    return hn::LoadU(d, centroids + i * 1024 + code * 4);
  };
  auto sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
  for (size_t i = 0; i < n; ++i) {
    const uint8_t* const code = q.codes + static_cast<size_t>(rows[i]) * q.parts + part;
    const float norm = q.norm_codes == nullptr ? 1.0f : q.norms[q.norm_codes[rows[i]]];
    const auto norm_all = hn::Set(d, norm);
    sum0 = hn::MulAdd(centroid(0, code[0]), norm_all, sum0);
    sum1 = hn::MulAdd(centroid(1, code[1]), norm_all, sum1);
    sum2 = hn::MulAdd(centroid(2, code[2]), norm_all, sum2);
    sum3 = hn::MulAdd(centroid(3, code[3]), norm_all, sum3);
  }
  const auto scale_all = hn::Set(d, scale);
  float* const to = acc + part * 4;
  hn::StoreU(hn::MulAdd(sum0, scale_all, hn::LoadU(d, to)), d, to);
  hn::StoreU(hn::MulAdd(sum1, scale_all, hn::LoadU(d, to + 4)), d, to + 4);
  hn::StoreU(hn::MulAdd(sum2, scale_all, hn::LoadU(d, to + 8)), d, to + 8);
  hn::StoreU(hn::MulAdd(sum3, scale_all, hn::LoadU(d, to + 12)), d, to + 12);
}

// Eight floats, in one vector where the machine has such.
#if HWY_MAX_BYTES >= 32 && !HWY_HAVE_SCALABLE
struct EightFloats {
  hn::Vec<hn::FixedTag<float, 8>> all;

  static EightFloats Zero() { return {hn::Zero(hn::FixedTag<float, 8>())}; }
  void AddScaled(const float* from, float scale) {
    const hn::FixedTag<float, 8> d;
    all = hn::MulAdd(hn::LoadU(d, from), hn::Set(d, scale), all);
  }
  void Store(float* to) const { hn::StoreU(all, hn::FixedTag<float, 8>(), to); }
};
#else
struct EightFloats {
  hn::Vec<FourFloats> low;
  hn::Vec<FourFloats> high;

  static EightFloats Zero() { return {hn::Zero(FourFloats()), hn::Zero(FourFloats())}; }
  void AddScaled(const float* from, float scale) {
    const FourFloats d;
    low = hn::MulAdd(hn::LoadU(d, from), hn::Set(d, scale), low);
    high = hn::MulAdd(hn::LoadU(d, from + 4), hn::Set(d, scale), high);
  }
  void Store(float* to) const {
    hn::StoreU(low, FourFloats(), to);
    hn::StoreU(high, FourFloats(), to + 4);
  }
};
#endif

// The same for parts [part, part + 4) of three to eight columns: eight floats are
// read of each, the next centroids' among them, and only the part's own kept.
inline void AddFourParts(const Matrix::Quantizer& q, size_t part, const int32_t* rows, size_t n,
                         float scale, float* acc) {
  const size_t cols = q.part_cols;
  const size_t stride = 256 * cols;
  const float* const centroids = q.centroids.data() + part * stride;
  EightFloats sum0 = EightFloats::Zero(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  for (size_t i = 0; i < n; ++i) {
    const uint8_t* const code = q.codes + static_cast<size_t>(rows[i]) * q.parts + part;
    const float norm = q.norm_codes == nullptr ? 1.0f : q.norms[q.norm_codes[rows[i]]];
    sum0.AddScaled(centroids + code[0] * cols, norm);
    sum1.AddScaled(centroids + stride + code[1] * cols, norm);
    sum2.AddScaled(centroids + 2 * stride + code[2] * cols, norm);
    sum3.AddScaled(centroids + 3 * stride + code[3] * cols, norm);
  }
  float* to = acc + part * cols;
  for (const EightFloats& sum : {sum0, sum1, sum2, sum3}) {
    float values[8];
    sum.Store(values);
    for (size_t col = 0; col < cols; ++col) *to++ += scale * values[col];
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

inline void AddQuantizedRowsFrom(const Matrix::Quantizer& q, size_t part_begin, const int32_t* rows,
                                 size_t n, float scale, float* acc) {
  for (size_t i = 0; i < n; ++i) {
    const uint8_t* const code = q.codes + static_cast<size_t>(rows[i]) * q.parts;
    const float norm = q.norm_codes == nullptr ? 1.0f : q.norms[q.norm_codes[rows[i]]];
    for (size_t part = part_begin; part < q.parts; ++part) {
      const size_t cols = part + 1 == q.parts ? q.last_part_cols : q.part_cols;
      const float* const centroid =
          q.centroids.data() + part * 256 * q.part_cols + code[part] * cols;
      float* const to = acc + part * q.part_cols;
      for (size_t col = 0; col < cols; ++col) to[col] += scale * norm * centroid[col];
    }
  }
}

void AddQuantizedRows(const Matrix::Quantizer& q, const int32_t* rows, size_t n, float scale,
                      float* acc) {
  // Every block of parts walks the rows anew; a few hundred rows of codes stay
  // in the first cache meanwhile.
  constexpr size_t kRowsAtOnce = 256;
  for (size_t begin = 0; begin < n; begin += kRowsAtOnce) {
    const int32_t* const some = rows + begin;
    const size_t some_size = std::min(kRowsAtOnce, n - begin);
    for (size_t i = 0; i < some_size; ++i) {
      const uint8_t* const code = q.codes + static_cast<size_t>(some[i]) * q.parts;
      for (size_t byte = 0; byte < q.parts; byte += 64) hwy::Prefetch(code + byte);
      if (q.norm_codes != nullptr) hwy::Prefetch(q.norm_codes + some[i]);
    }
    size_t part = 0;
#if HWY_TARGET != HWY_SCALAR
    const size_t whole_parts = q.last_part_cols == q.part_cols ? q.parts : q.parts - 1;
    if (q.part_cols == 2) {
      for (; part + 8 <= whole_parts; part += 8) {
        AddEightPairs(q, part, some, some_size, scale, acc);
      }
    } else if (q.part_cols == 4) {
      for (; part + 4 <= whole_parts; part += 4) AddFourQuads(q, part, some, some_size, scale, acc);
    } else if (q.part_cols > 2 && q.part_cols <= 8) {
      for (; part + 4 <= whole_parts; part += 4) AddFourParts(q, part, some, some_size, scale, acc);
    }
#endif
    if (part < q.parts) AddQuantizedRowsFrom(q, part, some, some_size, scale, acc);
  }
}

}  // namespace hexapla::fasttext::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla::fasttext {
namespace {

constexpr size_t kCentroidsPadding = 8;

HWY_EXPORT(AddDenseRows);
HWY_EXPORT(DotDenseRow);
HWY_EXPORT(DotDenseRows);
HWY_EXPORT(AddQuantizedRows);

float DotQuantizedRow(const Matrix::Quantizer& q, size_t row, const float* x) {
  const uint8_t* const code = q.codes + row * q.parts;
  float dot = 0;
  for (size_t part = 0; part < q.parts; ++part) {
    const size_t cols = part + 1 == q.parts ? q.last_part_cols : q.part_cols;
    const float* const centroid = q.centroids.data() + part * 256 * q.part_cols + code[part] * cols;
    for (size_t col = 0; col < cols; ++col) dot += x[part * q.part_cols + col] * centroid[col];
  }
  return q.norm_codes == nullptr ? dot : dot * q.norms[q.norm_codes[row]];
}

}  // namespace

Matrix Matrix::Dense(int64_t rows, int64_t cols, const char* values) {
  Matrix matrix;
  matrix.rows_ = rows;
  matrix.cols_ = cols;
  matrix.values_ = reinterpret_cast<const uint8_t*>(values);
  return matrix;
}

Matrix Matrix::Quantized(int64_t rows, int64_t cols, Quantizer quantizer) {
  Matrix matrix;
  matrix.rows_ = rows;
  matrix.cols_ = cols;
  matrix.quantized_ = true;
  matrix.quantizer_ = std::move(quantizer);
  // The loops read eight floats from the last centroid, too.
  matrix.quantizer_.centroids.resize(matrix.quantizer_.centroids.size() + kCentroidsPadding);
  return matrix;
}

void Matrix::AddRow(int64_t row, float scale, float* acc) const {
  const auto index = static_cast<int32_t>(row);
  AddRows(&index, 1, scale, acc);
}

void Matrix::AddRows(const int32_t* rows, size_t n, float scale, float* acc) const {
  if (quantized_) {
    HWY_DYNAMIC_DISPATCH(AddQuantizedRows)(quantizer_, rows, n, scale, acc);
  } else {
    HWY_DYNAMIC_DISPATCH(AddDenseRows)
    (values_, static_cast<size_t>(cols_), rows, n, scale, acc);
  }
}

float Matrix::Dot(int64_t row, const float* x) const {
  if (quantized_) return DotQuantizedRow(quantizer_, static_cast<size_t>(row), x);
  return HWY_DYNAMIC_DISPATCH(DotDenseRow)(values_, static_cast<size_t>(cols_),
                                           static_cast<size_t>(row), x);
}

void Matrix::DotAll(const float* x, float* out) const {
  if (!quantized_) {
    HWY_DYNAMIC_DISPATCH(DotDenseRows)
    (values_, static_cast<size_t>(cols_), static_cast<size_t>(rows_), x, out);
    return;
  }
  for (int64_t row = 0; row < rows_; ++row) {
    out[row] = DotQuantizedRow(quantizer_, static_cast<size_t>(row), x);
  }
}

}  // namespace hexapla::fasttext
#endif  // HWY_ONCE
