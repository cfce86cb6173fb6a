// SPDX-License-Identifier: Apache-2.0
#include "client/detect.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "client/field_names.h"
#include "client/formats/document_reader.h"
#include "client/message_line.h"
#include "client/output_writer.h"
#include "client/span_writer.h"
#include "client/text_layout.h"
#include "server/base/status_macros.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

// A language shows in less; and the server bounds every text.
constexpr size_t kDetectBytesMax = 256 << 10;
// Texts and bytes of one call: enough to hide the way there and back, small
// against the server's limits of 4,096 texts and a few MiB.
constexpr int kBatchTextsMax = 1024;
constexpr size_t kBatchBytesMax = 1 << 20;

// Where a text stands.
struct Place {
  std::string file;
  // 1-based; empty when the text is the whole file.
  std::optional<int64_t> line;

  std::string Name() const { return line.has_value() ? absl::StrCat(file, ":", *line) : file; }
};

v1::DetectionOptions OptionsOf(const DetectCommand& command) {
  v1::DetectionOptions options;
  options.set_top_k(command.top);
  *options.mutable_candidates() = {command.candidates.begin(), command.candidates.end()};
  *options.mutable_hints() = {command.hints.begin(), command.hints.end()};
  options.set_model(command.model);
  options.set_group_macrolanguages(command.group_macrolanguages);
  options.set_skip_normalization(command.skip_normalization);
  return options;
}

// What both kinds of detection do: read, connect once, report.
class Detection {
 public:
  Detection(const DetectCommand& command, const std::vector<std::string>& servers,
            const Connector& connect, const CommandStreams& streams)
      : command_(command), streams_(streams), servers_(servers), connect_(connect) {}
  virtual ~Detection() = default;

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

 protected:
  // Each fails only when no further call is worth a try.
  virtual absl::Status AddText(Place place, absl::string_view text) = 0;
  virtual absl::Status Flush() { return absl::OkStatus(); }
  // Writes what comes before the first answer: who finds no server writes nothing.
  virtual void Begin() = 0;

  absl::StatusOr<const AlignmentClient*> Client() {
    if (client_ == nullptr) {
      HEXAPLA_ASSIGN_OR_RETURN(client_, connect_(servers_));
    }
    return client_.get();
  }

  // Every answer repeats the warnings about the options; once is enough.
  void Warn(const google::protobuf::RepeatedPtrField<v1::Warning>& warnings) {
    for (const v1::Warning& warning : warnings) {
      if (!warned_.insert(warning.message()).second) continue;
      WriteMessage("warning",
                   NamePlace(warning.message(), CandidatesOf(warning), NamerFor(command_)),
                   streams_.errors);
    }
  }

  void ReportFailure(const Place& place, const absl::Status& status) {
    all_answered_ = false;
    const std::string name = place.Name();
    // The number of the text in its batch means nothing to a reader.
    const FieldNamer text_is_here = [&name](absl::string_view field) {
      return absl::StartsWith(field, "texts[") || field == "text" ? name : "";
    };
    WriteMessage("hexapla", NamePlace(std::string(status.message()), name, text_is_here),
                 streams_.errors);
  }

  const DetectCommand& command_;
  const CommandStreams& streams_;

 private:
  absl::Status AddFile(const std::string& file) {
    const absl::StatusOr<InputDocument> document =
        ReadDocument(file, command_.input, streams_.input, streams_.errors);
    if (!document.ok()) {
      Report(document.status(), streams_);
      all_answered_ = false;
      return absl::OkStatus();
    }
    if (!HasSentences(command_.input.format)) {
      const std::string text =
          document->has_sentences ? absl::StrJoin(document->sentences, "\n") : document->text;
      return AddText({.file = file, .line = std::nullopt}, text);
    }
    int64_t number = 0;
    for (const std::string& sentence : document->sentences) {
      HEXAPLA_RETURN_IF_ERROR(AddText({.file = file, .line = ++number}, sentence));
    }
    return absl::OkStatus();
  }

  // The flag with those of its entries that the warning is about.
  std::string CandidatesOf(const v1::Warning& warning) const {
    if (warning.reason() != v1::Warning::REASON_CANDIDATE_NOT_COVERED) return "";
    std::vector<std::string> candidates;
    for (const int index : warning.indices()) {
      if (index < 0 || static_cast<size_t>(index) >= command_.candidates.size()) continue;
      candidates.push_back(Printable(command_.candidates[index]));
    }
    if (candidates.empty()) return "";
    return absl::StrCat("--candidates ", absl::StrJoin(candidates, ", "));
  }

  const std::vector<std::string>& servers_;
  const Connector& connect_;
  std::unique_ptr<AlignmentClient> client_;
  std::set<std::string> warned_;
  bool all_answered_ = true;
};

