// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_MODEL_SERVICE_H_
#define HEXAPLA_SERVER_SERVICE_MODEL_SERVICE_H_

#include "hexapla/v1/model_service.grpc.pb.h"
#include "server/models/model_set.h"
#include "server/service/call_monitor.h"

namespace hexapla {

// hexapla.v1.ModelService: the manifest of the models that serve now.
//
// Lifetime: borrows both. Threads: as gRPC needs it.
class ModelService final : public v1::ModelService::CallbackService {
 public:
  explicit ModelService(const CurrentModels& models, CallMonitor& monitor = CallMonitor::None())
      : models_(models), monitor_(monitor) {}

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const v1::GetModelRequest* request,
                                     v1::GetModelResponse* response) override;

 private:
  const CurrentModels& models_;
  CallMonitor& monitor_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_MODEL_SERVICE_H_
