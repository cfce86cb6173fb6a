// SPDX-License-Identifier: Apache-2.0
//
// The layout of a binary fastText file, little-endian and unaligned, as fastText
// writes it:
//
//   int32 magic, version
//   int32 dim, window, epochs, minimum count, negatives, word n-grams, loss,
//         kind, buckets, minn, maxn, update rate; double sampling threshold
//   int32 entries, words, labels; int64 tokens, kept buckets (-1: not pruned)
//   per entry:       name, NUL, int64 count, int8 type (0 word, 1 label)
//   per kept bucket: int32 bucket, int32 index of its row
//   bool  the input matrix is quantised;  the matrix
//   bool  so is the output matrix, if the input is;  the matrix
//
// A dense matrix is int64 rows, columns and the floats. A quantised one is bool
// norms, int64 rows, columns, int32 bytes of code, the codes, a quantiser, and
// with norms one byte a row and a second quantiser. A quantiser is int32
// columns, parts, columns of a part, columns of the last part, and the floats
// of 256 centroids a part.
#ifndef HEXAPLA_SERVER_FASTTEXT_FILE_FORMAT_H_
#define HEXAPLA_SERVER_FASTTEXT_FILE_FORMAT_H_

#include <cstdint>

namespace hexapla::fasttext {

inline constexpr int32_t kFileMagic = 793712314;
inline constexpr int32_t kFileVersion = 12;
// The last version in which supervised models had no character n-grams,
// whatever their arguments say.
inline constexpr int32_t kFileVersionWithoutSubwords = 11;

inline constexpr int8_t kWordEntry = 0;
inline constexpr int8_t kLabelEntry = 1;

// Numbered as in the files.
enum class Kind : int32_t { kCbow = 1, kSkipgram = 2, kSupervised = 3 };
enum class Loss : int32_t {
  kHierarchicalSoftmax = 1,
  kNegativeSampling = 2,
  kSoftmax = 3,
  kOneVsAll = 4,
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_FILE_FORMAT_H_
