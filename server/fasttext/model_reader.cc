// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/model_reader.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "absl/base/config.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"
#include "server/fasttext/vector_text.h"

namespace hexapla::fasttext {
namespace {

#ifndef ABSL_IS_LITTLE_ENDIAN
#error "fastText's files are little-endian and read in place"
#endif

// Longer n-grams than anyone trains would make a long word cost its square.
constexpr int32_t kNgramMax = 255;
// The bitmap of kept buckets takes 1.5 bits for each of them.
constexpr int32_t kPrunedBucketsMax = 1 << 27;
constexpr size_t kWordBytesMax = size_t{1} << 20;
// Huffman trees compare counts with fastText's "not yet built", 1e15.
constexpr int64_t kCountsMax = 1'000'000'000'000'000;
constexpr size_t kCentroids = 256;

// Hands out the bytes of a file from front to back, never past the end.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : bytes_(bytes) {}

  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }
  const char* here() const { return bytes_.data() + position_; }

  absl::StatusOr<const char*> Bytes(uint64_t size, absl::string_view what) {
    if (size > left()) return Truncated(what, size);
    const char* bytes = here();
    position_ += size;
    return bytes;
  }

  template <typename T>
  absl::StatusOr<T> Number(absl::string_view what) {
    HEXAPLA_ASSIGN_OR_RETURN(const char* bytes, Bytes(sizeof(T), what));
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    return value;
  }

  absl::StatusOr<bool> Bool(absl::string_view what) {
    HEXAPLA_ASSIGN_OR_RETURN(const auto value, Number<uint8_t>(what));
    if (value > 1) return absl::DataLossError(absl::StrCat(what, " is ", value, ", not 0 or 1"));
    return value == 1;
  }

  absl::Status Truncated(absl::string_view what, uint64_t size) const {
    return absl::DataLossError(absl::StrCat("cut off in ", what, " at byte ", position_, ": needs ",
                                            size, " bytes, has ", left()));
  }

 private:
  const absl::string_view bytes_;
  size_t position_ = 0;
};

absl::Status OutOfRange(absl::string_view what, int64_t value, int64_t least, int64_t most) {
  return absl::DataLossError(absl::StrCat(what, " is ", value, ", must be ", least, " to ", most));
}

absl::Status CheckRange(absl::string_view what, int64_t value, int64_t least, int64_t most) {
  if (value < least || value > most) return OutOfRange(what, value, least, most);
  return absl::OkStatus();
}

}  // namespace

// Reads the parts of a file in their order into a model.
class ModelParser {
 public:
  ModelParser(absl::string_view bytes, Model& model) : in_(bytes), model_(model) {}

