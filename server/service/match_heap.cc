// SPDX-License-Identifier: Apache-2.0
#include "server/service/match_heap.h"

#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"

#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/service/grpc_status.h"
#include "server/service/request_validation.h"
#include "server/text/language_tag.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

constexpr size_t kIdBytesMax = 1024;
// What a document or a sentence costs beside its bytes.
constexpr size_t kDocumentOverhead = 256;
constexpr size_t kSentenceOverhead = 32;
constexpr double kUncertainBelow = 0.5;

absl::Status Invalid(absl::string_view reason, absl::string_view field,
                     absl::string_view complaint) {
  return RequestError(absl::StatusCode::kInvalidArgument,
                      {.reason = std::string(reason), .field = std::string(field)},
                      absl::StrCat(field, " ", complaint));
}

absl::Status OverLimit(absl::string_view reason, absl::string_view field, absl::string_view unit,
                       size_t value, size_t limit) {
  return RequestError(absl::StatusCode::kResourceExhausted,
                      {.reason = std::string(reason),
                       .field = std::string(field),
                       .limit = absl::StrCat(limit),
                       .value = absl::StrCat(value)},
                      absl::StrCat(field, " has ", value, " ", unit, "; the limit is ", limit));
}

void AddWarning(v1::Warning::Reason reason, const std::vector<int32_t>& indices,
                const std::string& message, v1::MatchSummary& summary) {
  if (indices.empty()) return;
  v1::Warning& warning = *summary.add_warnings();
  warning.set_reason(reason);
  *warning.mutable_indices() = {indices.begin(), indices.end()};
  warning.set_message(message);
}

}  // namespace

absl::Status MatchHeap::Add(v1::MatchDocumentsRequest&& request, const ModelSet& models) {
  if (request.has_options()) {
    if (begun_) {
      return Invalid("STEP_OUT_OF_ORDER", "options", "belong in the first message of the stream");
    }
    HEXAPLA_RETURN_IF_ERROR(TakeOptions(request.options(), models));
  }
  begun_ = true;
  if (!request.has_document()) return absl::OkStatus();
  v1::MatchDocument& part = *request.mutable_document();
  const absl::string_view id = TruncateUtf8(part.id(), kIdBytesMax);
  const bool continues = !documents_.empty() && !id.empty() && documents_.back().id == id &&
                         documents_.back().id_bytes == part.id().size();
  if (!continues) HEXAPLA_RETURN_IF_ERROR(Open(part));
  Document& document = documents_.back();
  if (!document.status.ok()) return absl::OkStatus();
  const size_t before = document.text_bytes + kSentenceOverhead * document.sentences.size();
  document.status = Append(std::move(*part.mutable_content()), document);
  if (!document.status.ok()) {
    Drop(document);
    memory_ -= before;
    bytes_ -= before;
    return absl::OkStatus();
  }
  return Hold(document.text_bytes + kSentenceOverhead * document.sentences.size() - before);
}

absl::Status MatchHeap::TakeOptions(const v1::MatchOptions& options, const ModelSet& models) {
  // Written so that not-a-number fails too.
  if (!(options.min_probability() >= 0 && options.min_probability() <= 1)) {
    return RequestError(absl::StatusCode::kInvalidArgument,
                        {.reason = "VALUE_OUT_OF_RANGE",
                         .field = "options.min_probability",
                         .limit = "0 to 1",
                         .value = absl::StrCat(options.min_probability())},
                        absl::StrCat("options.min_probability is ", options.min_probability(),
                                     "; it must be 0 to 1"));
  }
  options_ = options;
  return FindModel(models, ModelKind::kEmbedding, options.model(), "options.model").status();
}

