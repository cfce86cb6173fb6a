// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_MATCH_STREAM_H_
#define HEXAPLA_SERVER_SERVICE_MATCH_STREAM_H_

#include <grpcpp/server_context.h>

#include <memory>

#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/call_monitor.h"
#include "server/service/match_heap.h"
#include "server/service/service_limits.h"
#include "server/service/stream_drain.h"
#include "server/service/stream_memory.h"
#include "server/service/stream_message.h"

namespace hexapla {

// Begins a stream of MatchDocuments and returns the reactor that the method has
// to return, which deletes itself.
//
// The heap is collected on gRPC's threads; once the caller has closed its side
// the match waits in the pool's heavy lane, at a cost of its bytes and for as
// long as the pool is full, and then takes one worker and whatever others are
// idle. It stops when the caller has gone, and is given up when the caller stalls.
//
// Lifetime: `models`, `pool`, `limits`, `memory` and `drain` must outlive the call.
StreamReactor* StartMatchStream(MonitoredCall call, grpc::CallbackServerContext& context,
                                const CurrentModels& models, WorkerPool& pool,
                                const ServiceLimits& limits, MatchMemory& memory,
                                std::shared_ptr<StreamMemory> streams_memory, StreamDrain& drain);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_MATCH_STREAM_H_
