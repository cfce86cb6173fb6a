// SPDX-License-Identifier: Apache-2.0
//
// The work of ScorePairs and of EmbedSentences: batches of sentences, each of
// which may fail alone. Requests are valid here, but for their sentences.
#ifndef HEXAPLA_SERVER_SERVICE_SCORE_PAIRS_H_
#define HEXAPLA_SERVER_SERVICE_SCORE_PAIRS_H_

#include <cstdint>

#include "absl/status/status.h"

#include "hexapla/v1/alignment_service.pb.h"
#include "hexapla/v1/embedding_service.pb.h"
#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/service_limits.h"
#include "server/service/unary_call.h"

namespace hexapla {

// What a batch costs, in bytes, and the lane for that.
int64_t CostOf(const v1::ScorePairsRequest& request);
int64_t CostOf(const v1::EmbedSentencesRequest& request);
WorkLane LaneOf(int64_t batch_cost);

// Errors: as the call's stop condition says.
absl::Status RunScorePairs(const v1::ScorePairsRequest& request, const ModelSet& models,
                           const ServiceLimits& limits, const CallContext& call,
                           v1::ScorePairsResponse& response);
absl::Status RunEmbedSentences(const v1::EmbedSentencesRequest& request, const ModelSet& models,
                               const ServiceLimits& limits, const CallContext& call,
                               v1::EmbedSentencesResponse& response);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_SCORE_PAIRS_H_
