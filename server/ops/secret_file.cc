// SPDX-License-Identifier: Apache-2.0
#include "server/ops/secret_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace hexapla {

absl::StatusOr<std::string> ReadSecretFile(const std::string& path, size_t bytes_max) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return absl::NotFoundError(absl::StrCat(path, ": ", std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    return absl::NotFoundError(absl::StrCat(path, ": is not a file"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": ", std::strerror(errno)));
  std::string contents(bytes_max + 1, '\0');
  file.read(contents.data(), static_cast<std::streamsize>(contents.size()));
  if (file.bad()) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  contents.resize(static_cast<size_t>(file.gcount()));
  if (contents.size() > bytes_max) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": has more than the ", bytes_max, " bytes that it may have"));
  }
  return contents;
}

std::string FileStamp(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return "";
  return absl::StrCat(status.st_dev, " ", status.st_ino, " ", status.st_size, " ",
                      status.st_mtim.tv_sec, " ", status.st_mtim.tv_nsec, " ",
                      status.st_ctim.tv_sec, " ", status.st_ctim.tv_nsec);
}

FileWatch::FileWatch(std::vector<std::string> paths) : paths_(std::move(paths)) {
  read_ = seen_ = Stamps();
}

bool FileWatch::Look() {
  std::vector<std::string> now = Stamps();
  const bool stood_still = now == seen_;
  seen_ = std::move(now);
  return stood_still && seen_ != read_;
}

std::vector<std::string> FileWatch::Stamps() const {
  std::vector<std::string> stamps;
  for (const std::string& path : paths_) stamps.push_back(path.empty() ? "" : FileStamp(path));
  return stamps;
}

}  // namespace hexapla
