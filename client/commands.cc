// SPDX-License-Identifier: Apache-2.0
#include "client/commands.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "client/alignment_warnings.h"
#include "client/corpus.h"
#include "client/detect.h"
#include "client/field_names.h"
#include "client/formats/document_reader.h"
#include "client/match.h"
#include "client/message_line.h"
#include "client/output_writer.h"
#include "client/score.h"
#include "server/base/status_macros.h"

namespace hexapla {
namespace {

absl::StatusOr<v1::AlignDocumentsRequest> BuildRequest(const AlignCommand& command,
                                                       OutputFormat format,
                                                       const CommandStreams& streams) {
  v1::AlignDocumentsRequest request;
  for (size_t index = 0; index < command.files.size(); ++index) {
    v1::DocumentVersion& version = *request.add_versions();
    const std::string& file = command.files[index];
    HEXAPLA_ASSIGN_OR_RETURN(InputDocument document,
                             ReadDocument(file, command.input, streams.input, streams.errors));
    HEXAPLA_RETURN_IF_ERROR(CheckNotBlank(file, document));
    FillVersion(std::move(document), version);
    if (!command.languages.empty()) version.set_language(command.languages[index]);
  }
  v1::AlignmentOptions& options = *request.mutable_options();
  options.set_max_bead_size(command.max_bead_size.value_or(0));
  options.set_no_merges(command.no_merges);
  options.set_min_probability(static_cast<float>(command.min_probability));
  options.set_return_text(format != OutputFormat::kBeads);
  return request;
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
                           BuildRequest(command, format, streams));
  HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<AlignmentClient> client, connect(servers));
  const absl::StatusOr<v1::AlignDocumentsResponse> response = client->AlignDocuments(request);
  if (!response.ok()) return NameFields(response.status(), NamerFor(command));
  HEXAPLA_RETURN_IF_ERROR(CheckFits(*response, request.versions_size()));
  WriteAlignmentWarnings(response->summary(), command, streams.errors);
  HEXAPLA_RETURN_IF_ERROR(CheckRelated(response->summary(), command));
  OutputWriter(format, streams.terminal, streams.output).WriteAlignment(*response, command.files);
  return absl::OkStatus();
}

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

ExitCode Report(const absl::Status& status, const CommandStreams& streams) {
  if (!status.ok()) WriteMessage("hexapla", status.message(), streams.errors);
  return ExitCodeFor(status);
}

OutputFormat FormatOr(const std::optional<OutputFormat>& format, const Terminal& terminal) {
  return format.value_or(terminal.interactive ? OutputFormat::kTable : OutputFormat::kTsv);
}

ExitCode RunCommand(const CommandLine& command_line, const Connector& connect,
                    const CommandStreams& streams) {
  const std::vector<std::string> servers = command_line.connection.local
                                               ? std::vector<std::string>{"local"}
                                               : command_line.connection.servers;
  ExitCode exit_code = kExitDone;
  if (const auto* align = std::get_if<AlignCommand>(&command_line.command)) {
    exit_code = Report(Align(*align, servers, connect, streams), streams);
  } else if (const auto* detect = std::get_if<DetectCommand>(&command_line.command)) {
    exit_code = RunDetect(*detect, servers, connect, streams);
  } else if (const auto* corpus = std::get_if<CorpusCommand>(&command_line.command)) {
    exit_code = Report(
        RunCorpus(*corpus, servers, command_line.connection.timeout, connect, streams), streams);
  } else if (const auto* match = std::get_if<MatchCommand>(&command_line.command)) {
    exit_code = RunMatch(*match, servers, command_line.connection.timeout, connect, streams);
  } else if (const auto* score = std::get_if<ScoreCommand>(&command_line.command)) {
    exit_code = RunScore(*score, servers, connect, streams);
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
