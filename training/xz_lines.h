// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_XZ_LINES_H_
#define HEXAPLA_TRAINING_XZ_LINES_H_

#include <lzma.h>

#include <array>
#include <fstream>
#include <string>

namespace hexapla::training {

// The lines of an xz-compressed text file, in order.
class XzLines {
 public:
  explicit XzLines(const std::string& path);
  ~XzLines();
  XzLines(const XzLines&) = delete;
  XzLines& operator=(const XzLines&) = delete;

  // False when the file cannot be opened, or when reading it met damage.
  bool ok() const { return ok_; }

  // Replaces `line` by the next one, without its newline; false at the end.
  bool Next(std::string& line);

 private:
  bool Fill();

  std::ifstream file_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  std::array<char, 1 << 16> input_;
  std::string text_;
  size_t position_ = 0;
  bool ok_ = false;
  bool finished_ = false;
};

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_XZ_LINES_H_
