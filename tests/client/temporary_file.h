// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_CLIENT_TEMPORARY_FILE_H_
#define HEXAPLA_TESTS_CLIENT_TEMPORARY_FILE_H_

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace hexapla {

// A file with a content of its own, removed with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    name_ = "/tmp/hexapla_client_test_XXXXXX";
    close(mkstemp(name_.data()));
    std::ofstream(name_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::remove(name_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_CLIENT_TEMPORARY_FILE_H_
