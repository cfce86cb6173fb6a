// SPDX-License-Identifier: Apache-2.0
#include "server/service/proto_conversion.h"

#include <algorithm>
#include <string>

#include "absl/strings/string_view.h"

#include "server/text/language_tag.h"

namespace hexapla {
namespace {

OffsetUnit ToOffsetUnit(v1::EncodingType encoding) {
  switch (encoding) {
    case v1::ENCODING_TYPE_UTF16:
      return OffsetUnit::kUtf16Unit;
    case v1::ENCODING_TYPE_CODE_POINT:
      return OffsetUnit::kCodePoint;
    default:
      return OffsetUnit::kUtf8Byte;
  }
}

v1::Warning::Reason ToWarningReason(AlignmentWarning::Reason reason) {
  switch (reason) {
    case AlignmentWarning::Reason::kLanguageNotCovered:
      return v1::Warning::REASON_LANGUAGE_NOT_COVERED;
    case AlignmentWarning::Reason::kLanguageUncertain:
      return v1::Warning::REASON_LANGUAGE_UNCERTAIN;
    case AlignmentWarning::Reason::kVersionsUnrelated:
      return v1::Warning::REASON_VERSIONS_UNRELATED;
    case AlignmentWarning::Reason::kVersionLeftOut:
      return v1::Warning::REASON_VERSION_LEFT_OUT;
  }
  return v1::Warning::REASON_UNSPECIFIED;
}

// A version of the request beside what became of it.
struct VersionView {
  const v1::DocumentVersion& given;
  const AlignedVersion& aligned;

