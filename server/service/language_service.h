// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_LANGUAGE_SERVICE_H_
#define HEXAPLA_SERVER_SERVICE_LANGUAGE_SERVICE_H_

#include "hexapla/v1/language_service.grpc.pb.h"
#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/service_limits.h"

namespace hexapla {

// hexapla.v1.LanguageService. A batch of at most 4 KiB is answered on the thread
// that received it, a larger one by the pool: in its cheap lane up to 256 KiB.
//
// Lifetime: borrows `models` and `pool`. Threads: as gRPC needs it.
class LanguageService final : public v1::LanguageService::CallbackService {
 public:
  LanguageService(const CurrentModels& models, WorkerPool& pool, const ServiceLimits& limits);

  grpc::ServerUnaryReactor* DetectLanguages(grpc::CallbackServerContext* context,
                                            const v1::DetectLanguagesRequest* request,
                                            v1::DetectLanguagesResponse* response) override;

  // Not yet: these answer UNIMPLEMENTED.
  grpc::ServerUnaryReactor* DetectSpans(grpc::CallbackServerContext* context,
                                        const v1::DetectSpansRequest* request,
                                        v1::DetectSpansResponse* response) override;
  grpc::ServerBidiReactor<v1::StreamDetectLanguagesRequest, v1::StreamDetectLanguagesResponse>*
  StreamDetectLanguages(grpc::CallbackServerContext* context) override;

 private:
  const CurrentModels& models_;
  WorkerPool& pool_;
  const ServiceLimits limits_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_LANGUAGE_SERVICE_H_
