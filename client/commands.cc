// SPDX-License-Identifier: Apache-2.0
#include "client/commands.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "client/alignment_warnings.h"
#include "client/corpus.h"
#include "client/field_names.h"
#include "client/input_file.h"
#include "client/match.h"
#include "client/output_writer.h"
#include "client/text_layout.h"
#include "server/base/status_macros.h"
#include "server/text/code_points.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

// A language shows in less; and the server bounds every text.
constexpr size_t kDetectBytesMax = 256 << 10;
// Texts and bytes of one call: enough to hide the way there and back, small
// against the server's limits of 4,096 texts and a few MiB.
constexpr int kBatchTextsMax = 1024;
constexpr size_t kBatchBytesMax = 1 << 20;

ExitCode Report(const absl::Status& status, const CommandStreams& streams) {
  if (!status.ok()) streams.errors << "hexapla: " << status.message() << '\n';
  return ExitCodeFor(status);
}

OutputFormat FormatOr(const std::optional<OutputFormat>& format, const Terminal& terminal) {
  return format.value_or(terminal.interactive ? OutputFormat::kTable : OutputFormat::kTsv);
}

// The error of a call in the words of the command line.
absl::Status NameFields(const absl::Status& status, const FieldNamer& name) {
  return absl::Status(status.code(), ReplaceFields(status.message(), name));
}

// What the server would refuse; said here, it needs no server.
absl::Status CheckNotBlank(const std::string& file, absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(file, " is empty"));
  if (SkipSpaces(text, 0, text.size()) < text.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(file, " holds nothing but white space"));
}

absl::StatusOr<v1::AlignDocumentsRequest> BuildRequest(const AlignCommand& command,
                                                       OutputFormat format, std::istream& input) {
  v1::AlignDocumentsRequest request;
  for (size_t index = 0; index < command.files.size(); ++index) {
    v1::DocumentVersion& version = *request.add_versions();
    HEXAPLA_ASSIGN_OR_RETURN(std::string text, ReadInput(command.files[index], input));
    HEXAPLA_RETURN_IF_ERROR(CheckNotBlank(command.files[index], text));
    if (!command.languages.empty()) version.set_language(command.languages[index]);
    if (command.input_format != InputFormat::kLines) {
      version.set_text(std::move(text));
      continue;
    }
    for (const absl::string_view line : SplitLines(text)) {
      version.add_sentences(line.data(), line.size());
    }
  }
  v1::AlignmentOptions& options = *request.mutable_options();
  options.set_max_bead_size(command.max_bead_size.value_or(0));
  options.set_no_merges(command.no_merges);
  options.set_min_probability(static_cast<float>(command.min_probability));
  options.set_return_text(format != OutputFormat::kBeads);
  return request;
}

// The names that this file list, indexed by what came over the wire, must hold.
absl::Status CheckResponse(const v1::AlignDocumentsResponse& response, int versions) {
  const auto is_version = [versions](int index) { return index >= 0 && index < versions; };
  bool consistent = response.summary().versions_size() == versions;
  for (const v1::Bead& bead : response.beads()) {
    consistent = consistent && bead.sides_size() == versions;
  }
  for (const v1::VersionPair& pair : response.summary().pairs()) {
    consistent = consistent && is_version(pair.first()) && is_version(pair.second());
  }
  for (const v1::Warning& warning : response.summary().warnings()) {
    for (const int index : warning.indices()) consistent = consistent && is_version(index);
  }
  if (consistent) return absl::OkStatus();
  return absl::InternalError("the reply does not fit the request; is the server of this version?");
}

absl::Status CheckRelated(const v1::AlignmentSummary& summary, const AlignCommand& command) {
  for (const v1::VersionPair& pair : summary.pairs()) {
    const double minimum = command.min_document_probability.value_or(0);
    if (pair.probability() >= minimum) continue;
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s and %s: probability %.2f is under --min_document_probability=%g",
        command.files[pair.first()], command.files[pair.second()], pair.probability(), minimum));
  }
  return absl::OkStatus();
}

