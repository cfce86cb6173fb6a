// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_EMBEDDING_SERVICE_H_
#define HEXAPLA_SERVER_SERVICE_EMBEDDING_SERVICE_H_

#include "hexapla/v1/embedding_service.grpc.pb.h"
#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/call_monitor.h"
#include "server/service/service_limits.h"

namespace hexapla {

// hexapla.v1.EmbeddingService. A batch waits in the pool at a cost of its bytes,
// in the cheap lane if it is small.
//
// Lifetime: borrows `models`, `pool` and `monitor`. Threads: as gRPC needs it.
class EmbeddingService final : public v1::EmbeddingService::CallbackService {
 public:
  EmbeddingService(const CurrentModels& models, WorkerPool& pool, const ServiceLimits& limits,
                   CallMonitor& monitor = CallMonitor::None())
      : models_(models), pool_(pool), limits_(limits), monitor_(monitor) {}

  grpc::ServerUnaryReactor* EmbedSentences(grpc::CallbackServerContext* context,
                                           const v1::EmbedSentencesRequest* request,
                                           v1::EmbedSentencesResponse* response) override;

 private:
  const CurrentModels& models_;
  WorkerPool& pool_;
  const ServiceLimits limits_;
  CallMonitor& monitor_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_EMBEDDING_SERVICE_H_
