// SPDX-License-Identifier: Apache-2.0
#include "server/service/align_documents.h"

#include <algorithm>

#include "server/base/status_macros.h"
#include "server/service/proto_conversion.h"

namespace hexapla {
namespace {

bool AnyLanguageDetected(const AlignedDocuments& aligned) {
  return std::any_of(aligned.versions.begin(), aligned.versions.end(),
                     [](const AlignedVersion& version) { return version.language_detected; });
}

// The sentences of a version: those given, else those found in its text.
std::vector<absl::string_view> SentencesOf(const VersionInput& input,
                                           const AlignedVersion& aligned) {
  if (!input.sentences.empty()) return input.sentences;
  std::vector<absl::string_view> sentences;
  for (const TextRange& range : aligned.sentences) sentences.push_back(range.Of(input.text));
  return sentences;
}

absl::StatusOr<SentenceLanguages> DetectSentenceLanguages(const LanguageIdentifier& identifier,
                                                          const std::vector<VersionInput>& inputs,
                                                          const AlignedDocuments& aligned,
                                                          const StopCondition& stop) {
  SentenceLanguages languages(inputs.size());
  for (size_t v = 0; v < inputs.size(); ++v) {
    for (absl::string_view sentence : SentencesOf(inputs[v], aligned.versions[v])) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      languages[v].push_back(identifier.Identify(sentence, {}).guesses[0]);
    }
  }
  return languages;
}

void SetModelsAndTimes(const ModelSet& models, bool identified, const CallContext& call,
                       v1::ResponseMetadata& metadata) {
  std::vector<const ModelInfo*> used =
      models.DefaultsOf({ModelKind::kEmbedding, ModelKind::kBeadWeights});
  if (identified) used.insert(used.begin(), models.FindByKind(ModelKind::kLanguageIdentifier));
  SetMetadata(used, call.queued_for(), call.computed_for(), metadata);
}

}  // namespace

absl::StatusOr<AlignedDocuments> AlignWithModels(const ModelSet& models,
                                                 const std::vector<VersionInput>& versions,
                                                 const AlignOptions& options,
                                                 const StopCondition& stop) {
  const DocumentAligner aligner(models.identifier(), models.embedder(), models.weights());
  return aligner.Align(versions, options, stop);
}

absl::Status RunAlignDocuments(const v1::AlignDocumentsRequest& request, const ModelSet& models,
                               const ServiceLimits& limits, const AlignFunction& align,
                               const CallContext& call, v1::AlignDocumentsResponse& response) {
  AlignOptions options = ToAlignOptions(request.options(), limits);
  options.stages = call.stages;
  options.parallel = call.parallel;
  const std::vector<VersionInput> inputs = ToVersionInputs(request);
  HEXAPLA_ASSIGN_OR_RETURN(const AlignedDocuments aligned,
                           align(models, inputs, options, call.stop));
  SentenceLanguages languages;
  const bool detects = request.options().detect_sentence_languages();
  if (detects) {
    StageClock clock(call.stages);
    clock.Enter(Stage::kIdentify);
    HEXAPLA_ASSIGN_OR_RETURN(
        languages, DetectSentenceLanguages(models.identifier(), inputs, aligned, call.stop));
  }
  SetAlignDocumentsResponse(request, aligned, languages, response);
  SetModelsAndTimes(models, detects || AnyLanguageDetected(aligned), call,
                    *response.mutable_summary()->mutable_metadata());
  return absl::OkStatus();
}

}  // namespace hexapla
