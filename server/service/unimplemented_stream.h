// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_UNIMPLEMENTED_STREAM_H_
#define HEXAPLA_SERVER_SERVICE_UNIMPLEMENTED_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include "absl/strings/string_view.h"

#include "server/service/grpc_status.h"

namespace hexapla {

// The reactor of a stream that this server does not have yet; deletes itself.
template <typename Request, typename Response>
class UnimplementedStream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit UnimplementedStream(absl::string_view method) {
    this->Finish(ToGrpcStatus(MethodUnimplemented(method)));
  }
  void OnDone() override { delete this; }
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_UNIMPLEMENTED_STREAM_H_