// Begins a document. Its own errors stay with it.
absl::Status MatchHeap::Open(const v1::MatchDocument& part) {
  if (documents_.size() >= limits_.match_documents_max) {
    return OverLimit("BATCH_TOO_LARGE", "document", "predecessors, itself included,",
                     documents_.size() + 1, limits_.match_documents_max);
  }
  const absl::string_view id = TruncateUtf8(part.id(), kIdBytesMax);
  Document& document = documents_.emplace_back();
  document.id = std::string(id);
  document.id_bytes = part.id().size();
  if (part.id().empty()) {
    document.status = Invalid("FIELD_MISSING", "document.id", "is required");
  } else if (part.id().size() > kIdBytesMax) {
    document.status =
        OverLimit("TEXT_TOO_LONG", "document.id", "bytes", part.id().size(), kIdBytesMax);
  } else if (!ids_.insert(document.id).second) {
    document.status =
        Invalid("STEP_OUT_OF_ORDER", "document.id",
                "names a document that came before others; parts must follow one another");
  } else {
    document.status = CheckLanguage(part.content().language());
    document.language = CanonicalLanguageTag(part.content().language()).value_or("");
  }
  return Hold(kDocumentOverhead + 2 * id.size());
}

absl::Status MatchHeap::CheckLanguage(const std::string& language) {
  if (language.empty() || CanonicalLanguageTag(language).has_value()) return absl::OkStatus();
  return Invalid("LANGUAGE_MALFORMED", "document.content.language",
                 "is no BCP-47 tag, such as en or zh-Hant");
}

absl::Status MatchHeap::Append(v1::DocumentVersion&& content, Document& document) {
  const std::string text_field = "document.content.text";
  const bool has_text = !content.text().empty() || !document.text.empty();
  const bool has_sentences = !content.sentences().empty() || !document.sentences.empty();
  if (has_text && has_sentences) {
    return Invalid("TEXT_AMBIGUOUS", text_field, "is given, and sentences too");
  }
  HEXAPLA_RETURN_IF_ERROR(CheckSentences(content, document));
  document.text_bytes += content.text().size();
  for (const std::string& sentence : content.sentences()) document.text_bytes += sentence.size();
  if (document.text_bytes > limits_.document_bytes_max) {
    // More may follow, so the value is but a lower bound.
    const std::string field = has_text ? text_field : "document.content.sentences";
    return RequestError(absl::StatusCode::kResourceExhausted,
                        {.reason = "TEXT_TOO_LONG",
                         .field = field,
                         .limit = absl::StrCat(limits_.document_bytes_max),
                         .value = absl::StrCat(document.text_bytes)},
                        absl::StrCat(field, " has ", document.text_bytes,
                                     " bytes or more; the limit is ", limits_.document_bytes_max));
  }
  if (document.text.empty()) {
    document.text = std::move(*content.mutable_text());
  } else {
    document.text += content.text();
  }
  for (std::string& sentence : *content.mutable_sentences()) {
    document.sentences.push_back(std::move(sentence));
  }
  return absl::OkStatus();
}

absl::Status MatchHeap::CheckSentences(const v1::DocumentVersion& content,
                                       const Document& document) const {
  const size_t count = document.sentences.size() + static_cast<size_t>(content.sentences_size());
  if (count > limits_.sentences_max) {
    return OverLimit("TOO_MANY_SENTENCES", "document.content.sentences", "sentences", count,
                     limits_.sentences_max);
  }
  for (int i = 0; i < content.sentences_size(); ++i) {
    if (content.sentences(i).size() <= limits_.sentence_bytes_max) continue;
    return OverLimit("SENTENCE_TOO_LONG", absl::StrCat("document.content.sentences[", i, "]"),
                     "bytes", content.sentences(i).size(), limits_.sentence_bytes_max);
  }
  return absl::OkStatus();
}

