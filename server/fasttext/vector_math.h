// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_VECTOR_MATH_H_
#define HEXAPLA_SERVER_FASTTEXT_VECTOR_MATH_H_

#include <cstddef>

namespace hexapla::fasttext {

// The square of the length of x[0, n); vectorised for the machine it runs on.
float SquareSum(const float* x, size_t n);

// sum[0, n) += scale * x[0, n). Requires: they do not overlap.
void AddScaled(float scale, const float* x, size_t n, float* sum);

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_VECTOR_MATH_H_
