// SPDX-License-Identifier: Apache-2.0
#include "training/xz_lines.h"

#include <cstdint>

namespace hexapla::training {

XzLines::XzLines(const std::string& path) : file_(path, std::ios::binary) {
  ok_ = file_.good() && lzma_stream_decoder(&stream_, UINT64_MAX, 0) == LZMA_OK;
}

XzLines::~XzLines() { lzma_end(&stream_); }

bool XzLines::Next(std::string& line) {
  line.clear();
  for (;;) {
    const size_t newline = text_.find('\n', position_);
    if (newline != std::string::npos) {
      line.append(text_, position_, newline - position_);
      position_ = newline + 1;
      return true;
    }
    line.append(text_, position_);
    if (!Fill()) return !line.empty();
  }
}

bool XzLines::Fill() {
  text_.clear();
  position_ = 0;
  if (!ok_ || finished_) return false;
  text_.resize(1 << 20);
  stream_.next_out = reinterpret_cast<uint8_t*>(text_.data());
  stream_.avail_out = text_.size();
  while (stream_.avail_out > 0) {
    if (stream_.avail_in == 0 && file_) {
      file_.read(input_.data(), input_.size());
      stream_.next_in = reinterpret_cast<const uint8_t*>(input_.data());
      stream_.avail_in = static_cast<size_t>(file_.gcount());
    }
    const lzma_ret result = lzma_code(&stream_, file_ ? LZMA_RUN : LZMA_FINISH);
    if (result == LZMA_STREAM_END) {
      finished_ = true;
      break;
    }
    if (result != LZMA_OK) {
      ok_ = false;
      break;
    }
  }
  text_.resize(text_.size() - stream_.avail_out);
  return !text_.empty();
}

}  // namespace hexapla::training
