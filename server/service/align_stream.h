// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_ALIGN_STREAM_H_
#define HEXAPLA_SERVER_SERVICE_ALIGN_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "hexapla/v1/alignment_service.pb.h"
#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/service/align_documents.h"
#include "server/service/call_monitor.h"
#include "server/service/service_limits.h"
#include "server/service/stream_drain.h"

namespace hexapla {

using AlignStreamReactor =
    grpc::ServerBidiReactor<v1::StreamAlignDocumentsRequest, v1::StreamAlignDocumentsResponse>;

// Begins a stream of StreamAlignDocuments and returns the reactor that the
// method has to return, which deletes itself.
//
// The stream keeps every worker busy but gives the pool no more than that at a
// time, so that it does not push in front of other calls; it waits where a
// unary call would be refused for overload. It reads only while there is room
// for what it reads, and begins a set only while the caller reads the replies.
//
// Lifetime: `models`, `pool` and `drain` must outlive the call.
AlignStreamReactor* StartAlignStream(MonitoredCall call, grpc::CallbackServerContext& context,
                                     const CurrentModels& models, WorkerPool& pool,
                                     const ServiceLimits& limits, const AlignFunction& align,
                                     StreamDrain& drain);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_ALIGN_STREAM_H_