  bool has_sentences() const { return !given.sentences().empty(); }
  int sentence_count() const {
    return has_sentences() ? given.sentences_size() : static_cast<int>(aligned.sentences.size());
  }
  absl::string_view sentence(int index) const {
    if (has_sentences()) return given.sentences(index);
    return aligned.sentences[index].Of(given.text());
  }
};

void AddRanges(const VersionView& version, OffsetUnit unit, v1::AlignedVersion& out) {
  OffsetConverter converter(version.given.text(), unit);
  for (const TextRange& range : version.aligned.sentences) {
    v1::Sentence& sentence = *out.add_sentences();
    sentence.set_begin(static_cast<int32_t>(converter.Convert(range.begin)));
    sentence.set_end(static_cast<int32_t>(converter.Convert(range.end)));
  }
}

void AddLanguages(const std::vector<LanguageGuess>& languages, v1::AlignedVersion& out) {
  for (size_t i = 0; i < languages.size(); ++i) {
    const int index = static_cast<int>(i);
    v1::Sentence& sentence =
        index < out.sentences_size() ? *out.mutable_sentences(index) : *out.add_sentences();
    sentence.set_language(languages[i].language);
    sentence.set_language_confidence(languages[i].confidence);
  }
}

void SetVersion(const VersionView& version, OffsetUnit unit,
                const std::vector<LanguageGuess>& languages, v1::AlignedVersion& out) {
  out.set_language(version.aligned.language);
  out.set_language_detected(version.aligned.language_detected);
  out.set_language_confidence(static_cast<float>(version.aligned.language_confidence));
  out.set_sentence_count(version.sentence_count());
  if (!version.has_sentences()) AddRanges(version, unit, out);
  AddLanguages(languages, out);
}

void SetBead(const MultiBead& bead, const std::vector<VersionView>& versions, bool with_text,
             v1::Bead& out) {
  for (size_t v = 0; v < bead.sides.size(); ++v) {
    v1::BeadSide& side = *out.add_sides();
    side.set_probability(static_cast<float>(
        bead.side_probabilities.empty() ? bead.probability : bead.side_probabilities[v]));
    for (int i = bead.sides[v].begin; i < bead.sides[v].end; ++i) {
      side.add_sentence_indices(i);
      if (!with_text) continue;
      const absl::string_view text = versions[v].sentence(i);
      side.add_sentences(text.data(), text.size());
    }
  }
  out.set_probability(static_cast<float>(bead.probability));
  out.set_score(static_cast<float>(bead.score));
}

void SetPairs(const std::vector<VersionPair>& pairs, v1::AlignmentSummary& out) {
  double lowest = 1;
  for (const VersionPair& pair : pairs) {
    v1::VersionPair& added = *out.add_pairs();
    added.set_first(pair.first);
    added.set_second(pair.second);
    added.set_probability(static_cast<float>(pair.probability));
    lowest = std::min(lowest, pair.probability);
  }
  out.set_document_probability(static_cast<float>(lowest));
}

void AddWarning(const AlignmentWarning& warning, v1::AlignmentSummary& out) {
  v1::Warning& added = *out.add_warnings();
  added.set_reason(ToWarningReason(warning.reason));
  for (int version : warning.versions) added.add_indices(version);
  added.set_message(warning.message);
}

void SetDuration(absl::Duration duration, google::protobuf::Duration& out) {
  const int64_t nanoseconds = std::max<int64_t>(0, absl::ToInt64Nanoseconds(duration));
  out.set_seconds(nanoseconds / 1000000000);
  out.set_nanos(static_cast<int32_t>(nanoseconds % 1000000000));
}

}  // namespace

int64_t TextBytes(const v1::AlignDocumentsRequest& request) {
  size_t bytes = 0;
  for (const v1::DocumentVersion& version : request.versions()) {
    bytes += version.text().size();
    for (const std::string& sentence : version.sentences()) {
      bytes += sentence.size() + kSentenceOverhead;
    }
  }
  return static_cast<int64_t>(bytes);
}

int64_t TextBytes(const v1::DetectLanguagesRequest& request) {
  size_t bytes = 0;
  for (const std::string& text : request.texts()) bytes += text.size();
  return static_cast<int64_t>(bytes);
}

std::vector<VersionInput> ToVersionInputs(const v1::AlignDocumentsRequest& request) {
  std::vector<VersionInput> inputs;
  for (const v1::DocumentVersion& version : request.versions()) {
    VersionInput& input = inputs.emplace_back();
    input.language = CanonicalLanguageTag(version.language()).value_or("");
    input.text = version.text();
    input.sentences.assign(version.sentences().begin(), version.sentences().end());
  }
  return inputs;
}

AlignOptions ToAlignOptions(const v1::AlignmentOptions& options, const ServiceLimits& limits) {
  AlignOptions result;
  if (options.max_bead_size() > 0) result.bead_size_max = options.max_bead_size();
  result.merges = !options.no_merges();
  result.sentence_bytes_max = limits.sentence_bytes_max;
  result.sentences_max = limits.sentences_max;
  return result;
}

IdentifyOptions ToIdentifyOptions(const v1::DetectionOptions& options) {
  IdentifyOptions result;
  result.guesses_max = std::max(2, options.top_k());
  for (const std::string& candidate : options.candidates()) {
    result.candidates.push_back(CanonicalLanguageTag(candidate).value_or(""));
  }
  result.skip_cleaning = options.skip_normalization();
  return result;
}

Adjustments ToAdjustments(const v1::DetectionOptions& options) {
  Adjustments result{.hints = {}, .group_macrolanguages = options.group_macrolanguages()};
  for (const std::string& hint : options.hints()) {
    result.hints.push_back(CanonicalLanguageTag(hint).value_or(""));
  }
  return result;
}

void SetAlignDocumentsResponse(const v1::AlignDocumentsRequest& request,
                               const AlignedDocuments& aligned, const SentenceLanguages& languages,
                               v1::AlignDocumentsResponse& response) {
  static const std::vector<LanguageGuess> kNotAsked;
  v1::AlignmentSummary& summary = *response.mutable_summary();
  const OffsetUnit unit = ToOffsetUnit(request.options().encoding_type());
  std::vector<VersionView> versions;
  for (size_t v = 0; v < aligned.versions.size(); ++v) {
    versions.push_back({request.versions(static_cast<int>(v)), aligned.versions[v]});
    SetVersion(versions[v], unit, languages.empty() ? kNotAsked : languages[v],
               *summary.add_versions());
  }
  for (const MultiBead& bead : aligned.beads) {
    if (bead.probability < request.options().min_probability()) continue;
    SetBead(bead, versions, request.options().return_text(), *response.add_beads());
  }
  SetPairs(aligned.pairs, summary);
  for (const AlignmentWarning& warning : aligned.warnings) AddWarning(warning, summary);
}

void SetLanguageDetection(const Identification& identification, int top_k, const std::string& model,
                          v1::LanguageDetection& detection) {
  const std::vector<LanguageGuess>& guesses = identification.guesses;
  detection.set_language(guesses[0].language);
  detection.set_confidence(guesses[0].confidence);
  detection.set_margin(guesses[0].confidence - (guesses.size() > 1 ? guesses[1].confidence : 0));
  detection.set_reliable(identification.reliable);
  detection.set_script(identification.script);
  detection.set_raw_label(guesses[0].raw_label);
  detection.set_model(model);
  const size_t count = std::min(guesses.size(), static_cast<size_t>(std::max(1, top_k)));
  for (size_t i = 1; i < count; ++i) {
    v1::LanguageGuess& alternative = *detection.add_alternatives();
    alternative.set_language(guesses[i].language);
    alternative.set_confidence(guesses[i].confidence);
    alternative.set_raw_label(guesses[i].raw_label);
  }
}

void SetSpans(const v1::DetectSpansRequest& request, const DetectedSpans& spans,
              const std::string& model, v1::DetectSpansResponse& response) {
  OffsetConverter converter(request.text(), ToOffsetUnit(request.encoding_type()));
  for (const DetectedSpan& span : spans.spans) {
    v1::LanguageSpan& added = *response.add_spans();
    added.set_begin(static_cast<int32_t>(converter.Convert(span.range.begin)));
    added.set_end(static_cast<int32_t>(converter.Convert(span.range.end)));
    SetLanguageDetection(span.identification, request.options().top_k(), model,
                         *added.mutable_detection());
  }
  for (const DetectedShare& share : spans.shares) {
    v1::LanguageShare& added = *response.add_shares();
    added.set_language(share.language);
    added.set_share(share.share);
  }
}

v1::Model ToModel(const ModelInfo& info, bool is_default) {
  v1::Model model;
  model.set_name(info.name);
  model.set_kind(ToModelKind(info.kind));
  model.set_version(info.version);
  *model.mutable_languages() = {info.languages.begin(), info.languages.end()};
  model.set_dimension(info.dimension);
  model.set_size_bytes(info.size_bytes);
  model.set_sha256(info.sha256);
  model.set_licence(info.licence);
  model.set_source(info.source);
  model.set_is_default(is_default);
  return model;
}

v1::ModelKind ToModelKind(ModelKind kind) {
  switch (kind) {
    case ModelKind::kEmbedding:
      return v1::MODEL_KIND_EMBEDDING_SPACE;
    case ModelKind::kLanguageIdentifier:
      return v1::MODEL_KIND_LANGUAGE_IDENTIFIER;
    case ModelKind::kBeadWeights:
    case ModelKind::kPairWeights:
      return v1::MODEL_KIND_SCORING_WEIGHTS;
  }
  return v1::MODEL_KIND_UNSPECIFIED;
}

void SetMetadata(absl::Span<const ModelInfo* const> models, absl::Duration queued,
                 absl::Duration computed, v1::ResponseMetadata& metadata) {
  for (const ModelInfo* model : models) {
    v1::ModelVersion& added = *metadata.add_models();
    added.set_name(model->name);
    added.set_version(model->version);
  }
  SetDuration(queued, *metadata.mutable_queue_duration());
  SetDuration(computed, *metadata.mutable_compute_duration());
}

}  // namespace hexapla
