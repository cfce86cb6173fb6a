// SPDX-License-Identifier: Apache-2.0
//
// The messages of streams, which travel between gRPC and us as bytes: gRPC's own
// parsing tells bytes that are no message just as it tells that the caller has no
// more to say, and what came before them would be answered as if it were all.
#ifndef HEXAPLA_SERVER_SERVICE_STREAM_MESSAGE_H_
#define HEXAPLA_SERVER_SERVICE_STREAM_MESSAGE_H_

#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "server/base/request_error.h"

namespace hexapla {

using StreamReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

// Parses `bytes` into `message`. Errors: InvalidArgument when they are no such
// message, which also a string makes of them that is not UTF-8.
template <typename Message>
absl::Status ParseMessage(const grpc::ByteBuffer& bytes, Message& message) {
  grpc::ByteBuffer copy(bytes);  // of references; parsing takes it apart
  if (grpc::SerializationTraits<Message>::Deserialize(&copy, &message).ok()) {
    return absl::OkStatus();
  }
  return RequestError(
      absl::StatusCode::kInvalidArgument, {.reason = "REQUEST_INVALID"},
      absl::StrCat("the bytes of a message are no ", Message::descriptor()->full_name(),
                   ", or one with a string that is not UTF-8"));
}

// As gRPC sends it. Requires: less than 2 GiB.
inline grpc::ByteBuffer ToBytes(const google::protobuf::Message& message) {
  grpc::ByteBuffer bytes;
  bool is_own = false;
  grpc::SerializationTraits<google::protobuf::Message>::Serialize(message, &bytes, &is_own);
  return bytes;
}

inline size_t LengthOf(const std::vector<grpc::ByteBuffer>& messages) {
  size_t length = 0;
  for (const grpc::ByteBuffer& message : messages) length += message.Length();
  return length;
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_STREAM_MESSAGE_H_
