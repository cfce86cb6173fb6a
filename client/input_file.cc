// SPDX-License-Identifier: Apache-2.0
#include "client/input_file.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "client/file_error.h"
#include "server/base/status_macros.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr size_t kBlockBytes = 1 << 16;

absl::Status CannotRead(const std::string& name, int error) {
  return FileError(name, error, "cannot be read");
}

// Appends blocks from `read(block, size)`, which gives 0 at the end.
template <typename Read>
absl::StatusOr<std::string> ReadBlocks(const std::string& name, const Read& read) {
  std::string content;
  while (true) {
    const size_t size = content.size();
    content.resize(size + kBlockBytes);
    const size_t count = read(&content[size], kBlockBytes);
    content.resize(size + count);
    if (count == 0) return content;
    if (content.size() > kInputBytesMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat(name, ": larger than the limit of ", kInputBytesMax, " bytes"));
    }
  }
}

absl::StatusOr<std::string> ReadStream(const std::string& name, std::istream& stream) {
  return ReadBlocks(name, [&](char* block, size_t size) {
    stream.read(block, static_cast<std::streamsize>(size));
    return static_cast<size_t>(stream.gcount());
  });
}

absl::StatusOr<std::string> ReadFile(const std::string& name) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(name.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) return CannotRead(name, errno);
  HEXAPLA_ASSIGN_OR_RETURN(std::string content, ReadBlocks(name, [&](char* block, size_t size) {
                             return std::fread(block, 1, size, file.get());
                           }));
  if (std::ferror(file.get()) != 0) return CannotRead(name, errno);
  return content;
}

}  // namespace

absl::StatusOr<std::string> ReadBytes(const std::string& name, std::istream& standard_input) {
  return name == "-" ? ReadStream(name, standard_input) : ReadFile(name);
}

absl::StatusOr<std::string> ReadInput(const std::string& name, std::istream& standard_input) {
  HEXAPLA_ASSIGN_OR_RETURN(std::string content, ReadBytes(name, standard_input));
  if (const std::optional<size_t> offset = FirstInvalidUtf8(content)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": invalid UTF-8 at byte offset ", *offset));
  }
  if (absl::StartsWith(content, kByteOrderMark)) content.erase(0, kByteOrderMark.size());
  return content;
}

std::vector<absl::string_view> SplitLines(absl::string_view text) {
  std::vector<absl::string_view> lines;
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    absl::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == absl::string_view::npos ? text.size() : newline + 1);
    if (newline != absl::string_view::npos) absl::ConsumeSuffix(&line, "\r");
    lines.push_back(line);
  }
  return lines;
}

}  // namespace hexapla
