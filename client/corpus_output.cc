// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_output.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "client/corpus_item.h"
#include "client/file_error.h"
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

}  // namespace

absl::StatusOr<std::unique_ptr<CorpusOutput>> CorpusOutput::Open(const std::string& path,
                                                                 CorpusFormat format,
                                                                 std::ostream& standard_output) {
  if (path == "-") {
    auto output = absl::WrapUnique(
        new CorpusOutput("standard output", -1, std::move(format), standard_output));
    HEXAPLA_RETURN_IF_ERROR(output->Begin());
    return output;
  }
  int descriptor =
      Uninterrupted([&] { return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode); });
  // A pipe may be there to be written to only.
  if (descriptor < 0) {
    descriptor = Uninterrupted([&] { return open(path.c_str(), O_WRONLY | O_CLOEXEC); });
  }
  auto output =
      absl::WrapUnique(new CorpusOutput(path, descriptor, std::move(format), standard_output));
  if (descriptor < 0) return output->SystemError("cannot be written");
  struct stat info = {};
  output->regular_ = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  if (!output->regular_) {
    HEXAPLA_RETURN_IF_ERROR(output->Begin());
    return output;
  }
  if (Uninterrupted([&] { return flock(descriptor, LOCK_EX | LOCK_NB); }) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": another run is writing to it"));
  }
  HEXAPLA_RETURN_IF_ERROR(output->ReadDone());
  HEXAPLA_RETURN_IF_ERROR(output->Begin());
  return output;
}

CorpusOutput::~CorpusOutput() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::Status CorpusOutput::Append(const std::string& line) {
  if (!foot_.empty()) HEXAPLA_RETURN_IF_ERROR(CutTo(sets_end_));
  foot_.clear();
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

absl::Status CorpusOutput::Begin() {
  return has_head_ || format_.head().empty() ? absl::OkStatus() : Append(format_.head());
}

absl::Status CorpusOutput::End(bool has_results) {
  const std::string& foot = format_.foot(has_results);
  return foot == foot_ ? absl::OkStatus() : Append(foot);
}

absl::Status CorpusOutput::Sync() {
  if (!regular_ || fdatasync(descriptor_) == 0) return absl::OkStatus();
  return SystemError("cannot be written to the disk");
}

absl::Status CorpusOutput::ReadDone() {
  std::vector<char> block(kBlockBytes);
  std::string line;
  int64_t number = 0;
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
      HEXAPLA_RETURN_IF_ERROR(AddLine(line, ++number));
      whole_bytes += static_cast<int64_t>(line.size()) + 1;
      if (foot_.empty()) sets_end_ = whole_bytes;
      line.clear();
    }
    line.append(rest.data(), rest.size());
  }
  // Nothing is cut off a file of something else.
  if (!line.empty() && (!foot_.empty() || !format_.MayBeCut(line))) {
    return NotOurs(number + 1, "");
  }
  dropped_bytes_ = static_cast<int64_t>(line.size());
  if (dropped_bytes_ > 0) return CutTo(whole_bytes);
  return absl::OkStatus();
}

absl::Status CorpusOutput::CutTo(int64_t bytes) {
  if (ftruncate(descriptor_, bytes) != 0) return SystemError("cannot be cut to its whole lines");
  if (lseek(descriptor_, bytes, SEEK_SET) < 0) return SystemError("cannot be written");
  return absl::OkStatus();
}

absl::Status CorpusOutput::AddLine(const std::string& line, int64_t number) {
  if (!format_.head().empty()) {
    if (number == 1) {
      has_head_ = format_.IsHead(line);
      return has_head_ ? absl::OkStatus() : NotOurs(number, " (another document, or languages)");
    }
    if (!foot_.empty()) return NotOurs(number, " (the document has ended)");
    if (format_.IsFoot(line)) {
      foot_ = line;
      return absl::OkStatus();
    }
  }
  absl::StatusOr<CorpusDone> done = format_.ParseDone(line);
  if (!done.ok()) return NotOurs(number, absl::StrCat(" (", done.status().message(), ")"));
  ++done_;
  failed_ += done->failed ? 1 : 0;
  if (done->line.has_value()) {
    lines_.insert(*done->line);
  } else {
    (done->failed ? failed_ids_ : ids_).insert(std::move(done->id));
  }
  return absl::OkStatus();
}

absl::Status CorpusOutput::NotOurs(int64_t number, const std::string& why) const {
  return absl::FailedPreconditionError(absl::StrCat(path_, ": line ", number,
                                                    " is none that this command writes", why,
                                                    "; name another file for the output"));
}

absl::Status CorpusOutput::SystemError(const char* what) const {
  return FileError(path_, errno, what);
}

}  // namespace hexapla
