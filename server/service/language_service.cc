// SPDX-License-Identifier: Apache-2.0
#include "server/service/language_service.h"

#include <memory>
#include <utility>

#include "server/service/detect_languages.h"
#include "server/service/detect_stream.h"
#include "server/service/request_validation.h"
#include "server/service/unary_call.h"

namespace hexapla {
namespace {

// Runs `work` where its cost says.
template <typename Work>
grpc::ServerUnaryReactor* Answer(const UnaryCall& rpc, const ServiceLimits& limits,
                                 WorkerPool& pool, const DetectionCost& cost, Work work) {
  if (!cost.lane.has_value()) return AnswerInline(rpc, work);
  return AnswerFromPool(rpc, limits, pool, *cost.lane, cost.bytes, std::move(work));
}

}  // namespace

LanguageService::LanguageService(const CurrentModels& models, WorkerPool& pool,
                                 const ServiceLimits& limits, CallMonitor& monitor,
                                 std::shared_ptr<StreamMemory> memory)
    : models_(models),
      pool_(pool),
      limits_(limits),
      monitor_(monitor),
      memory_(memory != nullptr
                  ? std::move(memory)
                  : std::make_shared<StreamMemory>(limits.streams_bytes_max, limits.streams_max)) {
  SetMessageAllocatorFor_DetectLanguages(&detect_messages_);
  SetMessageAllocatorFor_DetectSpans(&spans_messages_);
}

grpc::ServerUnaryReactor* LanguageService::DetectLanguages(
    grpc::CallbackServerContext* context, const v1::DetectLanguagesRequest* request,
    v1::DetectLanguagesResponse* response) {
  UnaryCall rpc(monitor_, "hexapla.v1.LanguageService/DetectLanguages", *context, *request,
                *response);
  if (!rpc.admitted().ok()) return AnswerAtOnce(rpc, rpc.admitted());
  std::shared_ptr<const ModelSet> models = models_.Get();
  const absl::Status valid = ValidateDetectLanguages(*request, limits_, *models);
  if (!valid.ok()) return AnswerAtOnce(rpc, valid);
  auto work = [this, models = std::move(models), request, response](const CallContext& call) {
    return RunDetectLanguages(*request, *models, limits_, call, *response);
  };
  return Answer(rpc, limits_, pool_, CostOf(*request), std::move(work));
}

grpc::ServerUnaryReactor* LanguageService::DetectSpans(grpc::CallbackServerContext* context,
                                                       const v1::DetectSpansRequest* request,
                                                       v1::DetectSpansResponse* response) {
  UnaryCall rpc(monitor_, "hexapla.v1.LanguageService/DetectSpans", *context, *request, *response);
  if (!rpc.admitted().ok()) return AnswerAtOnce(rpc, rpc.admitted());
  std::shared_ptr<const ModelSet> models = models_.Get();
  const absl::Status valid = ValidateDetectSpans(*request, limits_, *models);
  if (!valid.ok()) return AnswerAtOnce(rpc, valid);
  auto work = [models = std::move(models), request, response](const CallContext& call) {
    return RunDetectSpans(*request, *models, call, *response);
  };
  return Answer(rpc, limits_, pool_, CostOf(*request), std::move(work));
}

StreamReactor* LanguageService::StreamDetectLanguages(grpc::CallbackServerContext* context) {
  return StartDetectStream(
      MonitoredCall(monitor_, "hexapla.v1.LanguageService/StreamDetectLanguages", *context),
      *context, models_, pool_, limits_, memory_, streams_);
}

}  // namespace hexapla
