// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_LINE_READER_H_
#define HEXAPLA_CLIENT_LINE_READER_H_

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>

#include "absl/strings/string_view.h"

namespace hexapla {

// The lines of a stream of any length, one at a time. Only LF and CRLF end a
// line; a last one without an end counts; a byte-order mark is dropped.
//
// Lifetime: borrows the stream. Memory: a line, at most. Threads: compatible.
class LineReader {
 public:
  enum class Result { kLine, kTooLong, kEnd };

  LineReader(std::istream& stream, size_t line_bytes_max)
      : stream_(stream), line_bytes_max_(line_bytes_max) {}

  // Reads the next line into `line`, without its end. Of a line over the limit
  // the beginning is given, and the rest is passed over.
  Result Next(std::string& line);

  // Bytes of the lines that were read, their ends included.
  int64_t bytes() const { return bytes_; }
  // Whether reading stopped before the end of the stream. Meaningful after kEnd.
  bool failed() const { return stream_.bad(); }

 private:
  // Fills the block again; false at the end.
  bool Fill();

  std::istream& stream_;
  const size_t line_bytes_max_;
  std::string block_;
  absl::string_view rest_;  // of block_
  int64_t bytes_ = 0;
  bool first_ = true;
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_LINE_READER_H_
