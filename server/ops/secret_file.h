// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_SECRET_FILE_H_
#define HEXAPLA_SERVER_OPS_SECRET_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace hexapla {

// Reads a small file whole: a key, certificates, tokens. Errors: NotFound when
// it cannot be read, with the system's reason, FailedPrecondition when it is
// longer than `bytes_max`; both name the path.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path, size_t bytes_max);

// What tells that a file was replaced or written: changes with its contents, is
// empty when it cannot be looked at.
std::string FileStamp(const std::string& path);

// Notices that files have changed, but not before they have stood still from one
// look to the next: of a pair of files one is written first.
//
// Threads: compatible. Cost: a look is a system call a file.
class FileWatch {
 public:
  // An empty path is a file that never changes. What changes from now on counts.
  explicit FileWatch(std::vector<std::string> paths);

  // Whether they differ from what they were when they were last read, and do not
  // from the last look.
  bool Look();
  // They are about to be read, be it with success or not.
  void MarkRead() { read_ = Stamps(); }

 private:
  std::vector<std::string> Stamps() const;

  std::vector<std::string> paths_;
  std::vector<std::string> read_;
  std::vector<std::string> seen_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_SECRET_FILE_H_
