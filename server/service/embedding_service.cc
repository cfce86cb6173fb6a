// SPDX-License-Identifier: Apache-2.0
#include "server/service/embedding_service.h"

#include "server/service/grpc_status.h"
#include "server/service/unary_call.h"

namespace hexapla {

grpc::ServerUnaryReactor* EmbeddingService::EmbedSentences(grpc::CallbackServerContext* context,
                                                           const v1::EmbedSentencesRequest*,
                                                           v1::EmbedSentencesResponse*) {
  return AnswerAtOnce(*context, MethodUnimplemented("EmbeddingService.EmbedSentences"));
}

}  // namespace hexapla
