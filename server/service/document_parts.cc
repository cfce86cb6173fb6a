// SPDX-License-Identifier: Apache-2.0
#include "server/service/document_parts.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/service/proto_conversion.h"
#include "server/service/request_validation.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

std::string FieldOf(int version, absl::string_view name) {
  return absl::StrCat("versions[", version, "].", name);
}

absl::Status Invalid(absl::string_view reason, const std::string& field,
                     absl::string_view complaint) {
  return RequestError(absl::StatusCode::kInvalidArgument,
                      {.reason = std::string(reason), .field = field},
                      absl::StrCat(field, " ", complaint));
}

absl::Status OverLimit(absl::string_view reason, const std::string& field, absl::string_view unit,
                       size_t value, size_t limit) {
  return RequestError(absl::StatusCode::kResourceExhausted,
                      {.reason = std::string(reason),
                       .field = field,
                       .limit = absl::StrCat(limit),
                       .value = absl::StrCat(value)},
                      absl::StrCat(field, " has ", value, " ", unit, "; the limit is ", limit));
}

}  // namespace

absl::Status DocumentParts::Open(v1::OpenDocuments&& open, const ModelSet& models) {
  HEXAPLA_RETURN_IF_ERROR(ValidateOpenDocuments(open, models));
  *request_.mutable_options() = std::move(*open.mutable_options());
  version_bytes_.resize(open.versions_size());
  for (int v = 0; v < open.versions_size(); ++v) {
    v1::DocumentVersion& given = *open.mutable_versions(v);
    request_.add_versions()->set_language(given.language());
    if (!given.text().empty()) HEXAPLA_RETURN_IF_ERROR(AddText(v, given.text()));
    if (!given.sentences().empty()) {
      HEXAPLA_RETURN_IF_ERROR(AddSentences(v, std::move(*given.mutable_sentences())));
    }
  }
  return absl::OkStatus();
}

absl::Status DocumentParts::Add(v1::DocumentChunk&& chunk) {
  const int version = chunk.version_index();
  if (version < 0 || version >= request_.versions_size()) {
    return RequestError(absl::StatusCode::kInvalidArgument,
                        {.reason = "VALUE_OUT_OF_RANGE",
                         .field = "chunk.version_index",
                         .limit = absl::StrCat("0 to ", request_.versions_size() - 1),
                         .value = absl::StrCat(version)},
                        absl::StrCat("chunk.version_index is ", version, "; the set has ",
                                     request_.versions_size(), " versions"));
  }
  if (chunk.text().empty() && chunk.sentences().empty()) {
    return Invalid("TEXT_MISSING", "chunk.text", "is required, or sentences");
  }
  if (!chunk.text().empty()) HEXAPLA_RETURN_IF_ERROR(AddText(version, chunk.text()));
  if (chunk.sentences().empty()) return absl::OkStatus();
  return AddSentences(version, std::move(*chunk.mutable_sentences()));
}

absl::StatusOr<v1::AlignDocumentsRequest> DocumentParts::End() && {
  for (int v = 0; v < request_.versions_size(); ++v) {
    const std::optional<size_t> offset = FirstInvalidUtf8(request_.versions(v).text());
    if (!offset.has_value()) continue;
    const std::string field = FieldOf(v, "text");
    return RequestError(absl::StatusCode::kInvalidArgument,
                        {.reason = "TEXT_NOT_UTF8", .field = field, .value = absl::StrCat(*offset)},
                        absl::StrCat(field, " is not UTF-8 at byte ", *offset));
  }
  return std::move(request_);
}

absl::Status DocumentParts::AddText(int version, const std::string& text) {
  v1::DocumentVersion& grown = *request_.mutable_versions(version);
  const std::string field = FieldOf(version, "text");
  if (!grown.sentences().empty()) {
    return Invalid("TEXT_AMBIGUOUS", field, "is given, and sentences too");
  }
  HEXAPLA_RETURN_IF_ERROR(Count(version, text.size(), field));
  grown.mutable_text()->append(text);
  return absl::OkStatus();
}

absl::Status DocumentParts::AddSentences(
    int version, google::protobuf::RepeatedPtrField<std::string>&& sentences) {
  v1::DocumentVersion& grown = *request_.mutable_versions(version);
  if (!grown.text().empty()) {
    return Invalid("TEXT_AMBIGUOUS", FieldOf(version, "text"), "is given, and sentences too");
  }
  const std::string field = FieldOf(version, "sentences");
  const size_t count = static_cast<size_t>(grown.sentences_size()) + sentences.size();
  if (count > limits_.sentences_max) {
    return OverLimit("TOO_MANY_SENTENCES", field, "sentences", count, limits_.sentences_max);
  }
  for (std::string& sentence : sentences) {
    HEXAPLA_RETURN_IF_ERROR(Count(version, sentence.size(), field));
    bytes_ += kSentenceOverhead;
    grown.add_sentences(std::move(sentence));
  }
  return absl::OkStatus();
}

absl::Status DocumentParts::Count(int version, size_t bytes, const std::string& field) {
  version_bytes_[version] += bytes;
  bytes_ += bytes;
  if (version_bytes_[version] <= limits_.document_bytes_max) return absl::OkStatus();
  return OverLimit("TEXT_TOO_LONG", field, "bytes", version_bytes_[version],
                   limits_.document_bytes_max);
}

}  // namespace hexapla
