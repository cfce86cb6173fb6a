// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/vector_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/charconv.h"
#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/fasttext/file_format.h"
#include "server/fasttext/model_reader.h"

namespace hexapla::fasttext {
namespace {

// "2000000 300" and some room.
constexpr size_t kHeaderBytesMax = 64;

struct Header {
  int64_t words = 0;
  int64_t dim = 0;
  size_t size = 0;  // of the line, with its newline
};

// False if the text does not begin with such a line.
bool ReadHeader(absl::string_view text, Header& header) {
  const size_t newline = text.substr(0, kHeaderBytesMax).find('\n');
  if (newline == absl::string_view::npos) return false;
  const char* const end = text.data() + newline;
  const auto words = std::from_chars(text.data(), end, header.words);
  if (words.ec != std::errc() || words.ptr == end || *words.ptr != ' ') return false;
  const auto dim = std::from_chars(words.ptr + 1, end, header.dim);
  if (dim.ec != std::errc()) return false;
  for (const char* rest = dim.ptr; rest != end; ++rest) {
    if (*rest != ' ' && *rest != '\r') return false;
  }
  header.size = newline + 1;
  return header.words >= 0 && header.dim >= 0;
}

absl::Status CheckHeader(const Header& header, size_t bytes) {
  if (header.dim < 1 || header.dim > Model::kDimMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("line 1: the dimension is ", header.dim, ", must be 1 to ", Model::kDimMax));
  }
  // The shortest line has a letter, and a space and a digit a value.
  const int64_t line_min = 2 + 2 * header.dim - 1;
  const int64_t words_max = static_cast<int64_t>(bytes - header.size) / line_min + 1;
  if (header.words > std::min<int64_t>(words_max, std::numeric_limits<int32_t>::max())) {
    return absl::DataLossError(absl::StrCat("line 1: says ", header.words, " words of ", header.dim,
                                            " values, but only ", bytes - header.size,
                                            " bytes follow"));
  }
  return absl::OkStatus();
}

absl::Status LineError(int64_t line, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("line ", line, ": ", what));
}

// Reads the values at the end of `line` into values[0, dim), from the last one
// on, as the word may hold spaces. Returns the word.
absl::StatusOr<absl::string_view> ReadLine(absl::string_view line, int64_t number, int64_t dim,
                                           float* values) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
  for (int64_t k = dim; k-- > 0;) {
    const size_t space = line.rfind(' ');
    if (space == absl::string_view::npos || space == 0) {
      return LineError(number,
                       absl::StrCat("has a word and ", dim - 1 - k, " values, must have ", dim));
    }
    const absl::string_view field = line.substr(space + 1);
    const char* const end = field.data() + field.size();
    const absl::from_chars_result read = absl::from_chars(field.data(), end, values[k]);
    // What is too small for a float has been read as 0 or nearly so.
    const bool overflow = read.ec == std::errc::result_out_of_range && std::abs(values[k]) > 1;
    if (read.ptr != end || field.empty() || overflow || !std::isfinite(values[k])) {
      return LineError(number,
                       absl::StrCat("value ", k + 1, " of ", dim, " is not a finite number"));
    }
    line = line.substr(0, space);
  }
  if (line.find('\0') != absl::string_view::npos) return LineError(number, "the word has a NUL");
  return line;
}

template <typename T>
void Put(T value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// All that comes before the entries.
std::string Head(const Header& header) {
  std::string out;
  Put(kFileMagic, out);
  Put(kFileVersion, out);
  Put(static_cast<int32_t>(header.dim), out);
  for (int field = 0; field < 4; ++field) Put<int32_t>(0, out);  // of training only
  Put<int32_t>(1, out);                                          // word n-grams
  Put(Loss::kNegativeSampling, out);
  Put(Kind::kSkipgram, out);
  for (int field = 0; field < 4; ++field) Put<int32_t>(0, out);  // buckets to update rate
  Put<double>(0, out);
  Put(static_cast<int32_t>(header.words), out);  // entries, all of them words
  Put(static_cast<int32_t>(header.words), out);
  Put<int32_t>(0, out);
  Put<int64_t>(header.words, out);  // tokens
  Put<int64_t>(-1, out);
  return out;
}

void PutEntry(absl::string_view word, std::string& out) {
  out.append(word.data(), word.size());
  out.push_back('\0');
  Put<int64_t>(1, out);
  Put(kWordEntry, out);
}

void PutMatrix(int64_t rows, int64_t cols, absl::string_view values, std::string& out) {
  Put(false, out);
  Put(rows, out);
  Put(cols, out);
  out.append(values.data(), values.size());
}

}  // namespace

bool IsVectorText(absl::string_view bytes) {
  Header header;
  return ReadHeader(bytes, header);
}

absl::StatusOr<std::string> BinaryFromVectorText(absl::string_view text) {
  Header header;
  if (!ReadHeader(text, header)) {
    return absl::InvalidArgumentError("line 1: must be the numbers of words and of values");
  }
  HEXAPLA_RETURN_IF_ERROR(CheckHeader(header, text.size()));
  text.remove_prefix(header.size);

  std::string model = Head(header);
  std::string matrix;
  matrix.reserve(static_cast<size_t>(header.words * header.dim) * sizeof(float));
  std::vector<float> values(static_cast<size_t>(header.dim));
  int64_t words = 0;
  for (; !text.empty() && words < header.words; ++words) {
    const size_t size = std::min(text.find('\n'), text.size());
    HEXAPLA_ASSIGN_OR_RETURN(const absl::string_view word,
                             ReadLine(text.substr(0, size), words + 2, header.dim, values.data()));
    PutEntry(word, model);
    matrix.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    text.remove_prefix(std::min(size + 1, text.size()));
  }
  if (words < header.words) {
    return absl::DataLossError(
        absl::StrCat("cut off: line 1 says ", header.words, " words, but ", words, " follow"));
  }
  if (!text.empty()) {
    return LineError(words + 2, absl::StrCat("line 1 says ", words, " words, but more follow"));
  }
  PutMatrix(header.words, header.dim, matrix, model);
  PutMatrix(0, header.dim, "", model);
  return model;
}

}  // namespace hexapla::fasttext
