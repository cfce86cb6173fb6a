// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_GRPC_STATUS_H_
#define HEXAPLA_SERVER_SERVICE_GRPC_STATUS_H_

#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hexapla {

// The one conversion of the engine's errors to the wire, for an item of a batch.
//
// The details are those of hexapla/v1/common.proto: ErrorInfo always, with the
// reason of the RequestFault inside `status`, else one that follows from the
// code; BadRequest when a field is at fault; RetryInfo when the server is
// overloaded or not ready; ResourceInfo for a missing model. OK has none.
// Messages are cut at 1 KiB.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// The same for a whole call: the details travel in grpc-status-details-bin.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The error of `method` ("AlignmentService.ScorePairs"), which the contract has
// and this server does not yet.
absl::Status MethodUnimplemented(absl::string_view method);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_GRPC_STATUS_H_
