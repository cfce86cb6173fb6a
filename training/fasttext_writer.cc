// SPDX-License-Identifier: Apache-2.0
#include "training/fasttext_writer.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <numeric>

#include "absl/strings/str_cat.h"

#include "server/fasttext/file_format.h"

namespace hexapla::training {
namespace {

constexpr char kLabel[] = "__label__hexapla";

class Writer {
 public:
  explicit Writer(const std::string& path)
      : path_(path), partial_(path + ".partial"), out_(partial_, std::ios::binary) {}

  template <typename T>
  void Put(T value) {
    out_.write(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <typename T>
  void PutAll(const std::vector<T>& values) {
    out_.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(T)));
  }
  void PutString(const std::string& text) {
    out_.write(text.c_str(), static_cast<std::streamsize>(text.size() + 1));
  }
  absl::Status Finish() {
    out_.close();
    if (!out_ || std::rename(partial_.c_str(), path_.c_str()) != 0) {
      return absl::UnavailableError(absl::StrCat(path_, ": cannot be written"));
    }
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const std::string partial_;
  std::ofstream out_;
};

void PutHeader(Writer& out, const Corpus& corpus, const Features& features, int dimension,
               bool pruned) {
  out.Put(fasttext::kFileMagic);
  out.Put(fasttext::kFileVersion);
  out.Put<int32_t>(dimension);
  out.Put<int32_t>(5);  // window, of no meaning here
  out.Put<int32_t>(1);  // epochs
  out.Put<int32_t>(features.options.word_count_min);
  out.Put<int32_t>(0);  // negatives
  out.Put<int32_t>(1);  // word n-grams
  out.Put(fasttext::Loss::kSoftmax);
  out.Put(fasttext::Kind::kSupervised);
  out.Put<int32_t>(features.options.bucket);
  out.Put<int32_t>(features.options.minn);
  out.Put<int32_t>(features.options.maxn);
  out.Put<int32_t>(100);  // learning-rate updates
  out.Put<double>(0);     // sampling threshold

  out.Put(static_cast<int32_t>(features.words.size() + 1));
  out.Put(static_cast<int32_t>(features.words.size()));
  out.Put<int32_t>(1);  // labels
  out.Put(std::accumulate(features.word_counts.begin(), features.word_counts.end(), int64_t{0}));
  out.Put(pruned ? static_cast<int64_t>(features.buckets.size()) : int64_t{-1});
  for (size_t row = 0; row < features.words.size(); ++row) {
    out.PutString(corpus.types.word(features.words[row]));
    out.Put(features.word_counts[row]);
    out.Put(fasttext::kWordEntry);
  }
  out.PutString(kLabel);
  out.Put<int64_t>(1);
  out.Put(fasttext::kLabelEntry);
  if (pruned) {
    for (size_t i = 0; i < features.buckets.size(); ++i) {
      out.Put(features.buckets[i]);
      out.Put(static_cast<int32_t>(i));
    }
  }
}

void PutOutputMatrix(Writer& out, int dimension) {
  out.Put<bool>(false);
  out.Put<int64_t>(1);
  out.Put<int64_t>(dimension);
  out.PutAll(std::vector<float>(dimension));
}

}  // namespace

absl::Status WriteFastText(const std::string& path, const Corpus& corpus, const Features& features,
                           const QuantizedMatrix& matrix) {
  Writer out(path);
  PutHeader(out, corpus, features, matrix.dimension, /*pruned=*/true);
  out.Put<bool>(true);  // quantised input
  out.Put<bool>(true);  // with norms apart
  out.Put<int64_t>(matrix.rows);
  out.Put<int64_t>(matrix.dimension);
  out.Put(static_cast<int32_t>(matrix.codes.size()));
  out.PutAll(matrix.codes);
  const int last = matrix.dimension - (matrix.parts() - 1) * matrix.part;
  for (const int32_t field : {matrix.dimension, matrix.parts(), matrix.part, last}) out.Put(field);
  out.PutAll(matrix.centroids);
  out.PutAll(matrix.norm_codes);
  for (const int32_t field : {1, 1, 1, 1}) out.Put(field);
  out.PutAll(matrix.norms);
  PutOutputMatrix(out, matrix.dimension);
  return out.Finish();
}

absl::Status WriteFastText(const std::string& path, const Corpus& corpus, const Features& features,
                           const std::vector<float>& matrix, int dimension) {
  Writer out(path);
  PutHeader(out, corpus, features, dimension, /*pruned=*/false);
  out.Put<bool>(false);
  out.Put(static_cast<int64_t>(features.words.size() + features.options.bucket));
  out.Put<int64_t>(dimension);
  std::vector<float> rows(matrix.begin(), matrix.begin() + features.words.size() * dimension);
  rows.resize((features.words.size() + features.options.bucket) * static_cast<size_t>(dimension));
  for (size_t i = 0; i < features.buckets.size(); ++i) {
    std::copy_n(matrix.begin() + (features.words.size() + i) * dimension, dimension,
                rows.begin() + (features.words.size() + features.buckets[i]) * dimension);
  }
  out.PutAll(rows);
  PutOutputMatrix(out, dimension);
  return out.Finish();
}

}  // namespace hexapla::training
