// SPDX-License-Identifier: Apache-2.0
#include "server/service/model_service.h"

#include <memory>

#include "server/service/proto_conversion.h"
#include "server/service/request_validation.h"
#include "server/service/unary_call.h"

namespace hexapla {

grpc::ServerUnaryReactor* ModelService::ListModels(grpc::CallbackServerContext* context,
                                                   const v1::ListModelsRequest* request,
                                                   v1::ListModelsResponse* response) {
  UnaryCall rpc(monitor_, "hexapla.v1.ModelService/ListModels", *context, *request, *response);
  if (!rpc.admitted().ok()) return AnswerAtOnce(rpc, rpc.admitted());
  const absl::Status valid = ValidateListModels(*request);
  if (!valid.ok()) return AnswerAtOnce(rpc, valid);
  const std::shared_ptr<const ModelSet> models = models_.Get();
  for (const ModelInfo& info : models->info()) {
    const bool wanted =
        request->kind() == v1::MODEL_KIND_UNSPECIFIED || request->kind() == ToModelKind(info.kind);
    if (!wanted) continue;
    *response->add_models() = ToModel(info, models->IsDefault(info));
  }
  return AnswerAtOnce(rpc, absl::OkStatus());
}

grpc::ServerUnaryReactor* ModelService::GetModel(grpc::CallbackServerContext* context,
                                                 const v1::GetModelRequest* request,
                                                 v1::GetModelResponse* response) {
  UnaryCall rpc(monitor_, "hexapla.v1.ModelService/GetModel", *context, *request, *response);
  if (!rpc.admitted().ok()) return AnswerAtOnce(rpc, rpc.admitted());
  const std::shared_ptr<const ModelSet> models = models_.Get();
  const absl::StatusOr<const ModelInfo*> model = FindModel(*models, request->name());
  if (model.ok()) {
    *response->mutable_model() = ToModel(**model, models->IsDefault(**model));
  }
  return AnswerAtOnce(rpc, model.status());
}

}  // namespace hexapla