// Languages of texts, batch by batch.
class LanguageDetection final : public Detection {
 public:
  LanguageDetection(const DetectCommand& command, const std::vector<std::string>& servers,
                    const Connector& connect, const CommandStreams& streams)
      : Detection(command, servers, connect, streams),
        writer_(FormatOr(command.format, streams.terminal), streams.terminal, streams.output) {
    *request_.mutable_options() = OptionsOf(command);
  }

 private:
  absl::Status AddText(Place place, absl::string_view text) override {
    text = TruncateUtf8(text, kDetectBytesMax);
    request_.add_texts(text.data(), text.size());
    places_.push_back(std::move(place));
    batch_bytes_ += text.size();
    if (request_.texts_size() < kBatchTextsMax && batch_bytes_ < kBatchBytesMax) {
      return absl::OkStatus();
    }
    return Flush();
  }

  absl::Status Flush() override {
    if (places_.empty()) return absl::OkStatus();
    HEXAPLA_ASSIGN_OR_RETURN(const AlignmentClient* client, Client());
    absl::StatusOr<v1::DetectLanguagesResponse> reply = client->DetectLanguages(request_);
    if (!reply.ok()) return NameFields(reply.status(), NamerFor(command_));
    v1::DetectLanguagesResponse& response = *reply;
    if (response.results_size() != request_.texts_size()) {
      return absl::InternalError("the reply does not hold one result for each text");
    }
    Warn(response.warnings());
    Begin();
    for (int index = 0; index < response.results_size(); ++index) {
      const DetectionRow row = {.file = places_[index].file,
                                .line = places_[index].line,
                                .text = request_.texts(index),
                                .result = std::move(*response.mutable_results(index))};
      if (row.result.has_error()) {
        ReportFailure(places_[index], FromRpcStatus(row.result.error()));
      }
      writer_.WriteDetection(row);
    }
    request_.clear_texts();
    places_.clear();
    batch_bytes_ = 0;
    return absl::OkStatus();
  }

  void Begin() override {
    if (std::exchange(begun_, true)) return;
    writer_.BeginDetections(command_.files, HasSentences(command_.input.format), command_.top);
  }

  OutputWriter writer_;
  // The batch that grows: texts and, in the same order, their places.
  v1::DetectLanguagesRequest request_;
  std::vector<Place> places_;
  size_t batch_bytes_ = 0;
  bool begun_ = false;
};

// Spans of texts, one after the other.
class SpanDetection final : public Detection {
 public:
  SpanDetection(const DetectCommand& command, const std::vector<std::string>& servers,
                const Connector& connect, const CommandStreams& streams)
      : Detection(command, servers, connect, streams),
        writer_(FormatOr(command.format, streams.terminal), streams.terminal, streams.output) {
    *request_.mutable_options() = OptionsOf(command);
  }

 private:
  absl::Status AddText(Place place, absl::string_view text) override {
    SpansOfText spans = {.file = place.file, .line = place.line, .text = text};
    if (text.empty()) {
      spans.response.add_spans()->mutable_detection()->set_language("und");
    } else {
      HEXAPLA_ASSIGN_OR_RETURN(const AlignmentClient* client, Client());
      request_.set_text(text.data(), text.size());
      absl::StatusOr<v1::DetectSpansResponse> reply = client->DetectSpans(request_);
      if (!reply.ok()) return Refused(place, reply.status());
      spans.response = *std::move(reply);
      HEXAPLA_RETURN_IF_ERROR(CheckSpans(spans));
      Warn(spans.response.warnings());
    }
    Begin();
    writer_.Write(spans);
    return absl::OkStatus();
  }

  void Begin() override {
    if (std::exchange(begun_, true)) return;
    writer_.Begin(command_.top);
  }

  // A text that is refused for itself leaves the others alone.
  absl::Status Refused(const Place& place, const absl::Status& status) {
    if (status.code() != absl::StatusCode::kResourceExhausted) {
      return NameFields(status, NamerFor(command_));
    }
    ReportFailure(place, status);
    return absl::OkStatus();
  }

  // The writers cut the text where the spans say.
  static absl::Status CheckSpans(const SpansOfText& spans) {
    size_t at = 0;
    for (const v1::LanguageSpan& span : spans.response.spans()) {
      const bool next = span.begin() >= 0 && static_cast<size_t>(span.begin()) == at &&
                        span.end() >= span.begin();
      if (!next) return absl::InternalError("the spans of the reply are not in order");
      at = static_cast<size_t>(span.end());
    }
    if (at == spans.text.size()) return absl::OkStatus();
    return absl::InternalError("the spans of the reply do not cover the text");
  }

  SpanWriter writer_;
  v1::DetectSpansRequest request_;
  bool begun_ = false;
};

}  // namespace

ExitCode RunDetect(const DetectCommand& command, const std::vector<std::string>& servers,
                   const Connector& connect, const CommandStreams& streams) {
  if (command.spans) return SpanDetection(command, servers, connect, streams).Run();
  return LanguageDetection(command, servers, connect, streams).Run();
}

}  // namespace hexapla
