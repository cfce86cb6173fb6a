// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_COVER_SUMS_H_
#define HEXAPLA_SERVER_SIMILARITY_COVER_SUMS_H_

#include <cstddef>
#include <cstdint>

namespace hexapla {

// Sums over the tokens of a sentence, each with a weight, of their covers: bytes
// that say how well a sentence of the other side renders them.
//
// Vectorised for the machine it runs on. The order of additions, and so the last
// bit of a sum, depends on the machine.

// So many numbers behind the tokens must be readable; what they are is no matter.
inline constexpr size_t kCoverPadding = 16;

// The sum over `size` tokens of weights[t] times the most of covers[i][t] for i in
// [0, count). Requires: count > 0.
float SumCovers(const float* weights, const uint8_t* const* covers, size_t count, size_t size);

// The sum of weights[t] times what the most of before[t] and after[t] is above the
// most of covers[i][t].
float SumLeaks(const float* weights, const uint8_t* before, const uint8_t* after,
               const uint8_t* const* covers, size_t count, size_t size);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_COVER_SUMS_H_
