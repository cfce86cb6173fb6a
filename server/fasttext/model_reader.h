// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_MODEL_READER_H_
#define HEXAPLA_SERVER_FASTTEXT_MODEL_READER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/fasttext/dictionary.h"
#include "server/fasttext/file_bytes.h"
#include "server/fasttext/file_format.h"
#include "server/fasttext/matrix.h"

namespace hexapla::fasttext {

// The training arguments that matter for using a model.
struct Args {
  int32_t dim = 0;          // length of vectors, 1 to kDimMax
  int32_t word_ngrams = 0;  // longest sequence of words that has a feature
  Loss loss = Loss::kSoftmax;
  Kind kind = Kind::kSupervised;
  int32_t bucket = 0;  // buckets that n-grams are hashed into
  int32_t minn = 0;    // shortest and longest character n-gram, in code points;
  int32_t maxn = 0;    // none when maxn is 0 or less than minn
};

// A fastText model, read from a binary file of version 12 or 11 (.bin or .ftz):
// any kind, loss and dimension, quantised or not, pruned or not; or from word
// vectors in text (.vec), which make an unsupervised model without n-grams.
//
// Nothing in the file is believed: every count is held against the bytes that
// are there before anything is allocated, every index against what it points
// into, and the file must end where the model does. Whatever Read returns is
// safe to use with every method of its parts.
//
// Limits beyond the format's: dimension 65,536; n-grams of 255 characters or
// words; 2^27 buckets in a pruned model; words of 1 MiB; 4 GiB of words.
//
// Cost: the file's size in memory (see FileBytes) and a table of its words;
// about 0.1 s for a million words. Of text the values as floats instead, and
// some 25 ns a value; see BinaryFromVectorText.
// Threads: immutable once built, so concurrent use is safe.
class Model {
 public:
  static constexpr int32_t kDimMax = 65536;

  // Reads the model at `path`. Errors name the file, the part of it, the limit
  // and the value: DataLoss when the file is cut off or contradicts itself,
  // InvalidArgument when it is no fastText model or one beyond the limits, or
  // what opening it gave, for example NotFound.
  static absl::StatusOr<std::unique_ptr<const Model>> Read(absl::string_view path);

  // The same from bytes in memory; `name` stands for the file in errors.
  static absl::StatusOr<std::unique_ptr<const Model>> FromBytes(std::string bytes,
                                                                absl::string_view name);

  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const Args& args() const { return args_; }
  int32_t dim() const { return args_.dim; }
  const Dictionary& dictionary() const { return dictionary_; }
  // One row a word, then one a bucket (that is left); dim() columns.
  const Matrix& input() const { return input_; }
  // One row a label of a supervised model; dim() columns.
  const Matrix& output() const { return output_; }

 private:
  friend class ModelParser;
  explicit Model(std::unique_ptr<FileBytes> file) : file_(std::move(file)) {}
  static absl::StatusOr<std::unique_ptr<const Model>> Parse(std::unique_ptr<FileBytes> file,
                                                            absl::string_view name);

  const std::unique_ptr<FileBytes> file_;
  Args args_;
  Dictionary dictionary_;
  Matrix input_;
  Matrix output_;
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_MODEL_READER_H_
