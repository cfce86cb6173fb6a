// SPDX-License-Identifier: Apache-2.0
#include "server/service/alignment_service.h"

#include <memory>
#include <utility>

#include "server/service/align_stream.h"
#include "server/service/match_stream.h"
#include "server/service/proto_conversion.h"
#include "server/service/request_validation.h"
#include "server/service/score_pairs.h"
#include "server/service/unary_call.h"

namespace hexapla {

AlignmentService::AlignmentService(const CurrentModels& models, WorkerPool& pool,
                                   const ServiceLimits& limits, AlignFunction align,
                                   CallMonitor& monitor, std::shared_ptr<StreamMemory> memory)
    : models_(models),
      pool_(pool),
      limits_(limits),
      align_(std::move(align)),
      monitor_(monitor),
      memory_(memory != nullptr
                  ? std::move(memory)
                  : std::make_shared<StreamMemory>(limits.streams_bytes_max, limits.streams_max)) {
  SetMessageAllocatorFor_AlignDocuments(&align_messages_);
  SetMessageAllocatorFor_ScorePairs(&score_messages_);
}

grpc::ServerUnaryReactor* AlignmentService::AlignDocuments(grpc::CallbackServerContext* context,
                                                           const v1::AlignDocumentsRequest* request,
                                                           v1::AlignDocumentsResponse* response) {
  UnaryCall rpc(monitor_, "hexapla.v1.AlignmentService/AlignDocuments", *context, *request,
                *response);
  if (!rpc.admitted().ok()) return AnswerAtOnce(rpc, rpc.admitted());
  std::shared_ptr<const ModelSet> models = models_.Get();
  const absl::Status valid = ValidateAlignDocuments(*request, limits_, *models);
  if (!valid.ok()) return AnswerAtOnce(rpc, valid);
  return AnswerFromPool(
      rpc, limits_, pool_, WorkLane::kHeavy, TextBytes(*request),
      [this, models = std::move(models), request, response](const CallContext& call) {
        return RunAlignDocuments(*request, *models, limits_, align_, call, *response);
      });
}

StreamReactor* AlignmentService::StreamAlignDocuments(grpc::CallbackServerContext* context) {
  return StartAlignStream(
      MonitoredCall(monitor_, "hexapla.v1.AlignmentService/StreamAlignDocuments", *context),
      *context, models_, pool_, limits_, align_, memory_, streams_);
}

grpc::ServerUnaryReactor* AlignmentService::ScorePairs(grpc::CallbackServerContext* context,
                                                       const v1::ScorePairsRequest* request,
                                                       v1::ScorePairsResponse* response) {
  UnaryCall rpc(monitor_, "hexapla.v1.AlignmentService/ScorePairs", *context, *request, *response);
  if (!rpc.admitted().ok()) return AnswerAtOnce(rpc, rpc.admitted());
  std::shared_ptr<const ModelSet> models = models_.Get();
  const absl::Status valid = ValidateScorePairs(*request, limits_, *models);
  if (!valid.ok()) return AnswerAtOnce(rpc, valid);
  const int64_t cost = CostOf(*request);
  return AnswerFromPool(
      rpc, limits_, pool_, LaneOf(cost), cost,
      [this, models = std::move(models), request, response](const CallContext& call) {
        return RunScorePairs(*request, *models, limits_, call, *response);
      });
}

StreamReactor* AlignmentService::MatchDocuments(grpc::CallbackServerContext* context) {
  return StartMatchStream(
      MonitoredCall(monitor_, "hexapla.v1.AlignmentService/MatchDocuments", *context), *context,
      models_, pool_, limits_, match_memory_, memory_, streams_);
}

}  // namespace hexapla
