// SPDX-License-Identifier: Apache-2.0
#include "server/service/detect_languages.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/langid/adjusted_identifier.h"
#include "server/langid/span_detector.h"
#include "server/service/grpc_status.h"
#include "server/service/proto_conversion.h"
#include "server/service/request_validation.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

// About 50 µs of work: a hop to another thread costs as much.
constexpr int64_t kInlineCostMax = 4 << 10;
// About 20 ms of work: the bound of the cheap lane.
constexpr int64_t kCheapCostMax = 256 << 10;
// What a text or a candidate costs beside its bytes, so that none is free.
constexpr int64_t kEntryCost = 64;
// What spans take of a byte, and where a unit of the text may end: about 0.1 and
// 4 µs, in bytes of a text whose language is asked. News come out twice too dear, the
// dearest shape known, a letter and a newline in turn, about right.
constexpr int64_t kSpanByteCost = 2;
constexpr int64_t kSpanBoundaryCost = 50;

std::optional<WorkLane> LaneFor(int64_t cost) {
  if (cost <= kInlineCostMax) return std::nullopt;
  return cost <= kCheapCostMax ? WorkLane::kCheap : WorkLane::kHeavy;
}

// An upper bound, about, on the words, clauses and changes of script of a text:
// each change between ASCII letters and the rest, each character beyond ASCII.
int64_t CountBoundaries(const std::string& text) {
  int64_t count = 0;
  bool was_letter = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && byte < 0xc0) continue;  // inside a character
    const bool is_letter = absl::ascii_isalpha(byte);
    if (byte >= 0xc0 || is_letter != was_letter) ++count;
    was_letter = is_letter;
  }
  return count;
}

// Whether the model can answer `language`, a canonical tag.
bool Covers(const ModelInfo& model, const std::string& language) {
  return std::any_of(
      model.languages.begin(), model.languages.end(),
      [&language](const std::string& covered) { return SameLanguage(covered, language); });
}

// Says which candidates the model cannot answer, if its languages are known.
template <typename Response>
void WarnOfUnknownCandidates(const ModelInfo& model, const std::vector<std::string>& candidates,
                             Response& response) {
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

// The identifier that a request means, with what it asks of it.
struct Detection {
  Detection(const v1::DetectionOptions& request, const ModelSet& models)
      : info(*FindModel(models, ModelKind::kLanguageIdentifier, request.model(), "").value()),
        model(absl::StrCat(info.name, "@", info.version)),
        top_k(request.top_k()),
        options(ToIdentifyOptions(request)),
        adjustments(ToAdjustments(request)),
        identifier(models.identifier(info), adjustments) {}

  const ModelInfo& info;
  const std::string model;
  const int top_k;
  const IdentifyOptions options;
  const Adjustments adjustments;
  const AdjustedIdentifier identifier;
};

}  // namespace

DetectionCost CostOf(const v1::DetectLanguagesRequest& request) {
  const int64_t bytes = TextBytes(request) +
                        kEntryCost * (request.texts_size() + request.options().candidates_size());
  return {.bytes = bytes, .lane = LaneFor(bytes)};
}

DetectionCost CostOf(const v1::DetectSpansRequest& request) {
  const int64_t bytes = static_cast<int64_t>(request.text().size()) +
                        kEntryCost * (1 + request.options().candidates_size());
  const int64_t work = kSpanByteCost * bytes + kSpanBoundaryCost * CountBoundaries(request.text());
  return {.bytes = bytes, .lane = LaneFor(work)};
}

absl::Status RunDetectLanguages(const v1::DetectLanguagesRequest& request, const ModelSet& models,
                                const ServiceLimits& limits, const CallContext& call,
                                v1::DetectLanguagesResponse& response) {
  StageClock clock(call.stages);
  clock.Enter(Stage::kIdentify);
  const Detection detection(request.options(), models);
  WarnOfUnknownCandidates(detection.info, detection.options.candidates, response);
  response.mutable_results()->Reserve(request.texts_size());
  for (int i = 0; i < request.texts_size(); ++i) {
    HEXAPLA_RETURN_IF_ERROR(call.stop.Check());
    v1::DetectionResult& result = *response.add_results();
    const absl::Status valid = ValidateDetectionText(request.texts(i), i, limits);
    if (!valid.ok()) {
      *result.mutable_error() = ToRpcStatus(valid);
      continue;
    }
    SetLanguageDetection(detection.identifier.Identify(request.texts(i), detection.options),
                         detection.top_k, detection.model, *result.mutable_detection());
  }
  SetMetadata({&detection.info}, call.queued_for(), call.computed_for(),
              *response.mutable_metadata());
  return absl::OkStatus();
}

absl::Status RunDetectSpans(const v1::DetectSpansRequest& request, const ModelSet& models,
                            const CallContext& call, v1::DetectSpansResponse& response) {
  StageClock clock(call.stages);
  clock.Enter(Stage::kIdentify);
  const Detection detection(request.options(), models);
  WarnOfUnknownCandidates(detection.info, detection.options.candidates, response);
  HEXAPLA_ASSIGN_OR_RETURN(const DetectedSpans spans,
                           DetectSpans(models.identifier(detection.info), request.text(),
                                       detection.options, detection.adjustments, call.stop));
  SetSpans(request, spans, detection.model, response);
  SetMetadata({&detection.info}, call.queued_for(), call.computed_for(),
              *response.mutable_metadata());
  return absl::OkStatus();
}

}  // namespace hexapla