absl::Status MatchHeap::Hold(size_t bytes) {
  bytes_ += bytes;
  const size_t all = memory_ += bytes;
  if (bytes_ > limits_.match_bytes_max) {
    return OverLimit("BATCH_TOO_LARGE", "document", "bytes, with all before it,", bytes_,
                     limits_.match_bytes_max);
  }
  if (all <= limits_.match_bytes_max) return absl::OkStatus();
  return RequestError(
      absl::StatusCode::kResourceExhausted,
      {.reason = "SERVER_OVERLOADED",
       .limit = absl::StrCat(limits_.match_bytes_max),
       .value = absl::StrCat(all)},
      absl::StrCat("the server holds ", all, " bytes of documents to match; the limit is ",
                   limits_.match_bytes_max, "; retry later"));
}

void MatchHeap::Drop(Document& document) {
  document.text = std::string();
  document.sentences = {};
}

std::vector<MatchInput> MatchHeap::Inputs() const {
  std::vector<MatchInput> inputs;
  for (const Document& document : documents_) {
    if (!document.status.ok()) continue;
    inputs.push_back({.language = document.language,
                      .text = document.text,
                      .sentences = {document.sentences.begin(), document.sentences.end()}});
  }
  return inputs;
}

MatchOptions MatchHeap::Options() const {
  MatchOptions options;
  if (options_.min_probability() > 0) options.min_probability = options_.min_probability();
  options.allow_same_language = options_.allow_same_language();
  options.limits = {.sentence_bytes_max = limits_.sentence_bytes_max,
                    .sentences_max = limits_.sentences_max};
  return options;
}

std::vector<v1::MatchDocumentsResponse> MatchHeap::Replies(const MatchedHeap& matched) const {
  std::vector<v1::MatchDocumentsResponse> replies;
  v1::MatchDocumentsResponse last;
  v1::MatchSummary& summary = *last.mutable_summary();
  std::vector<int32_t> place;  // of each input among the documents
  absl::btree_map<std::string, std::vector<int32_t>> not_covered;
  std::vector<int32_t> uncertain;
  for (size_t d = 0; d < documents_.size(); ++d) {
    absl::Status status = documents_[d].status;
    if (status.ok()) {
      const MatchedDocument& document = matched.documents[place.size()];
      place.push_back(static_cast<int32_t>(d));
      status = document.status;
      if (status.ok() && !document.covered) {
        not_covered[document.language.tag].push_back(place.back());
      }
      if (status.ok() && document.language.detected &&
          document.language.confidence < kUncertainBelow) {
        uncertain.push_back(place.back());
      }
    }
    if (status.ok()) continue;
    v1::DocumentError& error = *replies.emplace_back().mutable_error();
    error.set_id(documents_[d].id);
    *error.mutable_status() = ToRpcStatus(status);
  }
  summary.set_document_count(static_cast<int32_t>(documents_.size() - replies.size()));
  for (const VersionGroup& group : matched.groups) {
    v1::DocumentGroup& out = *replies.emplace_back().mutable_group();
    out.set_probability(static_cast<float>(group.probability));
    for (const VersionGroup::Member& member : group.members) {
      const DocumentLanguage& language = matched.documents[member.document].language;
      v1::GroupMember& added = *out.add_members();
      added.set_id(documents_[place[member.document]].id);
      added.set_language(language.tag);
      added.set_language_confidence(static_cast<float>(language.confidence));
      added.set_probability(static_cast<float>(member.probability));
      if (member.duplicate_of >= 0) {
        added.set_near_duplicate_of(documents_[place[member.duplicate_of]].id);
      }
    }
  }
  summary.set_group_count(static_cast<int32_t>(matched.groups.size()));
  for (const auto& [tag, indices] : not_covered) {
    AddWarning(v1::Warning::REASON_LANGUAGE_NOT_COVERED, indices,
               absl::StrCat("the embedding space does not cover ", tag,
                            "; matched on length, numbers and names alone"),
               summary);
  }
  AddWarning(v1::Warning::REASON_LANGUAGE_UNCERTAIN, uncertain,
             "the language is uncertain; name it if you know it", summary);
  replies.push_back(std::move(last));
  return replies;
}

}  // namespace hexapla
