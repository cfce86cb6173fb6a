// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_SERVICE_IN_PROCESS_SERVER_H_
#define HEXAPLA_TESTS_SERVER_SERVICE_IN_PROCESS_SERVER_H_

#include <memory>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "server/base/worker_pool.h"
#include "server/service/alignment_service.h"
#include "server/service/embedding_service.h"
#include "server/service/language_service.h"
#include "server/service/model_service.h"
#include "tests/server/service/test_models.h"

namespace hexapla {

struct InProcessServerOptions {
  ServiceLimits limits = {};
  WorkerPoolOptions pool = {.workers = 1, .cheap_workers = 1};
  AlignFunction align = AlignWithModels;
  std::shared_ptr<const ModelSet> models = TestModels();
  CallMonitor* monitor = &CallMonitor::None();
};

// The real services over a channel without a port. Stops by itself.
class InProcessServer {
 public:
  explicit InProcessServer(InProcessServerOptions options = {})
      : models_(options.models),
        pool_(options.pool),
        stream_memory_(std::make_shared<StreamMemory>(options.limits.streams_bytes_max,
                                                      options.limits.streams_max)),
        alignment_(models_, pool_, options.limits, std::move(options.align), *options.monitor,
                   stream_memory_),
        language_(models_, pool_, options.limits, *options.monitor, stream_memory_),
        embedding_(models_, pool_, options.limits, *options.monitor),
        model_(models_, *options.monitor) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&alignment_);
    builder.RegisterService(&language_);
    builder.RegisterService(&embedding_);
    builder.RegisterService(&model_);
    server_ = builder.BuildAndStart();
    channel_ = server_->InProcessChannel({});
  }
  ~InProcessServer() { server_->Shutdown(); }

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  WorkerPool& pool() { return pool_; }
  const StreamMemory& stream_memory() const { return *stream_memory_; }
  AlignmentService& alignment() { return alignment_; }
  LanguageService& language() { return language_; }

 private:
  CurrentModels models_;
  WorkerPool pool_;
  std::shared_ptr<StreamMemory> stream_memory_;
  AlignmentService alignment_;
  LanguageService language_;
  EmbeddingService embedding_;
  ModelService model_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_SERVER_SERVICE_IN_PROCESS_SERVER_H_
