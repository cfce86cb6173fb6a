// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_SPACE_QUANTIZER_H_
#define HEXAPLA_TRAINING_SPACE_QUANTIZER_H_

#include <vector>

#include "training/features.h"
#include "training/product_quantizer.h"

namespace hexapla::training {

// Quantises the rows of an embedding space (features.rows() x dimension). A word's
// vector is the mean of its own row and those of its n-grams, so the row of a word
// is stored last and makes up for what its n-grams have lost: what remains is the
// loss of one row instead of the sum of all. `weights`: as Quantize.
QuantizedMatrix QuantizeSpace(const std::vector<float>& matrix, int dimension,
                              const Features& features, const std::vector<double>& weights,
                              const QuantizerOptions& options);

// The mean cosine between the vectors of the words of the vocabulary before and
// after, each weighted by the square root of its count.
double WordCosine(const std::vector<float>& matrix, const QuantizedMatrix& quantized,
                  const Features& features);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_SPACE_QUANTIZER_H_
