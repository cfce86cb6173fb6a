// SPDX-License-Identifier: Apache-2.0
//
// The work behind LanguageService, free of the way in which a request came: a
// call of its own or a message of a stream. Requests have passed validation.
#ifndef HEXAPLA_SERVER_SERVICE_DETECT_LANGUAGES_H_
#define HEXAPLA_SERVER_SERVICE_DETECT_LANGUAGES_H_

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

#include "hexapla/v1/language_service.pb.h"
#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/service_limits.h"
#include "server/service/unary_call.h"

namespace hexapla {

// What a request costs, in bytes of text or their like, and where it belongs.
struct DetectionCost {
  int64_t bytes = 0;
  // Nothing for what is done faster than handed to another thread.
  std::optional<WorkLane> lane;
};
DetectionCost CostOf(const v1::DetectLanguagesRequest& request);
DetectionCost CostOf(const v1::DetectSpansRequest& request);

// Each fills `response`. Errors: as call.stop says.
absl::Status RunDetectLanguages(const v1::DetectLanguagesRequest& request, const ModelSet& models,
                                const ServiceLimits& limits, const CallContext& call,
                                v1::DetectLanguagesResponse& response);
absl::Status RunDetectSpans(const v1::DetectSpansRequest& request, const ModelSet& models,
                            const CallContext& call, v1::DetectSpansResponse& response);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_DETECT_LANGUAGES_H_
