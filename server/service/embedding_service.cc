// SPDX-License-Identifier: Apache-2.0
#include "server/service/embedding_service.h"

#include <memory>
#include <utility>

#include "server/service/request_validation.h"
#include "server/service/score_pairs.h"
#include "server/service/unary_call.h"

namespace hexapla {

grpc::ServerUnaryReactor* EmbeddingService::EmbedSentences(grpc::CallbackServerContext* context,
                                                           const v1::EmbedSentencesRequest* request,
                                                           v1::EmbedSentencesResponse* response) {
  UnaryCall rpc(monitor_, "hexapla.v1.EmbeddingService/EmbedSentences", *context, *request,
                *response);
  if (!rpc.admitted().ok()) return AnswerAtOnce(rpc, rpc.admitted());
  std::shared_ptr<const ModelSet> models = models_.Get();
  const absl::Status valid = ValidateEmbedSentences(*request, limits_, *models);
  if (!valid.ok()) return AnswerAtOnce(rpc, valid);
  const int64_t cost = CostOf(*request);
  return AnswerFromPool(
      rpc, limits_, pool_, LaneOf(cost), cost,
      [this, models = std::move(models), request, response](const CallContext& call) {
        return RunEmbedSentences(*request, *models, limits_, call, *response);
      });
}

}  // namespace hexapla