  absl::Status Parse() {
    HEXAPLA_RETURN_IF_ERROR(ParseSignature());
    HEXAPLA_RETURN_IF_ERROR(ParseArgs());
    HEXAPLA_RETURN_IF_ERROR(ParseDictionary());
    HEXAPLA_ASSIGN_OR_RETURN(const bool input_quantized, in_.Bool("the input matrix's kind"));
    HEXAPLA_ASSIGN_OR_RETURN(model_.input_, ParseMatrix("input matrix", input_quantized));
    HEXAPLA_RETURN_IF_ERROR(CheckInput());
    HEXAPLA_ASSIGN_OR_RETURN(const bool output_quantized, in_.Bool("the output matrix's kind"));
    HEXAPLA_ASSIGN_OR_RETURN(model_.output_,
                             ParseMatrix("output matrix", input_quantized && output_quantized));
    HEXAPLA_RETURN_IF_ERROR(CheckOutput());
    if (in_.left() > 0) {
      return absl::DataLossError(absl::StrCat("the model ends at byte ", in_.position(), ", but ",
                                              in_.left(), " bytes follow"));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ParseSignature() {
    HEXAPLA_ASSIGN_OR_RETURN(const auto magic, in_.Number<int32_t>("the signature"));
    HEXAPLA_ASSIGN_OR_RETURN(version_, in_.Number<int32_t>("the version"));
    if (magic != kFileMagic) {
      return absl::InvalidArgumentError(
          absl::StrCat("not a binary fastText model: starts with ", magic, ", not ", kFileMagic));
    }
    if (version_ != kFileVersion && version_ != kFileVersionWithoutSubwords) {
      return absl::InvalidArgumentError(absl::StrCat("fastText format version is ", version_,
                                                     ", must be ", kFileVersionWithoutSubwords,
                                                     " or ", kFileVersion));
    }
    return absl::OkStatus();
  }

  absl::Status ParseArgs() {
    int32_t fields[12];
    for (int32_t& field : fields) {
      HEXAPLA_ASSIGN_OR_RETURN(field, in_.Number<int32_t>("the training arguments"));
    }
    HEXAPLA_RETURN_IF_ERROR(in_.Number<double>("the training arguments").status());
    HEXAPLA_RETURN_IF_ERROR(CheckRange("dim", fields[0], 1, Model::kDimMax));
    HEXAPLA_RETURN_IF_ERROR(CheckRange("wordNgrams", fields[5], 0, kNgramMax));
    HEXAPLA_RETURN_IF_ERROR(CheckRange("loss", fields[6], 1, 4));
    HEXAPLA_RETURN_IF_ERROR(CheckRange("model", fields[7], 1, 3));
    HEXAPLA_RETURN_IF_ERROR(
        CheckRange("bucket", fields[8], 0, std::numeric_limits<int32_t>::max()));
    HEXAPLA_RETURN_IF_ERROR(CheckRange("minn", fields[9], 0, kNgramMax));
    HEXAPLA_RETURN_IF_ERROR(CheckRange("maxn", fields[10], 0, kNgramMax));
    Args& args = model_.args_;
    args = {.dim = fields[0],
            .word_ngrams = fields[5],
            .loss = static_cast<Loss>(fields[6]),
            .kind = static_cast<Kind>(fields[7]),
            .bucket = fields[8],
            .minn = fields[9],
            .maxn = fields[10]};
    if (version_ == kFileVersionWithoutSubwords && args.kind == Kind::kSupervised) args.maxn = 0;
    return absl::OkStatus();
  }

  absl::Status ParseDictionary() {
    HEXAPLA_ASSIGN_OR_RETURN(const auto entries, in_.Number<int32_t>("the number of entries"));
    HEXAPLA_ASSIGN_OR_RETURN(const auto words, in_.Number<int32_t>("the number of words"));
    HEXAPLA_ASSIGN_OR_RETURN(const auto labels, in_.Number<int32_t>("the number of labels"));
    HEXAPLA_ASSIGN_OR_RETURN(const auto tokens, in_.Number<int64_t>("the number of tokens"));
    HEXAPLA_ASSIGN_OR_RETURN(kept_size_, in_.Number<int64_t>("the number of kept buckets"));
    // The shortest entry is a NUL, a count and a type.
    HEXAPLA_RETURN_IF_ERROR(
        CheckRange("the number of entries", entries, 0, static_cast<int64_t>(in_.left() / 10)));
    HEXAPLA_RETURN_IF_ERROR(CheckRange("the number of words", words, 0, entries));
    HEXAPLA_RETURN_IF_ERROR(
        CheckRange("the number of labels", labels, entries - words, entries - words));
    const char* const base = in_.here();
    HEXAPLA_ASSIGN_OR_RETURN(std::vector<uint32_t> offsets, ParseEntries(entries, words));
    HEXAPLA_RETURN_IF_ERROR(builder_.Entries(base, std::move(offsets), words, tokens));
    HEXAPLA_RETURN_IF_ERROR(ParseBuckets());
    model_.dictionary_ = builder_.Build();
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<uint32_t>> ParseEntries(int32_t entries, int32_t words) {
    const size_t begin = in_.position();
    std::vector<uint32_t> offsets;
    offsets.reserve(entries);
    int64_t counts = 0;
    for (int32_t i = 0; i < entries; ++i) {
      const size_t offset = in_.position() - begin;
      if (offset > std::numeric_limits<uint32_t>::max()) {
        return absl::InvalidArgumentError(
            absl::StrCat("the vocabulary exceeds 4 GiB at entry ", i));
      }
      offsets.push_back(static_cast<uint32_t>(offset));
      HEXAPLA_ASSIGN_OR_RETURN(const int64_t count,
                               ParseEntry(i, i < words ? kWordEntry : kLabelEntry));
      counts += count;
      HEXAPLA_RETURN_IF_ERROR(CheckRange("the sum of counts", counts, 0, kCountsMax));
    }
    return offsets;
  }

  // Returns the entry's count.
  absl::StatusOr<int64_t> ParseEntry(int32_t index, int8_t type_expected) {
    const size_t searched = std::min(in_.left(), kWordBytesMax + 1);
    const void* const nul = std::memchr(in_.here(), '\0', searched);
    if (nul == nullptr) {
      return absl::DataLossError(
          absl::StrCat("entry ", index, " has no end within ", searched, " bytes"));
    }
    const auto name_size = static_cast<size_t>(static_cast<const char*>(nul) - in_.here());
    HEXAPLA_RETURN_IF_ERROR(in_.Bytes(name_size + 1, "an entry").status());
    HEXAPLA_ASSIGN_OR_RETURN(const auto count, in_.Number<int64_t>("an entry's count"));
    HEXAPLA_ASSIGN_OR_RETURN(const auto type, in_.Number<int8_t>("an entry's type"));
    HEXAPLA_RETURN_IF_ERROR(CheckRange("an entry's count", count, 0, kCountsMax));
    HEXAPLA_RETURN_IF_ERROR(
        CheckRange(absl::StrCat("the type of entry ", index), type, type_expected, type_expected));
    return count;
  }

  absl::Status ParseBuckets() {
    const auto buckets = static_cast<uint32_t>(model_.args_.bucket);
    if (kept_size_ < 0) {
      builder_.AllBuckets(buckets);
      return absl::OkStatus();
    }
    HEXAPLA_RETURN_IF_ERROR(CheckRange("bucket of a pruned model", buckets, 0, kPrunedBucketsMax));
    HEXAPLA_RETURN_IF_ERROR(
        CheckRange("the number of kept buckets", kept_size_, 0,
                   std::min<int64_t>(buckets, static_cast<int64_t>(in_.left() / 8))));
    std::vector<std::pair<int32_t, int32_t>> kept(static_cast<size_t>(kept_size_));
    for (auto& [bucket, row] : kept) {
      HEXAPLA_ASSIGN_OR_RETURN(bucket, in_.Number<int32_t>("the kept buckets"));
      HEXAPLA_ASSIGN_OR_RETURN(row, in_.Number<int32_t>("the kept buckets"));
      HEXAPLA_RETURN_IF_ERROR(CheckRange("a kept bucket", bucket, 0, int64_t{buckets} - 1));
      HEXAPLA_RETURN_IF_ERROR(CheckRange("a kept bucket's row", row, 0, kept_size_ - 1));
    }
    return builder_.SomeBuckets(buckets, std::move(kept));
  }

  absl::StatusOr<Matrix> ParseMatrix(absl::string_view name, bool quantized) {
    bool norms = false;
    if (quantized) {
      HEXAPLA_ASSIGN_OR_RETURN(norms, in_.Bool(absl::StrCat("the ", name, "'s norms")));
    }
    HEXAPLA_ASSIGN_OR_RETURN(const auto rows, in_.Number<int64_t>(name));
    HEXAPLA_ASSIGN_OR_RETURN(const auto cols, in_.Number<int64_t>(name));
    HEXAPLA_RETURN_IF_ERROR(CheckRange(absl::StrCat("the ", name, "'s rows"), rows, 0,
                                       std::numeric_limits<int32_t>::max()));
    HEXAPLA_RETURN_IF_ERROR(CheckRange(absl::StrCat("the ", name, "'s columns"), cols,
                                       model_.args_.dim, model_.args_.dim));
    if (quantized) return ParseQuantized(name, rows, cols, norms);
    HEXAPLA_ASSIGN_OR_RETURN(const char* values,
                             in_.Bytes(static_cast<uint64_t>(rows) * cols * sizeof(float), name));
    return Matrix::Dense(rows, cols, values);
  }

  absl::StatusOr<Matrix> ParseQuantized(absl::string_view name, int64_t rows, int64_t cols,
                                        bool norms) {
    Matrix::Quantizer quantizer;
    HEXAPLA_ASSIGN_OR_RETURN(const auto codes_size, in_.Number<int32_t>(name));
    HEXAPLA_RETURN_IF_ERROR(CheckRange(absl::StrCat("the ", name, "'s bytes of code"), codes_size,
                                       0, std::numeric_limits<int32_t>::max()));
    HEXAPLA_ASSIGN_OR_RETURN(const char* codes, in_.Bytes(static_cast<uint64_t>(codes_size), name));
    quantizer.codes = reinterpret_cast<const uint8_t*>(codes);
    HEXAPLA_ASSIGN_OR_RETURN(quantizer.centroids, ParseQuantizer(name, cols, &quantizer));
    const int64_t codes_expected = rows * static_cast<int64_t>(quantizer.parts);
    HEXAPLA_RETURN_IF_ERROR(CheckRange(absl::StrCat("the ", name, "'s bytes of code"), codes_size,
                                       codes_expected, codes_expected));
    if (norms) {
      HEXAPLA_ASSIGN_OR_RETURN(const char* norm_codes,
                               in_.Bytes(static_cast<uint64_t>(rows), name));
      quantizer.norm_codes = reinterpret_cast<const uint8_t*>(norm_codes);
      HEXAPLA_ASSIGN_OR_RETURN(quantizer.norms, ParseQuantizer(name, 1, nullptr));
    }
    return Matrix::Quantized(rows, cols, std::move(quantizer));
  }

  // Returns the centroids; writes the shape into `shape` when it is not null.
  absl::StatusOr<std::vector<float>> ParseQuantizer(absl::string_view name, int64_t cols,
                                                    Matrix::Quantizer* shape) {
    int32_t fields[4];
    for (int32_t& field : fields) {
      HEXAPLA_ASSIGN_OR_RETURN(field, in_.Number<int32_t>(absl::StrCat(name, "'s quantizer")));
    }
    const int64_t part_cols = fields[2];
    const std::string prefix = absl::StrCat("the ", name, "'s quantizer's ");
    HEXAPLA_RETURN_IF_ERROR(CheckRange(absl::StrCat(prefix, "columns"), fields[0], cols, cols));
    HEXAPLA_RETURN_IF_ERROR(CheckRange(absl::StrCat(prefix, "part"), part_cols, 1,
                                       std::numeric_limits<int32_t>::max()));
    const int64_t parts = (cols + part_cols - 1) / part_cols;
    const int64_t last = cols % part_cols == 0 ? part_cols : cols % part_cols;
    HEXAPLA_RETURN_IF_ERROR(CheckRange(absl::StrCat(prefix, "parts"), fields[1], parts, parts));
    HEXAPLA_RETURN_IF_ERROR(CheckRange(absl::StrCat(prefix, "last part"), fields[3], last, last));
    std::vector<float> centroids(static_cast<size_t>(cols) * kCentroids);
    HEXAPLA_ASSIGN_OR_RETURN(const char* bytes,
                             in_.Bytes(centroids.size() * sizeof(float), prefix));
    std::memcpy(centroids.data(), bytes, centroids.size() * sizeof(float));
    for (const float value : centroids) {
      if (!std::isfinite(value)) return absl::DataLossError(prefix + "centroids are not finite");
    }
    if (shape != nullptr) {
      shape->parts = static_cast<size_t>(parts);
      shape->part_cols = static_cast<size_t>(part_cols);
      shape->last_part_cols = static_cast<size_t>(last);
    }
    return centroids;
  }

  // Every row that the dictionary can name must exist.
  absl::Status CheckInput() const {
    const Args& args = model_.args_;
    const bool has_ngrams = (args.maxn > 0 && args.maxn >= args.minn) || args.word_ngrams > 1;
    const bool pruned = kept_size_ >= 0;
    if (pruned && !model_.input_.quantized()) {
      return absl::InvalidArgumentError(
          "the model is pruned but not quantised, as only faulty early files are");
    }
    if (has_ngrams && args.bucket == 0 && kept_size_ != 0) {
      return absl::DataLossError("bucket is 0, must be positive: the model has n-grams");
    }
    const int64_t rows = model_.dictionary_.words_size() + (pruned ? kept_size_ : args.bucket);
    return CheckRange("the input matrix's rows", model_.input_.rows(), rows, rows);
  }

  absl::Status CheckOutput() const {
    if (model_.args_.kind != Kind::kSupervised) return absl::OkStatus();
    const int64_t labels = model_.dictionary_.labels_size();
    return CheckRange("the output matrix's rows", model_.output_.rows(), labels, labels);
  }

  ByteReader in_;
  Model& model_;
  int32_t version_ = 0;
  int64_t kept_size_ = -1;
  DictionaryBuilder builder_;
};

absl::StatusOr<std::unique_ptr<const Model>> Model::Read(absl::string_view path) {
  HEXAPLA_ASSIGN_OR_RETURN(std::unique_ptr<FileBytes> file, FileBytes::Read(path));
  return Parse(std::move(file), path);
}

absl::StatusOr<std::unique_ptr<const Model>> Model::FromBytes(std::string bytes,
                                                              absl::string_view name) {
  return Parse(FileBytes::FromString(std::move(bytes)), name);
}

absl::StatusOr<std::unique_ptr<const Model>> Model::Parse(std::unique_ptr<FileBytes> file,
                                                          absl::string_view name) {
  const auto named = [name](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
  };
  if (IsVectorText(file->view())) {
    absl::StatusOr<std::string> binary = BinaryFromVectorText(file->view());
    if (!binary.ok()) return named(binary.status());
    file = FileBytes::FromString(*std::move(binary));
  }
  std::unique_ptr<Model> model(new Model(std::move(file)));
  const absl::Status status = ModelParser(model->file_->view(), *model).Parse();
  if (!status.ok()) return named(status);
  return std::unique_ptr<const Model>(std::move(model));
}

}  // namespace hexapla::fasttext
