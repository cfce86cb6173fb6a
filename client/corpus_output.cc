// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_output.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

#include "client/corpus_item.h"
#include "server/base/status_macros.h"

namespace hexapla {
namespace {

constexpr size_t kBlockBytes = 1 << 20;
constexpr mode_t kMode = 0666;

// Calls a function of the system again when a signal came in between.
template <typename Call>
auto Uninterrupted(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

bool OneBeginsTheOther(absl::string_view a, absl::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  return a.substr(0, size) == b.substr(0, size);
}

// The number of bytes of the JSON string or null that `text` begins with, or all
// of them if it does not end.
size_t IdBytes(absl::string_view text) {
  if (text.empty() || text[0] != '"')
    return std::min(text.size(), absl::string_view("null").size());
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return text.size();
}

// Whether `line` may be the beginning of a line of ours: {"id":ID,"beads":[ and
// the like. Lines of an input, which also begin with their id, are none.
bool LooksCut(absl::string_view line) {
  constexpr absl::string_view kBegin = "{\"id\":";
  // What a file system may leave after a power failure.
  line = line.substr(0, line.find('\0'));
  if (!OneBeginsTheOther(line, kBegin)) return false;
  if (line.size() <= kBegin.size()) return true;
  line.remove_prefix(kBegin.size());
  if (line[0] != '"' && !OneBeginsTheOther(line, "null")) return false;
  line.remove_prefix(IdBytes(line));
  return OneBeginsTheOther(line, ",\"beads\":[") || OneBeginsTheOther(line, ",\"line\":") ||
         OneBeginsTheOther(line, ",\"error\":");
}

}  // namespace

absl::StatusOr<std::unique_ptr<CorpusOutput>> CorpusOutput::Open(const std::string& path,
                                                                 std::ostream& standard_output) {
  if (path == "-")
    return absl::WrapUnique(new CorpusOutput("standard output", -1, standard_output));
  int descriptor =
      Uninterrupted([&] { return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode); });
  // A pipe may be there to be written to only.
  if (descriptor < 0) {
    descriptor = Uninterrupted([&] { return open(path.c_str(), O_WRONLY | O_CLOEXEC); });
  }
  auto output = absl::WrapUnique(new CorpusOutput(path, descriptor, standard_output));
  if (descriptor < 0) return output->SystemError("cannot be written");
  struct stat info = {};
  output->regular_ = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  if (!output->regular_) return output;
  if (Uninterrupted([&] { return flock(descriptor, LOCK_EX | LOCK_NB); }) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": another run is writing to it"));
  }
  HEXAPLA_RETURN_IF_ERROR(output->ReadDone());
  return output;
}

CorpusOutput::~CorpusOutput() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status CorpusOutput::Append(const std::string& line) {
  const std::string whole = absl::StrCat(line, "\n");
  if (descriptor_ < 0) {
    stream_ << whole << std::flush;
    return stream_ ? absl::OkStatus()
                   : absl::DataLossError(absl::StrCat(path_, ": cannot be written"));
  }
  absl::string_view rest = whole;
  while (!rest.empty()) {
    const ssize_t count =
        Uninterrupted([&] { return write(descriptor_, rest.data(), rest.size()); });
    if (count < 0) return SystemError("cannot be written");
    rest.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::Status CorpusOutput::Sync() {
  if (!regular_ || fdatasync(descriptor_) == 0) return absl::OkStatus();
  return SystemError("cannot be written to the disk");
}

absl::Status CorpusOutput::ReadDone() {
  std::vector<char> block(kBlockBytes);
  std::string line;
  int64_t whole_bytes = 0;
  while (true) {
    const ssize_t count =
        Uninterrupted([&] { return read(descriptor_, block.data(), block.size()); });
    if (count < 0) return SystemError("cannot be read");
    if (count == 0) break;
    absl::string_view rest(block.data(), static_cast<size_t>(count));
    for (size_t end = rest.find('\n'); end != absl::string_view::npos; end = rest.find('\n')) {
      line.append(rest.data(), end);
      rest.remove_prefix(end + 1);
      whole_bytes += static_cast<int64_t>(line.size()) + 1;
      HEXAPLA_RETURN_IF_ERROR(AddDone(line, done_ + 1));
      line.clear();
    }
    line.append(rest.data(), rest.size());
  }
  // Nothing is cut off a file of something else.
  if (!line.empty() && !LooksCut(line)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": line ", done_ + 1,
                     " is none that this command writes; name another file for the output"));
  }
  dropped_bytes_ = static_cast<int64_t>(line.size());
  if (dropped_bytes_ > 0 && ftruncate(descriptor_, whole_bytes) != 0) {
    return SystemError("cannot be cut to its whole lines");
  }
  if (lseek(descriptor_, whole_bytes, SEEK_SET) < 0) return SystemError("cannot be written");
  return absl::OkStatus();
}

absl::Status CorpusOutput::AddDone(const std::string& line, int64_t number) {
  absl::StatusOr<CorpusDone> done = ParseCorpusDone(line);
  if (!done.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": line ", number, " is none that this command writes (",
                     done.status().message(), "); name another file for the output"));
  }
  ++done_;
  failed_ += done->failed ? 1 : 0;
  if (done->line.has_value()) {
    lines_.insert(*done->line);
  } else {
    ids_.insert(std::move(done->id));
  }
  return absl::OkStatus();
}

absl::Status CorpusOutput::SystemError(const char* what) const {
  const absl::Status status = absl::ErrnoToStatus(errno, what);
  // No code of a file may look like an unreachable server.
  const absl::StatusCode code =
      absl::IsUnavailable(status) ? absl::StatusCode::kUnknown : status.code();
  return absl::Status(code, absl::StrCat(path_, ": ", status.message()));
}

}  // namespace hexapla