absl::Status Align(const AlignCommand& command, const std::vector<std::string>& servers,
                   const Connector& connect, const CommandStreams& streams) {
  const OutputFormat format = FormatOr(command.format, streams.terminal);
  HEXAPLA_ASSIGN_OR_RETURN(const v1::AlignDocumentsRequest request,
                           BuildRequest(command, format, streams.input));
  HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<AlignmentClient> client, connect(servers));
  const absl::StatusOr<v1::AlignDocumentsResponse> response = client->AlignDocuments(request);
  if (!response.ok()) return NameFields(response.status(), NamerFor(command));
  HEXAPLA_RETURN_IF_ERROR(CheckResponse(*response, request.versions_size()));
  WriteAlignmentWarnings(response->summary(), command, streams.errors);
  HEXAPLA_RETURN_IF_ERROR(CheckRelated(response->summary(), command));
  OutputWriter(format, streams.terminal, streams.output).WriteAlignment(*response, command.files);
  return absl::OkStatus();
}

// Detects the languages of texts batch by batch. A file that cannot be read, or a
// text that the server refuses, is reported and leaves the others alone.
class Detection {
 public:
  Detection(const DetectCommand& command, const std::vector<std::string>& servers,
            const Connector& connect, const CommandStreams& streams)
      : command_(command),
        servers_(servers),
        connect_(connect),
        streams_(streams),
        writer_(FormatOr(command.format, streams.terminal), streams.terminal, streams.output) {
    v1::DetectionOptions& options = *request_.mutable_options();
    options.set_top_k(command.top);
    *options.mutable_candidates() = {command.candidates.begin(), command.candidates.end()};
  }

  ExitCode Run() {
    for (const std::string& file : command_.files) {
      const absl::Status status = AddFile(file);
      if (!status.ok()) return Report(status, streams_);
    }
    const absl::Status status = Flush();
    if (!status.ok()) return Report(status, streams_);
    Begin();
    return all_answered_ ? kExitDone : kExitFailed;
  }

 private:
  // Fails only when the calls do; then nothing more is worth a try.
  absl::Status AddFile(const std::string& file) {
    const absl::StatusOr<std::string> text = ReadInput(file, streams_.input);
    if (!text.ok()) {
      Report(text.status(), streams_);
      all_answered_ = false;
      return absl::OkStatus();
    }
    if (!command_.lines) return AddText(file, std::nullopt, *text);
    int64_t line_number = 0;
    for (const absl::string_view line : SplitLines(*text)) {
      HEXAPLA_RETURN_IF_ERROR(AddText(file, ++line_number, line));
    }
    return absl::OkStatus();
  }

  absl::Status AddText(const std::string& file, std::optional<int64_t> line,
                       absl::string_view text) {
    text = TruncateUtf8(text, kDetectBytesMax);
    request_.add_texts(text.data(), text.size());
    rows_.push_back({.file = file, .line = line});
    batch_bytes_ += text.size();
    if (request_.texts_size() < kBatchTextsMax && batch_bytes_ < kBatchBytesMax) {
      return absl::OkStatus();
    }
    return Flush();
  }

  absl::Status Flush() {
    if (rows_.empty()) return absl::OkStatus();
    if (client_ == nullptr) {
      HEXAPLA_ASSIGN_OR_RETURN(client_, connect_(servers_));
    }
    absl::StatusOr<v1::DetectLanguagesResponse> reply = client_->DetectLanguages(request_);
    if (!reply.ok()) return NameFields(reply.status(), NamerFor(command_));
    v1::DetectLanguagesResponse& response = *reply;
    if (response.results_size() != request_.texts_size()) {
      return absl::InternalError("the reply does not hold one result for each text");
    }
    Warn(response);
    Begin();
    for (int index = 0; index < response.results_size(); ++index) {
      DetectionRow& row = rows_[index];
      row.text = request_.texts(index);
      row.result = std::move(*response.mutable_results(index));
      ReportFailure(row);
      writer_.WriteDetection(row);
    }
    request_.clear_texts();
    rows_.clear();
    batch_bytes_ = 0;
    return absl::OkStatus();
  }

  // Not before the first answer: who finds no server writes nothing.
  void Begin() {
    if (begun_) return;
    begun_ = true;
    writer_.BeginDetections(command_.files, command_.lines, command_.top);
  }

  // Every batch repeats the warnings about the options; once is enough.
  void Warn(const v1::DetectLanguagesResponse& response) {
    for (const v1::Warning& warning : response.warnings()) {
      if (!warned_.insert(warning.message()).second) continue;
      streams_.errors << "warning: "
                      << NamePlace(Printable(warning.message()), CandidatesOf(warning),
                                   NamerFor(command_))
                      << '\n';
    }
  }

