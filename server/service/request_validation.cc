// SPDX-License-Identifier: Apache-2.0
#include "server/service/request_validation.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/pipeline/document_aligner.h"
#include "server/text/code_points.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

// What a caller named, fit for a message: short printable ASCII.
std::string Shown(absl::string_view name) {
  constexpr size_t kBytesMax = 64;
  std::string shown(name.substr(0, kBytesMax));
  for (char& c : shown) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return shown;
}

absl::Status Invalid(absl::string_view reason, absl::string_view field,
                     absl::string_view complaint) {
  return RequestError(absl::StatusCode::kInvalidArgument,
                      {.reason = std::string(reason), .field = std::string(field)},
                      absl::StrCat(field, " ", complaint));
}

absl::Status OutOfRange(absl::string_view field, absl::string_view range, absl::string_view value) {
  return RequestError(absl::StatusCode::kInvalidArgument,
                      {.reason = "VALUE_OUT_OF_RANGE",
                       .field = std::string(field),
                       .limit = std::string(range),
                       .value = std::string(value)},
                      absl::StrCat(field, " is ", value, "; it must be ", range));
}

// A count or a size over its limit; `unit` is what is counted.
absl::Status OverLimit(absl::string_view reason, absl::string_view field, absl::string_view unit,
                       size_t value, size_t limit) {
  return RequestError(absl::StatusCode::kResourceExhausted,
                      {.reason = std::string(reason),
                       .field = std::string(field),
                       .limit = absl::StrCat(limit),
                       .value = absl::StrCat(value)},
                      absl::StrCat(field, " has ", value, " ", unit, "; the limit is ", limit));
}

absl::Status ValidateLanguage(absl::string_view language, absl::string_view field) {
  if (CanonicalLanguageTag(language).has_value()) return absl::OkStatus();
  return RequestError(
      absl::StatusCode::kInvalidArgument,
      {.reason = "LANGUAGE_MALFORMED", .field = std::string(field), .value = Shown(language)},
      absl::StrCat(field, " is no BCP-47 tag, such as en or zh-Hant"));
}

absl::Status ValidateLanguages(const google::protobuf::RepeatedPtrField<std::string>& languages,
                               absl::string_view field, int count_max) {
  if (languages.size() > count_max) {
    return OverLimit("LIST_TOO_LONG", field, "entries", languages.size(), count_max);
  }
  for (int i = 0; i < languages.size(); ++i) {
    HEXAPLA_RETURN_IF_ERROR(ValidateLanguage(languages[i], absl::StrCat(field, "[", i, "]")));
  }
  return absl::OkStatus();
}

absl::Status ValidateText(absl::string_view text, const std::string& field,
                          const ServiceLimits& limits) {
  if (text.size() > limits.document_bytes_max) {
    return OverLimit("TEXT_TOO_LONG", field, "bytes", text.size(), limits.document_bytes_max);
  }
  if (IsBlank(text)) return Invalid("TEXT_BLANK", field, "holds nothing but white space");
  return absl::OkStatus();
}

absl::Status ValidateSentences(const google::protobuf::RepeatedPtrField<std::string>& sentences,
                               const std::string& field, const ServiceLimits& limits) {
  const size_t count = static_cast<size_t>(sentences.size());
  if (count > limits.sentences_max) {
    return OverLimit("TOO_MANY_SENTENCES", field, "sentences", count, limits.sentences_max);
  }
  size_t bytes = 0;
  bool blank = true;
  for (int i = 0; i < sentences.size(); ++i) {
    const std::string& sentence = sentences[i];
    if (sentence.size() > limits.sentence_bytes_max) {
      return OverLimit("SENTENCE_TOO_LONG", absl::StrCat(field, "[", i, "]"), "bytes",
                       sentence.size(), limits.sentence_bytes_max);
    }
    bytes += sentence.size();
    blank = blank && IsBlank(sentence);
  }
  if (bytes > limits.document_bytes_max) {
    return OverLimit("TEXT_TOO_LONG", field, "bytes", bytes, limits.document_bytes_max);
  }
  if (blank) return Invalid("TEXT_BLANK", field, "hold nothing but white space");
  return absl::OkStatus();
}

absl::Status ValidateVersion(const v1::DocumentVersion& version, const std::string& field,
                             const ServiceLimits& limits) {
  if (!version.language().empty()) {
    HEXAPLA_RETURN_IF_ERROR(ValidateLanguage(version.language(), absl::StrCat(field, ".language")));
  }
  const std::string text_field = absl::StrCat(field, ".text");
  if (version.text().empty() && version.sentences().empty()) {
    return Invalid("TEXT_MISSING", text_field, "is required, or sentences");
  }
  if (version.sentences().empty()) return ValidateText(version.text(), text_field, limits);
  if (!version.text().empty()) {
    return Invalid("TEXT_AMBIGUOUS", text_field, "is given, and sentences too");
  }
  return ValidateSentences(version.sentences(), absl::StrCat(field, ".sentences"), limits);
}

