// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/base/status_macros.h"

namespace hexapla::fasttext {
namespace {

absl::Status SystemError(absl::string_view path, absl::string_view action) {
  return absl::ErrnoToStatus(errno, absl::StrCat(path, ": ", action));
}

absl::StatusOr<std::string> ReadAll(int fd, size_t size, absl::string_view path) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got = read(fd, bytes.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(path, "reading the model file");
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileBytes>> FileBytes::Read(absl::string_view path) {
  // Non-blocking, or opening a named pipe would wait for its writer.
  const int fd = open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return SystemError(path, "opening the model file");
  const auto closer = absl::MakeCleanup([fd] { close(fd); });
  struct stat status {};
  if (fstat(fd, &status) != 0) return SystemError(path, "examining the model file");
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": not a regular file"));
  }
  const auto size = static_cast<size_t>(status.st_size);
  if (size <= kCopiedBytesMax) {
    HEXAPLA_ASSIGN_OR_RETURN(std::string bytes, ReadAll(fd, size, path));
    return FromString(std::move(bytes));
  }
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) return SystemError(path, "mapping the model file");
  std::unique_ptr<FileBytes> file(new FileBytes);
  file->mapped_ = mapped;
  file->view_ = absl::string_view(static_cast<const char*>(mapped), size);
  return file;
}

std::unique_ptr<FileBytes> FileBytes::FromString(std::string bytes) {
  std::unique_ptr<FileBytes> file(new FileBytes);
  file->copied_ = std::move(bytes);
  file->view_ = absl::string_view(file->copied_.data(), file->copied_.size());
  return file;
}

FileBytes::~FileBytes() {
  if (mapped_ != nullptr) munmap(mapped_, view_.size());
}

}  // namespace hexapla::fasttext
