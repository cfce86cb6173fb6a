// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_EMBEDDING_SERVICE_H_
#define HEXAPLA_SERVER_SERVICE_EMBEDDING_SERVICE_H_

#include "hexapla/v1/embedding_service.grpc.pb.h"

namespace hexapla {

// hexapla.v1.EmbeddingService, which answers UNIMPLEMENTED for now.
class EmbeddingService final : public v1::EmbeddingService::CallbackService {
 public:
  grpc::ServerUnaryReactor* EmbedSentences(grpc::CallbackServerContext* context,
                                           const v1::EmbedSentencesRequest* request,
                                           v1::EmbedSentencesResponse* response) override;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_EMBEDDING_SERVICE_H_
