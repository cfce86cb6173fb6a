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
  const absl::Status valid = ValidateListModels(*request);
  if (!valid.ok()) return AnswerAtOnce(*context, valid);
  const std::shared_ptr<const ModelSet> models = models_.Get();
  for (const ModelInfo& info : models->info()) {
    const bool wanted =
        request->kind() == v1::MODEL_KIND_UNSPECIFIED || request->kind() == ToModelKind(info.kind);
    if (!wanted) continue;
    *response->add_models() = ToModel(info, models->FindByKind(info.kind) == &info);
  }
  return AnswerAtOnce(*context, absl::OkStatus());
}

grpc::ServerUnaryReactor* ModelService::GetModel(grpc::CallbackServerContext* context,
                                                 const v1::GetModelRequest* request,
                                                 v1::GetModelResponse* response) {
  const std::shared_ptr<const ModelSet> models = models_.Get();
  const absl::StatusOr<const ModelInfo*> model = FindModel(*models, request->name());
  if (model.ok()) {
    *response->mutable_model() = ToModel(**model, models->FindByKind((*model)->kind) == *model);
  }
  return AnswerAtOnce(*context, model.status());
}

}  // namespace hexapla