absl::Status ValidateVersionCount(int count) {
  const RequestFault fault = {
      .reason = count < kVersionsMin ? "TOO_FEW_VERSIONS" : "TOO_MANY_VERSIONS",
      .field = "versions",
      .limit = absl::StrCat(count < kVersionsMin ? kVersionsMin : kVersionsMax),
      .value = absl::StrCat(count)};
  if (count >= kVersionsMin && count <= kVersionsMax) return absl::OkStatus();
  return RequestError(absl::StatusCode::kInvalidArgument, fault,
                      absl::StrCat("versions has ", count, " entries; it must have ", kVersionsMin,
                                   " to ", kVersionsMax));
}

absl::Status ValidateEncoding(v1::EncodingType encoding, absl::string_view field) {
  if (v1::EncodingType_IsValid(encoding)) return absl::OkStatus();
  return OutOfRange(field, "a known EncodingType", absl::StrCat(encoding));
}

absl::Status ValidateAlignmentOptions(const v1::AlignmentOptions& options, const ModelSet& models) {
  HEXAPLA_RETURN_IF_ERROR(ValidateEncoding(options.encoding_type(), "options.encoding_type"));
  // 0 means the default here and in top_k below.
  if (options.max_bead_size() < 0 || options.max_bead_size() > kBeadSizeMax) {
    return OutOfRange("options.max_bead_size", absl::StrCat("1 to ", kBeadSizeMax),
                      absl::StrCat(options.max_bead_size()));
  }
  if (!(options.min_probability() >= 0 && options.min_probability() <= 1)) {  // NaN too
    return OutOfRange("options.min_probability", "0 to 1", absl::StrCat(options.min_probability()));
  }
  HEXAPLA_RETURN_IF_ERROR(
      FindModel(models, ModelKind::kEmbedding, options.model(), "options.model").status());
  return FindModel(models, ModelKind::kLanguageIdentifier, options.language_model(),
                   "options.language_model")
      .status();
}

absl::Status ValidateDetectionOptions(const v1::DetectionOptions& options, const ModelSet& models) {
  if (options.top_k() < 0 || options.top_k() > kTopKMax) {
    return OutOfRange("options.top_k", absl::StrCat("1 to ", kTopKMax),
                      absl::StrCat(options.top_k()));
  }
  HEXAPLA_RETURN_IF_ERROR(
      ValidateLanguages(options.candidates(), "options.candidates", kCandidatesMax));
  HEXAPLA_RETURN_IF_ERROR(ValidateLanguages(options.hints(), "options.hints", kHintsMax));
  return FindModel(models, ModelKind::kLanguageIdentifier, options.model(), "options.model")
      .status();
}

absl::Status ValidateBatchSize(int size, absl::string_view field, const ServiceLimits& limits) {
  const auto count = static_cast<size_t>(size);
  if (count == 0) return Invalid("BATCH_EMPTY", field, "has no entries");
  if (count <= limits.batch_items_max) return absl::OkStatus();
  return OverLimit("BATCH_TOO_LARGE", field, "entries", count, limits.batch_items_max);
}

absl::Status ModelNotFound(absl::string_view name, absl::string_view field) {
  return RequestError(
      absl::StatusCode::kFailedPrecondition,
      {.reason = "MODEL_NOT_FOUND", .field = std::string(field), .value = Shown(name)},
      absl::StrCat(field, " names a model that is not here: ", Shown(name)));
}

}  // namespace

bool IsBlank(absl::string_view text) { return SkipSpaces(text, 0, text.size()) == text.size(); }

absl::Status ValidateAlignDocuments(const v1::AlignDocumentsRequest& request,
                                    const ServiceLimits& limits, const ModelSet& models) {
  HEXAPLA_RETURN_IF_ERROR(ValidateVersionCount(request.versions_size()));
  for (int i = 0; i < request.versions_size(); ++i) {
    HEXAPLA_RETURN_IF_ERROR(
        ValidateVersion(request.versions(i), absl::StrCat("versions[", i, "]"), limits));
  }
  return ValidateAlignmentOptions(request.options(), models);
}

absl::Status ValidateOpenDocuments(const v1::OpenDocuments& open, const ModelSet& models) {
  HEXAPLA_RETURN_IF_ERROR(ValidateVersionCount(open.versions_size()));
  for (int i = 0; i < open.versions_size(); ++i) {
    const std::string& language = open.versions(i).language();
    if (language.empty()) continue;
    HEXAPLA_RETURN_IF_ERROR(ValidateLanguage(language, absl::StrCat("versions[", i, "].language")));
  }
  return ValidateAlignmentOptions(open.options(), models);
}

