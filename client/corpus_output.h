// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_CORPUS_OUTPUT_H_
#define HEXAPLA_CLIENT_CORPUS_OUTPUT_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "client/corpus_format.h"

namespace hexapla {

// The output of a corpus, which an earlier run may have begun.
//
// Every line is handed to the system whole and at once, so whatever ends the
// program, a file holds whole lines and at most one cut one, which the next run
// cuts off. Sync() makes them survive a power failure too. The head of a format is
// written when the file is opened, its foot by End(); what is appended after that
// takes its place.
//
// A lock that ends with the process keeps a second run off the file.
// Memory: the ids of the lines that are there.
// Threads: compatible.
class CorpusOutput {
 public:
  // Opens the file at `path`, or makes it, and reads what is done. "-" is
  // `standard_output`, which like a pipe or a device knows no earlier run.
  // Errors, each with the path: FailedPrecondition if another run holds it, or
  // if it holds anything but lines of a corpus in this format (then it stays as it
  // is); else as the system says, but never Unavailable.
  static absl::StatusOr<std::unique_ptr<CorpusOutput>> Open(const std::string& path,
                                                            CorpusFormat format,
                                                            std::ostream& standard_output);
  ~CorpusOutput();

  CorpusOutput(const CorpusOutput&) = delete;
  CorpusOutput& operator=(const CorpusOutput&) = delete;

  // Whether an earlier run finished this.
  bool HasId(const std::string& id) const { return HasResult(id) || failed_ids_.contains(id); }
  // Whether an earlier run aligned this.
  bool HasResult(const std::string& id) const { return ids_.contains(id); }
  bool HasLine(int64_t line) const { return lines_.contains(line); }
  // Lines of earlier runs, and how many of them are errors.
  int64_t done() const { return done_; }
  int64_t failed() const { return failed_; }
  // Bytes of a cut last line that were dropped.
  int64_t dropped_bytes() const { return dropped_bytes_; }

  const CorpusFormat& format() const { return format_; }

  // Appends `line` and its end.
  absl::Status Append(const std::string& line);
  // Appends what the format ends with: every set is done, and some were aligned if
  // `has_results`.
  absl::Status End(bool has_results);
  // Waits until what was appended is on the disk.
  absl::Status Sync();

 private:
  CorpusOutput(std::string path, int descriptor, CorpusFormat format, std::ostream& stream)
      : path_(std::move(path)),
        descriptor_(descriptor),
        format_(std::move(format)),
        stream_(stream) {}

  // Reads what earlier runs wrote, and cuts off a last line that is not whole.
  absl::Status ReadDone();
  absl::Status AddLine(const std::string& line, int64_t number);
  absl::Status CutTo(int64_t bytes);
  // Writes the head, unless it is there.
  absl::Status Begin();
  absl::Status NotOurs(int64_t number, const std::string& why) const;
  absl::Status SystemError(const char* what) const;

  const std::string path_;
  // -1 for standard output.
  const int descriptor_;
  const CorpusFormat format_;
  std::ostream& stream_;
  bool regular_ = false;
  bool has_head_ = false;
  // The foot if it is the last line, else empty, and where it begins.
  std::string foot_;
  int64_t sets_end_ = 0;
  // Of sets that were aligned, and of those that failed.
  absl::flat_hash_set<std::string> ids_;
  absl::flat_hash_set<std::string> failed_ids_;
  absl::flat_hash_set<int64_t> lines_;
  int64_t done_ = 0;
  int64_t failed_ = 0;
  int64_t dropped_bytes_ = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_CORPUS_OUTPUT_H_
