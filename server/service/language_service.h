// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_LANGUAGE_SERVICE_H_
#define HEXAPLA_SERVER_SERVICE_LANGUAGE_SERVICE_H_

#include <memory>

#include "hexapla/v1/language_service.grpc.pb.h"
#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/arena_messages.h"
#include "server/service/call_monitor.h"
#include "server/service/service_limits.h"
#include "server/service/stream_drain.h"
#include "server/service/stream_memory.h"
#include "server/service/stream_message.h"

namespace hexapla {

// The stream takes its messages as bytes; see stream_message.h.
using LanguageServiceBase = v1::LanguageService::WithCallbackMethod_DetectLanguages<
    v1::LanguageService::WithCallbackMethod_DetectSpans<
        v1::LanguageService::WithRawCallbackMethod_StreamDetectLanguages<
            v1::LanguageService::Service>>>;

// hexapla.v1.LanguageService. A batch of at most 4 KiB is answered on the thread
// that received it, a larger one by the pool: in its cheap lane up to 256 KiB.
// For spans the bounds are of the work that the text's shape lets expect.
//
// `memory` is what its streams share with those of the other services; null: with
// each other.
//
// Lifetime: borrows `models`, `pool` and `monitor`. Threads: as gRPC needs it.
class LanguageService final : public LanguageServiceBase {
 public:
  LanguageService(const CurrentModels& models, WorkerPool& pool, const ServiceLimits& limits,
                  CallMonitor& monitor = CallMonitor::None(),
                  std::shared_ptr<StreamMemory> memory = nullptr);

  grpc::ServerUnaryReactor* DetectLanguages(grpc::CallbackServerContext* context,
                                            const v1::DetectLanguagesRequest* request,
                                            v1::DetectLanguagesResponse* response) override;
  grpc::ServerUnaryReactor* DetectSpans(grpc::CallbackServerContext* context,
                                        const v1::DetectSpansRequest* request,
                                        v1::DetectSpansResponse* response) override;
  StreamReactor* StreamDetectLanguages(grpc::CallbackServerContext* context) override;

  // Brings the streams to their end, those that begin later included, so that a
  // shutdown need not wait for their callers. Returns at once.
  void Drain() { streams_.Drain(); }

 private:
  const CurrentModels& models_;
  WorkerPool& pool_;
  const ServiceLimits limits_;
  CallMonitor& monitor_;
  const std::shared_ptr<StreamMemory> memory_;
  StreamDrain streams_;
  ArenaMessages<v1::DetectLanguagesRequest, v1::DetectLanguagesResponse> detect_messages_;
  ArenaMessages<v1::DetectSpansRequest, v1::DetectSpansResponse> spans_messages_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_LANGUAGE_SERVICE_H_
