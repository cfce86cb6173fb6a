// SPDX-License-Identifier: Apache-2.0
#include "client/score.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

#include "client/field_names.h"
#include "client/line_reader.h"
#include "client/message_line.h"
#include "server/base/status_macros.h"
#include "server/text/code_points.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

// As of detect: enough to hide the way there and back, small against the
// server's limits.
constexpr int kBatchPairsMax = 1024;
constexpr size_t kBatchBytesMax = 1 << 20;
// A pair of the server's longest sentences, many times.
constexpr size_t kLineBytesMax = size_t{8} << 20;

bool IsBlank(absl::string_view text) { return SkipSpaces(text, 0, text.size()) == text.size(); }

// What EscapeTsv wrote; a backslash before anything else stands for itself.
std::string UnescapeTsv(absl::string_view field) {
  constexpr absl::string_view kMarks = "tnr\\";
  constexpr absl::string_view kMeanings = "\t\n\r\\";
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    const size_t mark = field[i] == '\\' && i + 1 < field.size() ? kMarks.find(field[i + 1])
                                                                 : absl::string_view::npos;
    text.push_back(mark == absl::string_view::npos ? field[i] : kMeanings[mark]);
    if (mark != absl::string_view::npos) ++i;
  }
  return text;
}

// The pair of a line; none if a side is blank. Errors: InvalidArgument.
absl::StatusOr<std::optional<v1::SentencePair>> ParsePair(absl::string_view line) {
  if (IsBlank(line)) return std::optional<v1::SentencePair>();
  if (const std::optional<size_t> offset = FirstInvalidUtf8(line)) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid UTF-8 at byte ", *offset, " of the line"));
  }
  const size_t end = line.find('\t');
  if (end == absl::string_view::npos) {
    return absl::InvalidArgumentError("one column; expected two, with a tab between them");
  }
  const absl::string_view rest = line.substr(end + 1);
  v1::SentencePair pair;
  pair.set_source(UnescapeTsv(line.substr(0, end)));
  pair.set_target(UnescapeTsv(rest.substr(0, rest.find('\t'))));
  if (IsBlank(pair.source()) || IsBlank(pair.target())) return std::optional<v1::SentencePair>();
  return pair;
}

// The fields of a request in the words of the command line.
std::string NameOf(absl::string_view field) {
  if (field == "source_language" || field == "target_language") return "--languages";
  if (!absl::StartsWith(field, "pairs[")) return "";
  return absl::EndsWith(field, ".source")   ? "the first column"
         : absl::EndsWith(field, ".target") ? "the second column"
                                            : "";
}

// The same where they are warned of: which column is meant.
std::string ColumnOf(absl::string_view field) {
  if (field == "source_language") return "the first column";
  return field == "target_language" ? "the second column" : "";
}

class Scoring {
 public:
  Scoring(const ScoreCommand& command, const std::vector<std::string>& servers,
          const Connector& connect, const CommandStreams& streams)
      : command_(command), servers_(servers), connect_(connect), streams_(streams) {
    if (command.languages.empty()) return;
    request_.set_source_language(command.languages[0]);
    request_.set_target_language(command.languages[1]);
  }

  // Fails when nothing more is worth a try.
  absl::Status Run(LineReader& reader) {
    Row row;
    while (true) {
      const LineReader::Result result = reader.Next(row.line);
      if (result == LineReader::Result::kEnd) break;
      ++line_number_;
      HEXAPLA_RETURN_IF_ERROR(Add(std::move(row), result == LineReader::Result::kTooLong));
      row = Row();
    }
    if (reader.failed()) return absl::UnknownError("the input cannot be read to its end");
    return Flush();
  }

  bool all_answered() const { return all_answered_; }

 private:
  struct Row {
    std::string line = {};
    // Whether the batch holds its pair.
    bool asked = false;
  };

  absl::Status Add(Row row, bool too_long) {
    absl::StatusOr<std::optional<v1::SentencePair>> pair =
        too_long ? absl::ResourceExhaustedError(absl::StrCat(
                       "longer than the limit of ", kLineBytesMax, " bytes; the rest is left out"))
                 : ParsePair(row.line);
    if (!pair.ok()) ReportLine(line_number_, pair.status());
    row.asked = pair.ok() && pair->has_value();
    batch_bytes_ += row.line.size();
    if (row.asked) *request_.add_pairs() = **std::move(pair);
    rows_.push_back(std::move(row));
    const bool full = rows_.size() >= kBatchPairsMax || batch_bytes_ >= kBatchBytesMax;
    return full ? Flush() : absl::OkStatus();
  }

