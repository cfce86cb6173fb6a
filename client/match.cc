// SPDX-License-Identifier: Apache-2.0
#include "client/match.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "nlohmann/json.hpp"

#include "client/field_names.h"
#include "client/formats/document_reader.h"
#include "client/input_file.h"
#include "client/json_text.h"
#include "client/message_line.h"
#include "client/output_writer.h"
#include "server/base/status_macros.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

// Bytes of a message: small against the server's limit of 16 MiB, and against
// what the two sides buffer.
constexpr size_t kPartBytesMax = 1 << 20;
// Of the files that a warning is about, so many are named.
constexpr size_t kNamesShownMax = 3;

constexpr absl::Duration kBackoffMin = absl::Milliseconds(100);
constexpr absl::Duration kBackoffMax = absl::Seconds(5);

// The names on the lines of a file; blank lines are none.
absl::StatusOr<std::vector<std::string>> ReadNames(const std::string& file, std::istream& input) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::string text, ReadInput(file, input));
  std::vector<std::string> names;
  for (const absl::string_view line : SplitLines(text)) {
    if (!line.empty()) names.emplace_back(line);
  }
  return names;
}

// A name as JSON can hold it.
std::string AsUtf8(const std::string& name) {
  return nlohmann::json::parse(JsonString(name)).get<std::string>();
}

class MatchRun {
 public:
  MatchRun(const MatchCommand& command, const CommandStreams& streams)
      : command_(command), streams_(streams), names_(command.files) {}

  ExitCode Run(const std::vector<std::string>& servers, absl::Duration timeout,
               const Connector& connect) {
    if (!command_.files_from.empty()) {
      absl::StatusOr<std::vector<std::string>> more =
          ReadNames(command_.files_from, streams_.input);
      if (!more.ok()) return Report(more.status());
      names_.insert(names_.end(), more->begin(), more->end());
    }
    if (!command_.languages.empty() && command_.languages.size() != names_.size()) {
      streams_.errors << "hexapla match: --languages: " << command_.languages.size()
                      << " given for " << names_.size() << " files (see hexapla match --help)\n";
      return kExitUsage;
    }
    const absl::Status status = Match(servers, timeout, connect);
    if (!status.ok()) return Report(status);
    return all_answered_ ? kExitDone : kExitFailed;
  }

 private:
  using Stream =
      grpc::ClientReaderWriterInterface<v1::MatchDocumentsRequest, v1::MatchDocumentsResponse>;

  ExitCode Report(const absl::Status& status) {
    const auto namer = [](absl::string_view field) {
      return std::string(field == "options.min_probability" ? "--min_probability" : "");
    };
    WriteMessage("hexapla", ReplaceFields(status.message(), namer), streams_.errors);
    return ExitCodeFor(status);
  }

