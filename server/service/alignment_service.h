// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_ALIGNMENT_SERVICE_H_
#define HEXAPLA_SERVER_SERVICE_ALIGNMENT_SERVICE_H_

#include <memory>

#include "hexapla/v1/alignment_service.grpc.pb.h"
#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/align_documents.h"
#include "server/service/arena_messages.h"
#include "server/service/call_monitor.h"
#include "server/service/match_heap.h"
#include "server/service/service_limits.h"
#include "server/service/stream_drain.h"
#include "server/service/stream_memory.h"
#include "server/service/stream_message.h"

namespace hexapla {

// The streams take their messages as bytes; see stream_message.h.
using AlignmentServiceBase = v1::AlignmentService::WithCallbackMethod_AlignDocuments<
    v1::AlignmentService::WithRawCallbackMethod_StreamAlignDocuments<
        v1::AlignmentService::WithCallbackMethod_ScorePairs<
            v1::AlignmentService::WithRawCallbackMethod_MatchDocuments<
                v1::AlignmentService::Service>>>>;

// hexapla.v1.AlignmentService. An alignment waits in the pool's heavy lane at a
// cost of its bytes of text, and stops when its caller has gone.
//
// `memory` is what its streams share with those of the other services; null: with
// each other.
//
// Lifetime: borrows `models`, `pool` and `monitor`. Threads: as gRPC needs it.
class AlignmentService final : public AlignmentServiceBase {
 public:
  AlignmentService(const CurrentModels& models, WorkerPool& pool, const ServiceLimits& limits,
                   AlignFunction align = AlignWithModels,
                   CallMonitor& monitor = CallMonitor::None(),
                   std::shared_ptr<StreamMemory> memory = nullptr);

  grpc::ServerUnaryReactor* AlignDocuments(grpc::CallbackServerContext* context,
                                           const v1::AlignDocumentsRequest* request,
                                           v1::AlignDocumentsResponse* response) override;
  StreamReactor* StreamAlignDocuments(grpc::CallbackServerContext* context) override;

  grpc::ServerUnaryReactor* ScorePairs(grpc::CallbackServerContext* context,
                                       const v1::ScorePairsRequest* request,
                                       v1::ScorePairsResponse* response) override;
  StreamReactor* MatchDocuments(grpc::CallbackServerContext* context) override;

  // Brings the streams to their end, those that begin later included, so that a
  // shutdown need not wait for their callers. Returns at once.
  void Drain() { streams_.Drain(); }

 private:
  const CurrentModels& models_;
  WorkerPool& pool_;
  const ServiceLimits limits_;
  const AlignFunction align_;
  CallMonitor& monitor_;
  const std::shared_ptr<StreamMemory> memory_;
  StreamDrain streams_;
  MatchMemory match_memory_ = 0;
  ArenaMessages<v1::AlignDocumentsRequest, v1::AlignDocumentsResponse> align_messages_;
  ArenaMessages<v1::ScorePairsRequest, v1::ScorePairsResponse> score_messages_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_ALIGNMENT_SERVICE_H_
