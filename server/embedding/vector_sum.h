// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_VECTOR_SUM_H_
#define HEXAPLA_SERVER_EMBEDDING_VECTOR_SUM_H_

#include <cstddef>
#include <cstdint>

#include "server/embedding/embedding_matrix.h"

namespace hexapla {

// sum += x, element by element; vectorised for the machine it runs on.
// Requires: the arrays do not overlap.
void AddVector(const float* x, size_t size, float* sum);

// sum = the sum of rows which[0, size), one after another; zeros if there are none.
void SumRows(const EmbeddingMatrix& rows, const int32_t* which, size_t size, float* sum);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_VECTOR_SUM_H_