  absl::Status Match(const std::vector<std::string>& servers, absl::Duration timeout,
                     const Connector& connect) {
    HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<AlignmentClient> client, connect(servers));
    const absl::Time deadline = absl::Now() + timeout;
    std::optional<absl::Time> failing_since;
    absl::Duration backoff = kBackoffMin;
    std::vector<v1::MatchDocumentsResponse> replies;
    while (true) {
      const grpc::Status status = Ask(*client, deadline, replies);
      if (status.ok()) return WriteAll(replies);
      const absl::Duration asked = DelayAsked(status);
      const absl::Status error = FromGrpcStatus(status);
      if (!absl::IsUnavailable(error) && asked <= absl::ZeroDuration()) return error;
      if (!failing_since.has_value()) {
        failing_since = absl::Now();
        if (command_.retry_for > absl::ZeroDuration()) {
          WriteMessage("warning",
                       absl::StrCat(error.message(), "; trying again for ",
                                    absl::FormatDuration(command_.retry_for)),
                       streams_.errors);
          streams_.errors.flush();
        }
      }
      const absl::Duration left =
          std::min(*failing_since + command_.retry_for, deadline) - absl::Now();
      if (left <= absl::ZeroDuration()) return error;
      absl::SleepFor(std::min(std::max(backoff, asked), left));
      backoff = std::min(2 * backoff, kBackoffMax);
    }
  }

  // One call, its replies kept: as long as nothing is written it can be repeated.
  grpc::Status Ask(const AlignmentClient& client, absl::Time deadline,
                   std::vector<v1::MatchDocumentsResponse>& replies) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    const auto stream = client.MatchDocuments(&context);
    SendHeap(*stream);
    replies.clear();
    v1::MatchDocumentsResponse response;
    while (stream->Read(&response)) replies.push_back(std::move(response));
    return stream->Finish();
  }

  absl::Status WriteAll(std::vector<v1::MatchDocumentsResponse>& replies) {
    for (v1::MatchDocumentsResponse& reply : replies) HEXAPLA_RETURN_IF_ERROR(Write(reply));
    if (complete_) return absl::OkStatus();
    return absl::InternalError("the reply has no summary; is the server of this version?");
  }

  // Every call reads the documents again, but for standard input, and says what there
  // is to say about each once.
  absl::StatusOr<InputDocument> Read(size_t index) {
    const std::string& name = names_[index];
    const bool repeatable = name != "-";
    if (!repeatable && standard_input_.has_value()) return *standard_input_;
    std::ostringstream unheard;
    std::ostream& notes = index < read_ ? unheard : streams_.errors;
    read_ = std::max(read_, index + 1);
    HEXAPLA_ASSIGN_OR_RETURN(InputDocument document,
                             ReadDocument(name, command_.input, streams_.input, notes));
    HEXAPLA_RETURN_IF_ERROR(CheckNotBlank(name, document));
    if (!repeatable) standard_input_ = document;
    return document;
  }

  // Stops early when the stream is broken; its status will say why.
  void SendHeap(Stream& stream) {
    sent_.clear();
    v1::MatchDocumentsRequest first;
    first.mutable_options()->set_min_probability(static_cast<float>(command_.min_probability));
    first.mutable_options()->set_allow_same_language(command_.allow_same_language);
    bool alive = stream.Write(first);
    for (size_t i = 0; i < names_.size() && alive; ++i) {
      if (unreadable_.contains(i)) continue;
      const absl::StatusOr<InputDocument> content = Read(i);
      if (content.ok()) {
        sent_.push_back(i);
        alive = SendDocument(i, *content, stream);
      } else {
        unreadable_.insert(i);
        ReportFailure(i, content.status());
      }
    }
    stream.WritesDone();
  }

  bool SendDocument(size_t index, const InputDocument& read, Stream& stream) const {
    v1::MatchDocumentsRequest part;
    v1::MatchDocument& document = *part.mutable_document();
    // Names may occur twice; places do not.
    document.set_id(absl::StrCat(index));
    v1::DocumentVersion& content = *document.mutable_content();
    if (!command_.languages.empty()) content.set_language(command_.languages[index]);
    if (read.has_sentences) return SendSentences(read.sentences, part, stream);
    absl::string_view text = read.text;
    while (!text.empty()) {
      const absl::string_view piece = TruncateUtf8(text, kPartBytesMax);
      content.set_text(piece.data(), piece.size());
      if (!stream.Write(part)) return false;
      text.remove_prefix(piece.size());
    }
    return true;
  }

  static bool SendSentences(const std::vector<std::string>& sentences,
                            v1::MatchDocumentsRequest& part, Stream& stream) {
    v1::DocumentVersion& content = *part.mutable_document()->mutable_content();
    size_t bytes = 0;
    for (const std::string& sentence : sentences) {
      content.add_sentences(sentence);
      bytes += sentence.size() + 1;
      if (bytes < kPartBytesMax) continue;
      if (!stream.Write(part)) return false;
      content.clear_sentences();
      bytes = 0;
    }
    return bytes == 0 || stream.Write(part);
  }

  // Fails if the message does not fit what was sent.
  absl::Status Write(v1::MatchDocumentsResponse& response) {
    switch (response.result_case()) {
      case v1::MatchDocumentsResponse::kGroup:
        return WriteGroup(*response.mutable_group());
      case v1::MatchDocumentsResponse::kError: {
        const std::optional<size_t> index = IndexOf(response.error().id());
        if (!index.has_value()) return DoesNotFit();
        ReportFailure(*index, NameFields(*index, FromRpcStatus(response.error().status())));
        return absl::OkStatus();
      }
      case v1::MatchDocumentsResponse::kSummary:
        return WriteSummary(response.summary());
      default:
        return DoesNotFit();
    }
  }

  absl::Status WriteGroup(v1::DocumentGroup& group) {
    std::vector<std::string> names;
    for (v1::GroupMember& member : *group.mutable_members()) {
      const std::optional<size_t> index = IndexOf(member.id());
      if (!index.has_value()) return DoesNotFit();
      names.push_back(names_[*index]);
      member.set_id(AsUtf8(names.back()));
      if (member.near_duplicate_of().empty()) continue;
      const std::optional<size_t> other = IndexOf(member.near_duplicate_of());
      if (!other.has_value()) return DoesNotFit();
      member.set_near_duplicate_of(AsUtf8(names_[*other]));
      WriteMessage("note", absl::StrCat(names.back(), " nearly repeats ", names_[*other]),
                   streams_.errors);
    }
    if (Json()) {
      streams_.output << ToJson(group) << '\n';
    } else {
      const auto escape = [](std::string* row, const std::string& name) {
        absl::StrAppend(row, EscapeTsv(name));
      };
      streams_.output << absl::StrJoin(names, "\t", escape) << '\n';
    }
    return absl::OkStatus();
  }

  absl::Status WriteSummary(const v1::MatchSummary& summary) {
    complete_ = true;
    for (const v1::Warning& warning : summary.warnings()) {
      std::vector<std::string> names;
      for (const int document : warning.indices()) {
        // The server counts what it was sent.
        if (document < 0 || document >= static_cast<int>(sent_.size())) return DoesNotFit();
        if (names.size() < kNamesShownMax) names.push_back(names_[sent_[document]]);
      }
      const size_t more = static_cast<size_t>(warning.indices_size()) - names.size();
      WriteMessage("warning",
                   absl::StrCat(absl::StrJoin(names, ", "),
                                more > 0 ? absl::StrCat(" and ", more, " more") : "", ": ",
                                warning.message()),
                   streams_.errors);
    }
    if (Json()) streams_.output << "{\"summary\":" << ToJson(summary) << "}\n";
    return absl::OkStatus();
  }

  void ReportFailure(size_t index, const absl::Status& status) {
    all_answered_ = false;
    WriteMessage("hexapla", status.message(), streams_.errors);
    if (!Json()) return;
    streams_.output << "{\"id\":" << JsonString(names_[index]) << ",\"error\":{\"code\":\""
                    << absl::StatusCodeToString(status.code())
                    << "\",\"message\":" << JsonString(std::string(status.message())) << "}}\n";
  }

  // The server's words for a field of the document are its file here.
  absl::Status NameFields(size_t index, const absl::Status& status) const {
    const std::string& name = names_[index];
    const auto namer = [&](absl::string_view field) -> std::string {
      if (!absl::ConsumePrefix(&field, "document.")) return "";
      size_t line = 0;
      if (absl::ConsumePrefix(&field, "content.sentences[") && absl::ConsumeSuffix(&field, "]") &&
          absl::SimpleAtoi(field, &line)) {
        return absl::StrCat(name, ": line ", line + 1);
      }
      if (field == "content.language") return absl::StrCat("--languages for ", name);
      return name;
    };
    return absl::Status(status.code(), NamePlace(std::string(status.message()), name, namer));
  }

  std::optional<size_t> IndexOf(const std::string& id) const {
    size_t index = 0;
    if (!absl::SimpleAtoi(id, &index) || index >= names_.size()) return std::nullopt;
    return index;
  }

  static absl::Status DoesNotFit() {
    return absl::InternalError(
        "the reply does not fit the request; is the server of this version?");
  }

  bool Json() const { return command_.format == OutputFormat::kJsonl; }

  const MatchCommand& command_;
  const CommandStreams& streams_;
  std::vector<std::string> names_;
  // Of each document sent: its place among the names.
  std::vector<size_t> sent_;
  // The places of those that failed here, and how many were read by any call.
  std::set<size_t> unreadable_;
  size_t read_ = 0;
  std::optional<InputDocument> standard_input_;
  bool complete_ = false;
  bool all_answered_ = true;
};

}  // namespace

ExitCode RunMatch(const MatchCommand& command, const std::vector<std::string>& servers,
                  absl::Duration timeout, const Connector& connect, const CommandStreams& streams) {
  return MatchRun(command, streams).Run(servers, timeout, connect);
}

}  // namespace hexapla
