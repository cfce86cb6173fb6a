// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_COSINE_H_
#define HEXAPLA_SERVER_SIMILARITY_COSINE_H_

#include <cstddef>
#include <cstdint>

#include "server/embedding/embedding_matrix.h"

namespace hexapla {

// out[i] = x . rows.row(which[i]) for i in [0, size).
// Cost: vectorised for the machine it runs on. The order of additions, and so
// the last bit of a sum, depends on the machine.
void InnerProducts(const float* x, const EmbeddingMatrix& rows, const int32_t* which, size_t size,
                   float* out);

// x . y over `dimension` floats.
float InnerProduct(const float* x, const float* y, int dimension);

// Scales every row to length 1; a row of zeros stays.
void NormalizeRows(EmbeddingMatrix& rows);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_COSINE_H_
