// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_VECTOR_SUM_H_
#define HEXAPLA_SERVER_EMBEDDING_VECTOR_SUM_H_

#include <cstddef>

namespace hexapla {

// sum += x, element by element; vectorised for the machine it runs on.
// Requires: the arrays do not overlap.
void AddVector(const float* x, size_t size, float* sum);

// The square of the length of x[0, size).
float SquareSum(const float* x, size_t size);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_VECTOR_SUM_H_