absl::Status ValidateDetectLanguages(const v1::DetectLanguagesRequest& request,
                                     const ServiceLimits& limits, const ModelSet& models) {
  HEXAPLA_RETURN_IF_ERROR(ValidateBatchSize(request.texts_size(), "texts", limits));
  return ValidateDetectionOptions(request.options(), models);
}

absl::Status ValidateDetectSpans(const v1::DetectSpansRequest& request, const ServiceLimits& limits,
                                 const ModelSet& models) {
  const size_t bytes = request.text().size();
  if (bytes == 0) return Invalid("TEXT_MISSING", "text", "is required");
  if (bytes > limits.text_bytes_max) {
    return OverLimit("TEXT_TOO_LONG", "text", "bytes", bytes, limits.text_bytes_max);
  }
  HEXAPLA_RETURN_IF_ERROR(ValidateEncoding(request.encoding_type(), "encoding_type"));
  return ValidateDetectionOptions(request.options(), models);
}

absl::Status ValidateScorePairs(const v1::ScorePairsRequest& request, const ServiceLimits& limits,
                                const ModelSet& models) {
  HEXAPLA_RETURN_IF_ERROR(ValidateBatchSize(request.pairs_size(), "pairs", limits));
  if (!request.source_language().empty()) {
    HEXAPLA_RETURN_IF_ERROR(ValidateLanguage(request.source_language(), "source_language"));
  }
  if (!request.target_language().empty()) {
    HEXAPLA_RETURN_IF_ERROR(ValidateLanguage(request.target_language(), "target_language"));
  }
  HEXAPLA_RETURN_IF_ERROR(
      FindModel(models, ModelKind::kEmbedding, request.model(), "model").status());
  if (models.pair_weights() != nullptr) return absl::OkStatus();
  return RequestError(absl::StatusCode::kFailedPrecondition,
                      {.reason = "MODEL_NOT_FOUND", .value = "pair-weights"},
                      "the server has no weights of the pair score (kind pair-weights)");
}

absl::Status ValidateEmbedSentences(const v1::EmbedSentencesRequest& request,
                                    const ServiceLimits& limits, const ModelSet& models) {
  HEXAPLA_RETURN_IF_ERROR(ValidateBatchSize(request.sentences_size(), "sentences", limits));
  if (!request.language().empty()) {
    HEXAPLA_RETURN_IF_ERROR(ValidateLanguage(request.language(), "language"));
  }
  if (!v1::Composition_IsValid(request.composition())) {
    return OutOfRange("composition", "a known Composition", absl::StrCat(request.composition()));
  }
  return FindModel(models, ModelKind::kEmbedding, request.model(), "model").status();
}

absl::Status ValidateListModels(const v1::ListModelsRequest& request) {
  if (v1::ModelKind_IsValid(request.kind())) return absl::OkStatus();
  return OutOfRange("kind", "a known ModelKind", absl::StrCat(request.kind()));
}

absl::Status ValidateDetectionText(absl::string_view text, int index, const ServiceLimits& limits) {
  if (text.size() <= limits.text_bytes_max) return absl::OkStatus();
  return OverLimit("TEXT_TOO_LONG", absl::StrCat("texts[", index, "]"), "bytes", text.size(),
                   limits.text_bytes_max);
}

absl::Status ValidateBatchSentence(absl::string_view sentence, absl::string_view field,
                                   const ServiceLimits& limits) {
  if (sentence.empty()) return Invalid("TEXT_MISSING", field, "is required");
  if (sentence.size() > limits.sentence_bytes_max) {
    return OverLimit("SENTENCE_TOO_LONG", field, "bytes", sentence.size(),
                     limits.sentence_bytes_max);
  }
  if (IsBlank(sentence)) return Invalid("TEXT_BLANK", field, "holds nothing but white space");
  return absl::OkStatus();
}

absl::StatusOr<const ModelInfo*> FindModel(const ModelSet& models, ModelKind kind,
                                           absl::string_view name, absl::string_view field) {
  const ModelInfo* model = name.empty() ? models.FindByKind(kind) : models.FindByName(name);
  if (model == nullptr || model->kind != kind) return ModelNotFound(name, field);
  return model;
}

absl::StatusOr<const ModelInfo*> FindModel(const ModelSet& models, absl::string_view name) {
  if (name.empty()) return Invalid("FIELD_MISSING", "name", "is required");
  const ModelInfo* model = models.FindByName(name);
  if (model == nullptr) return ModelNotFound(name, "name");
  return model;
}

}  // namespace hexapla
