// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_ACTIVATIONS_H_
#define HEXAPLA_SERVER_FASTTEXT_ACTIVATIONS_H_

#include <cstddef>

namespace hexapla::fasttext {

// Replaces each of `n` values x by 1 / (1 + exp(-x)); NaN becomes 0.
// Cost: a nanosecond a value, or less; vectorised for the machine it runs on.
void ApplyLogistic(float* values, size_t n);

// Replaces `n` values by their softmax: exponentials that sum to 1. When one of
// them is NaN, so are all. The same cost.
void ApplySoftmax(float* values, size_t n);

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_ACTIVATIONS_H_
