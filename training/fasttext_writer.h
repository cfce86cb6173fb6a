// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_FASTTEXT_WRITER_H_
#define HEXAPLA_TRAINING_FASTTEXT_WRITER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "training/corpus.h"
#include "training/features.h"
#include "training/product_quantizer.h"

namespace hexapla::training {

// Writes the space as a genuine fastText model (file version 12) that any
// fastText tool loads: a supervised model with one label, for only those may
// be quantised and pruned; its input matrix is the space. Atomic: the file is
// whole or absent. Errors: Unavailable when it cannot be written.
absl::Status WriteFastText(const std::string& path, const Corpus& corpus, const Features& features,
                           const QuantizedMatrix& matrix);

// The same unquantised and, as fastText demands then, unpruned: every bucket
// has a row, zero when its n-gram was not kept. Large; for measuring what
// quantisation costs.
absl::Status WriteFastText(const std::string& path, const Corpus& corpus, const Features& features,
                           const std::vector<float>& matrix, int dimension);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_FASTTEXT_WRITER_H_