  // The flag with those of its entries that the warning is about.
  std::string CandidatesOf(const v1::Warning& warning) const {
    if (warning.reason() != v1::Warning::REASON_CANDIDATE_NOT_COVERED) return "";
    std::vector<std::string> candidates;
    for (const int index : warning.indices()) {
      if (index < 0 || index >= request_.options().candidates_size()) continue;
      candidates.push_back(Printable(request_.options().candidates(index)));
    }
    if (candidates.empty()) return "";
    return absl::StrCat("--candidates ", absl::StrJoin(candidates, ", "));
  }

  void ReportFailure(const DetectionRow& row) {
    if (!row.result.has_error()) return;
    all_answered_ = false;
    const std::string place =
        row.line.has_value() ? absl::StrCat(row.file, ":", *row.line) : row.file;
    // The number of the text in its batch means nothing to a reader.
    const FieldNamer text_is_here = [&place](absl::string_view field) {
      return absl::StartsWith(field, "texts[") ? place : "";
    };
    const std::string message(FromRpcStatus(row.result.error()).message());
    streams_.errors << "hexapla: " << NamePlace(message, place, text_is_here) << '\n';
  }

  const DetectCommand& command_;
  const std::vector<std::string>& servers_;
  const Connector& connect_;
  const CommandStreams& streams_;
  OutputWriter writer_;
  std::unique_ptr<AlignmentClient> client_;
  // The batch that grows: texts and, in the same order, their rows.
  v1::DetectLanguagesRequest request_;
  std::vector<DetectionRow> rows_;
  size_t batch_bytes_ = 0;
  std::set<std::string> warned_;
  bool begun_ = false;
  bool all_answered_ = true;
};

absl::Status ListModels(const ModelsCommand& command, const std::vector<std::string>& servers,
                        const Connector& connect, const CommandStreams& streams) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<AlignmentClient> client, connect(servers));
  HEXAPLA_ASSIGN_OR_RETURN(const v1::ListModelsResponse response, client->ListModels({}));
  OutputWriter(FormatOr(command.format, streams.terminal), streams.terminal, streams.output)
      .WriteModels(response);
  return absl::OkStatus();
}

absl::Status CheckServing(const std::string& server, const Connector& connect,
                          const CommandStreams& streams) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<AlignmentClient> client, connect({server}));
  HEXAPLA_ASSIGN_OR_RETURN(const std::string health, client->Health());
  streams.output << server << ' ' << health << '\n';
  if (health == "SERVING") return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(server, " is ", health));
}

// Asks every server by itself; the worst answer decides.
ExitCode CheckHealth(const std::vector<std::string>& servers, const Connector& connect,
                     const CommandStreams& streams) {
  ExitCode worst = kExitDone;
  for (const std::string& server : servers) {
    worst = std::max(worst, Report(CheckServing(server, connect, streams), streams));
  }
  return worst;
}

}  // namespace

ExitCode RunCommand(const CommandLine& command_line, const Connector& connect,
                    const CommandStreams& streams) {
  const std::vector<std::string> servers = command_line.connection.local
                                               ? std::vector<std::string>{"local"}
                                               : command_line.connection.servers;
  ExitCode exit_code = kExitDone;
  if (const auto* align = std::get_if<AlignCommand>(&command_line.command)) {
    exit_code = Report(Align(*align, servers, connect, streams), streams);
  } else if (const auto* detect = std::get_if<DetectCommand>(&command_line.command)) {
    exit_code = Detection(*detect, servers, connect, streams).Run();
  } else if (const auto* corpus = std::get_if<CorpusCommand>(&command_line.command)) {
    exit_code = Report(
        RunCorpus(*corpus, servers, command_line.connection.timeout, connect, streams), streams);
  } else if (const auto* match = std::get_if<MatchCommand>(&command_line.command)) {
    exit_code = RunMatch(*match, servers, command_line.connection.timeout, connect, streams);
  } else if (const auto* models = std::get_if<ModelsCommand>(&command_line.command)) {
    exit_code = Report(ListModels(*models, servers, connect, streams), streams);
  } else {
    exit_code = CheckHealth(servers, connect, streams);
  }
  streams.output.flush();
  if (exit_code == kExitDone && !streams.output) {
    return Report(absl::DataLossError("the output cannot be written"), streams);
  }
  return exit_code;
}

}  // namespace hexapla