  absl::Status Flush() {
    v1::ScorePairsResponse response;
    if (request_.pairs_size() > 0) {
      HEXAPLA_ASSIGN_OR_RETURN(response, Score());
    }
    int next = 0;
    int64_t number = line_number_ - static_cast<int64_t>(rows_.size());
    for (const Row& row : rows_) {
      ++number;
      streams_.output << row.line << '\t';
      if (row.asked) {
        const v1::PairResult& result = response.results(next++);
        if (result.has_score()) {
          streams_.output << absl::StrFormat("%.4f", result.score().probability());
        } else {
          ReportLine(number, absl::Status(FromRpcStatus(result.error())));
        }
      }
      streams_.output << '\n';
    }
    streams_.output.flush();
    if (!streams_.output) return absl::DataLossError("the output cannot be written");
    request_.clear_pairs();
    rows_.clear();
    batch_bytes_ = 0;
    return absl::OkStatus();
  }

  absl::StatusOr<v1::ScorePairsResponse> Score() {
    if (client_ == nullptr) {
      HEXAPLA_ASSIGN_OR_RETURN(client_, connect_(servers_));
    }
    absl::StatusOr<v1::ScorePairsResponse> response = client_->ScorePairs(request_);
    if (!response.ok()) {
      return absl::Status(response.status().code(),
                          ReplaceFields(response.status().message(), NameOf));
    }
    if (response->results_size() != request_.pairs_size()) {
      return absl::InternalError("the reply does not hold one result for each pair");
    }
    for (const v1::Warning& warning : response->warnings()) {
      const std::string message = ReplaceFields(warning.message(), ColumnOf);
      if (warned_.insert(message).second) WriteMessage("warning", message, streams_.errors);
    }
    // All lines are scored alike, from the first batch on that shows a language.
    if (response->source_language() != "und") {
      request_.set_source_language(response->source_language());
    }
    if (response->target_language() != "und") {
      request_.set_target_language(response->target_language());
    }
    return response;
  }

  void ReportLine(int64_t number, const absl::Status& status) {
    all_answered_ = false;
    WriteMessage(
        "hexapla",
        absl::StrCat(command_.file, ":", number, ": ", ReplaceFields(status.message(), NameOf)),
        streams_.errors);
  }

  const ScoreCommand& command_;
  const std::vector<std::string>& servers_;
  const Connector& connect_;
  const CommandStreams& streams_;
  std::unique_ptr<AlignmentClient> client_;
  // The batch that grows: all its lines, and the pairs of those that have one.
  v1::ScorePairsRequest request_;
  std::vector<Row> rows_;
  size_t batch_bytes_ = 0;
  int64_t line_number_ = 0;
  std::set<std::string> warned_;
  bool all_answered_ = true;
};

absl::Status CannotRead(const std::string& name, int error) {
  return absl::UnknownError(absl::StrCat(name, ": cannot be read: ", std::strerror(error)));
}

}  // namespace

ExitCode RunScore(const ScoreCommand& command, const std::vector<std::string>& servers,
                  const Connector& connect, const CommandStreams& streams) {
  std::ifstream file;
  absl::Status status;
  if (command.file != "-") {
    file.open(command.file, std::ios::binary);
    std::error_code error;
    if (!file) status = CannotRead(command.file, errno);
    if (std::filesystem::is_directory(command.file, error)) {
      status = CannotRead(command.file, EISDIR);
    }
  }
  Scoring scoring(command, servers, connect, streams);
  LineReader reader(command.file == "-" ? streams.input : file, kLineBytesMax);
  if (status.ok()) status = scoring.Run(reader);
  if (!status.ok()) {
    WriteMessage("hexapla", status.message(), streams.errors);
    return ExitCodeFor(status);
  }
  return scoring.all_answered() ? kExitDone : kExitFailed;
}

}  // namespace hexapla
