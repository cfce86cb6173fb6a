// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_FILE_BYTES_H_
#define HEXAPLA_SERVER_FASTTEXT_FILE_BYTES_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla::fasttext {

// The bytes of a model file, held for as long as views into them are needed.
//
// A file of up to kCopiedBytesMax is read into memory: nobody can change it
// under our feet, and what a model of that size touches would be resident
// anyway. A larger one is memory-mapped, so only the pages that are used are
// resident; it must be replaced by renaming, never by writing into it.
//
// Threads: immutable once built, so concurrent use is safe.
class FileBytes {
 public:
  static constexpr size_t kCopiedBytesMax = size_t{256} << 20;

  // Reads or maps the regular file at `path`. NotFound when there is none,
  // PermissionDenied, InvalidArgument when it is not a regular file.
  static absl::StatusOr<std::unique_ptr<FileBytes>> Read(absl::string_view path);

  // Holds `bytes` themselves.
  static std::unique_ptr<FileBytes> FromString(std::string bytes);

  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  // Valid as long as this object.
  absl::string_view view() const { return view_; }

 private:
  FileBytes() = default;

  std::string copied_;
  void* mapped_ = nullptr;
  absl::string_view view_;
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_FILE_BYTES_H_
