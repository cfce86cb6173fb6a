// SPDX-License-Identifier: Apache-2.0
#include "client/line_reader.h"

#include "absl/strings/match.h"

namespace hexapla {
namespace {

constexpr size_t kBlockBytes = 1 << 16;
constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

LineReader::Result LineReader::Next(std::string& line) {
  line.clear();
  bool too_long = false;
  bool ended = false;
  int64_t bytes = 0;
  while (!ended && (!rest_.empty() || Fill())) {
    const size_t end = rest_.find('\n');
    ended = end != absl::string_view::npos;
    const absl::string_view part = rest_.substr(0, end);
    const size_t room = line_bytes_max_ - line.size();
    too_long = too_long || part.size() > room;
    line.append(part.data(), part.size() > room ? room : part.size());
    const size_t used = part.size() + (ended ? 1 : 0);
    rest_.remove_prefix(used);
    bytes += static_cast<int64_t>(used);
  }
  bytes_ += bytes;
  if (bytes == 0) return Result::kEnd;
  if (first_ && absl::StartsWith(line, kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  first_ = false;
  if (ended && !too_long && !line.empty() && line.back() == '\r') line.pop_back();
  return too_long ? Result::kTooLong : Result::kLine;
}

bool LineReader::Fill() {
  block_.resize(kBlockBytes);
  rest_ = {};
  // What there is, not a whole block: whoever writes may wait for answers.
  if (stream_.peek() == std::istream::traits_type::eof()) return false;
  const std::streamsize read =
      stream_.readsome(block_.data(), static_cast<std::streamsize>(block_.size()));
  rest_ = absl::string_view(block_.data(), static_cast<size_t>(read));
  return !rest_.empty();
}

}  // namespace hexapla
