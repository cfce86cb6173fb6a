// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_ALIGN_STREAM_H_
#define HEXAPLA_SERVER_SERVICE_ALIGN_STREAM_H_

#include <grpcpp/server_context.h>

#include <memory>

#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/align_documents.h"
#include "server/service/call_monitor.h"
#include "server/service/service_limits.h"
#include "server/service/stream_drain.h"
#include "server/service/stream_memory.h"
#include "server/service/stream_message.h"

namespace hexapla {

// Begins a stream of StreamAlignDocuments and returns the reactor that the
// method has to return, which deletes itself.
//
// The stream keeps every worker busy but gives the pool no more than that at a
// time, so that it does not push in front of other calls. A set that the pool
// refuses waits for the stream's own sets, and fails as a unary call does when
// none of them runs. It reads only while there is room for what it reads, and
// begins a set only while the caller reads the replies. What it holds counts in
// `memory`; a set, or its reply, that does not fit there fails alone. Bytes that are
// no message end it with InvalidArgument, after the sets that were whole before.
//
// Lifetime: `models`, `pool` and `drain` must outlive the call.
StreamReactor* StartAlignStream(MonitoredCall call, grpc::CallbackServerContext& context,
                                const CurrentModels& models, WorkerPool& pool,
                                const ServiceLimits& limits, const AlignFunction& align,
                                std::shared_ptr<StreamMemory> memory, StreamDrain& drain);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_ALIGN_STREAM_H_
