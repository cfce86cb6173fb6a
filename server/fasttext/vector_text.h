// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_VECTOR_TEXT_H_
#define HEXAPLA_SERVER_FASTTEXT_VECTOR_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla::fasttext {

// Whether `bytes` begin as fastText's word vectors in text (.vec) do: with a line
// of two numbers, how many words follow and how many values each has.
bool IsVectorText(absl::string_view bytes);

// Word vectors in text as the bytes of a binary fastText model of the same words
// in the same order, for Model to read: unsupervised, without n-grams.
//
// A line is a word and its values, parted by single spaces, perhaps with one more
// space at its end; the word may hold further spaces, as some published files have
// it. A word that comes twice counts with its last vector.
//
// Errors, DataLoss or InvalidArgument, name the line, from 1, the limit and the
// value: another number of lines or of values than the first line says, a value
// that is no finite number, an empty word or one with a NUL, a dimension of 0 or
// over Model::kDimMax. A first line that promises more than there are bytes is
// refused before anything is allocated.
// Cost: some 25 ns a value; the memory of the result.
absl::StatusOr<std::string> BinaryFromVectorText(absl::string_view text);

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_VECTOR_TEXT_H_
