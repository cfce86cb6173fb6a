// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_DETECT_STREAM_H_
#define HEXAPLA_SERVER_SERVICE_DETECT_STREAM_H_

#include <grpcpp/server_context.h>

#include <memory>

#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/call_monitor.h"
#include "server/service/service_limits.h"
#include "server/service/stream_drain.h"
#include "server/service/stream_memory.h"
#include "server/service/stream_message.h"

namespace hexapla {

// Begins a stream of StreamDetectLanguages and returns the reactor that the
// method has to return, which deletes itself.
//
// Every message is a batch of its own: it waits in the pool like the batch of a
// unary call, is refused like it when the server is overloaded, and fails alone.
// The stream reads on only while few batches, and few bytes of them, are without
// a reply that has left; so a caller that does not read its replies is not read
// either.
//
// It ends when the caller has no more to say and has every reply; after the replies
// to all that was read with UNAVAILABLE when the server drains, and with
// INVALID_ARGUMENT when what comes is no message; at once when the caller is gone or
// its deadline passes.
//
// Lifetime: `models`, `pool` and `drain` must outlive the call.
StreamReactor* StartDetectStream(MonitoredCall call, grpc::CallbackServerContext& context,
                                 const CurrentModels& models, WorkerPool& pool,
                                 const ServiceLimits& limits, std::shared_ptr<StreamMemory> memory,
                                 StreamDrain& drain);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_DETECT_STREAM_H_
