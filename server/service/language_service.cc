// SPDX-License-Identifier: Apache-2.0
#include "server/service/language_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/service/grpc_status.h"
#include "server/service/proto_conversion.h"
#include "server/service/request_validation.h"
#include "server/service/unary_call.h"
#include "server/service/unimplemented_stream.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

// About 50 µs of work: a hop to another thread costs as much.
constexpr int64_t kInlineCostMax = 4 << 10;
// About 20 ms of work: the bound of the cheap lane.
constexpr int64_t kCheapCostMax = 256 << 10;
// What a text or a candidate costs beside its bytes, so that none is free.
constexpr int64_t kEntryCost = 64;

int64_t CostOf(const v1::DetectLanguagesRequest& request) {
  return TextBytes(request) +
         kEntryCost * (request.texts_size() + request.options().candidates_size());
}

// Whether the model can answer `language`, a canonical tag.
bool Covers(const ModelInfo& model, const std::string& language) {
  return std::any_of(
      model.languages.begin(), model.languages.end(),
      [&language](const std::string& covered) { return SameLanguage(covered, language); });
}

// Says which candidates the model cannot answer, if its languages are known.
void WarnOfUnknownCandidates(const ModelInfo& model, const std::vector<std::string>& candidates,
                             v1::DetectLanguagesResponse& response) {
  if (model.languages.empty()) return;
  v1::Warning warning;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (!Covers(model, candidates[i])) warning.add_indices(static_cast<int>(i));
  }
  if (warning.indices().empty()) return;
  warning.set_reason(v1::Warning::REASON_CANDIDATE_NOT_COVERED);
  warning.set_message(
      absl::StrCat(warning.indices_size(), " of the candidates are not known to ", model.name));
  *response.add_warnings() = std::move(warning);
}

absl::Status RunDetectLanguages(const v1::DetectLanguagesRequest& request, const ModelSet& models,
                                const ServiceLimits& limits, const CallContext& call,
                                v1::DetectLanguagesResponse& response) {
  const ModelInfo* info = models.FindByKind(ModelKind::kLanguageIdentifier);
  const std::string model = absl::StrCat(info->name, "@", info->version);
  const IdentifyOptions options = ToIdentifyOptions(request.options());
  WarnOfUnknownCandidates(*info, options.candidates, response);
  response.mutable_results()->Reserve(request.texts_size());
  for (int i = 0; i < request.texts_size(); ++i) {
    HEXAPLA_RETURN_IF_ERROR(call.stop.Check());
    v1::DetectionResult& result = *response.add_results();
    const absl::Status valid = ValidateDetectionText(request.texts(i), i, limits);
    if (!valid.ok()) {
      *result.mutable_error() = ToRpcStatus(valid);
      continue;
    }
    *result.mutable_detection() = ToLanguageDetection(
        models.identifier().Identify(request.texts(i), options), request.options().top_k(), model);
  }
  SetMetadata({info}, call.queued_for(), call.computed_for(), *response.mutable_metadata());
  return absl::OkStatus();
}

}  // namespace

LanguageService::LanguageService(const CurrentModels& models, WorkerPool& pool,
                                 const ServiceLimits& limits)
    : models_(models), pool_(pool), limits_(limits) {}

grpc::ServerUnaryReactor* LanguageService::DetectLanguages(
    grpc::CallbackServerContext* context, const v1::DetectLanguagesRequest* request,
    v1::DetectLanguagesResponse* response) {
  std::shared_ptr<const ModelSet> models = models_.Get();
  const absl::Status valid = ValidateDetectLanguages(*request, limits_, *models);
  if (!valid.ok()) return AnswerAtOnce(*context, valid);
  const int64_t cost = CostOf(*request);
  auto work = [this, models = std::move(models), request, response](const CallContext& call) {
    return RunDetectLanguages(*request, *models, limits_, call, *response);
  };
  if (cost <= kInlineCostMax) return AnswerInline(*context, work);
  const WorkLane lane = cost <= kCheapCostMax ? WorkLane::kCheap : WorkLane::kHeavy;
  return AnswerFromPool(*context, pool_, lane, cost, std::move(work));
}

grpc::ServerUnaryReactor* LanguageService::DetectSpans(grpc::CallbackServerContext* context,
                                                       const v1::DetectSpansRequest*,
                                                       v1::DetectSpansResponse*) {
  return AnswerAtOnce(*context, MethodUnimplemented("LanguageService.DetectSpans"));
}

grpc::ServerBidiReactor<v1::StreamDetectLanguagesRequest, v1::StreamDetectLanguagesResponse>*
LanguageService::StreamDetectLanguages(grpc::CallbackServerContext*) {
  return new UnimplementedStream<v1::StreamDetectLanguagesRequest,
                                 v1::StreamDetectLanguagesResponse>(
      "LanguageService.StreamDetectLanguages");
}

}  // namespace hexapla
