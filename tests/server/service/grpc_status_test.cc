// SPDX-License-Identifier: Apache-2.0
#include "server/service/grpc_status.h"

#include <string>

#include <gtest/gtest.h>

#include "server/base/request_error.h"
#include "tests/server/service/error_details.h"

namespace hexapla {
namespace {

struct CodeCase {
  absl::StatusCode code;
  grpc::StatusCode wire;
  std::string reason;
};

TEST(GrpcStatusTest, EveryCodeHasItsTwinAndAReason) {
  const CodeCase cases[] = {
      {absl::StatusCode::kCancelled, grpc::StatusCode::CANCELLED, "CANCELLED"},
      {absl::StatusCode::kUnknown, grpc::StatusCode::UNKNOWN, "INTERNAL"},
      {absl::StatusCode::kInvalidArgument, grpc::StatusCode::INVALID_ARGUMENT, "REQUEST_INVALID"},
      {absl::StatusCode::kDeadlineExceeded, grpc::StatusCode::DEADLINE_EXCEEDED,
       "DEADLINE_EXCEEDED"},
      {absl::StatusCode::kNotFound, grpc::StatusCode::NOT_FOUND, "INTERNAL"},
      {absl::StatusCode::kAlreadyExists, grpc::StatusCode::ALREADY_EXISTS, "INTERNAL"},
      {absl::StatusCode::kPermissionDenied, grpc::StatusCode::PERMISSION_DENIED, "TOKEN_INVALID"},
      {absl::StatusCode::kResourceExhausted, grpc::StatusCode::RESOURCE_EXHAUSTED,
       "LIMIT_EXCEEDED"},
      {absl::StatusCode::kFailedPrecondition, grpc::StatusCode::FAILED_PRECONDITION, "INTERNAL"},
      {absl::StatusCode::kAborted, grpc::StatusCode::ABORTED, "INTERNAL"},
      {absl::StatusCode::kOutOfRange, grpc::StatusCode::OUT_OF_RANGE, "INTERNAL"},
      {absl::StatusCode::kUnimplemented, grpc::StatusCode::UNIMPLEMENTED, "METHOD_UNIMPLEMENTED"},
      {absl::StatusCode::kInternal, grpc::StatusCode::INTERNAL, "INTERNAL"},
      {absl::StatusCode::kUnavailable, grpc::StatusCode::UNAVAILABLE, "SERVER_NOT_READY"},
      {absl::StatusCode::kDataLoss, grpc::StatusCode::DATA_LOSS, "INTERNAL"},
      {absl::StatusCode::kUnauthenticated, grpc::StatusCode::UNAUTHENTICATED, "TOKEN_INVALID"},
  };
  for (const CodeCase& test : cases) {
    const grpc::Status status = ToGrpcStatus(absl::Status(test.code, "why"));
    EXPECT_EQ(status.error_code(), test.wire);
    EXPECT_EQ(status.error_message(), "why");
    const google::rpc::Status rpc = RpcStatusOf(status);
    EXPECT_EQ(rpc.code(), test.wire);
    EXPECT_EQ(rpc.message(), "why");
    EXPECT_EQ(ReasonOf(rpc), test.reason) << absl::StatusCodeToString(test.code);
  }
}

TEST(GrpcStatusTest, OkHasNoDetails) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_EQ(ToRpcStatus(absl::OkStatus()).ByteSizeLong(), 0u);
}

TEST(GrpcStatusTest, FaultBecomesErrorInfoAndBadRequest) {
  const google::rpc::Status status = ToRpcStatus(RequestError(
      absl::StatusCode::kResourceExhausted,
      {.reason = "TEXT_TOO_LONG", .field = "versions[1].text", .limit = "10", .value = "11"},
      "versions[1].text has 11 bytes; the limit is 10"));
  EXPECT_EQ(ReasonOf(status), "TEXT_TOO_LONG");
  EXPECT_EQ(MetadataOf(status, "field"), "versions[1].text");
  EXPECT_EQ(MetadataOf(status, "limit"), "10");
  EXPECT_EQ(MetadataOf(status, "value"), "11");
  EXPECT_EQ(FieldOf(status), "versions[1].text");
  EXPECT_FALSE(DetailOf<google::rpc::RetryInfo>(status).has_value());
  EXPECT_FALSE(DetailOf<google::rpc::ResourceInfo>(status).has_value());
}

TEST(GrpcStatusTest, OverloadSaysWhenToRetry) {
  const google::rpc::Status status = ToRpcStatus(
      RequestError(absl::StatusCode::kResourceExhausted, {.reason = "SERVER_OVERLOADED"}, "later"));
  const auto retry = DetailOf<google::rpc::RetryInfo>(status);
  ASSERT_TRUE(retry.has_value());
  EXPECT_GE(retry->retry_delay().nanos(), 250000000);
  EXPECT_LE(retry->retry_delay().nanos(), 750000000);
  EXPECT_FALSE(DetailOf<google::rpc::BadRequest>(status).has_value());
}

TEST(GrpcStatusTest, OverloadMaySayWhenToRetryByItself) {
  const google::rpc::Status status = ToRpcStatus(RequestError(
      absl::StatusCode::kResourceExhausted,
      {.reason = "SERVER_OVERLOADED", .retry_after = absl::Milliseconds(2500)}, "later"));
  const auto retry = DetailOf<google::rpc::RetryInfo>(status);
  ASSERT_TRUE(retry.has_value());
  EXPECT_EQ(retry->retry_delay().seconds(), 2);
  EXPECT_EQ(retry->retry_delay().nanos(), 500000000);
}

TEST(GrpcStatusTest, ServerThatIsNotReadySaysWhenToRetry) {
  EXPECT_TRUE(
      DetailOf<google::rpc::RetryInfo>(ToRpcStatus(absl::UnavailableError("soon"))).has_value());
}

TEST(GrpcStatusTest, MissingModelIsAResource) {
  const google::rpc::Status status = ToRpcStatus(
      RequestError(absl::StatusCode::kFailedPrecondition,
                   {.reason = "MODEL_NOT_FOUND", .field = "options.model", .value = "labse"},
                   "options.model names a model that is not here: labse"));
  const auto resource = DetailOf<google::rpc::ResourceInfo>(status);
  ASSERT_TRUE(resource.has_value());
  EXPECT_EQ(resource->resource_type(), "hexapla.v1.Model");
  EXPECT_EQ(resource->resource_name(), "labse");
}

TEST(GrpcStatusTest, LongMessageIsCutBetweenCharacters) {
  std::string message(1023, 'x');
  message += "\xC3\xA9 and more";  // the limit falls inside this é
  const google::rpc::Status status = ToRpcStatus(absl::InternalError(message));
  EXPECT_EQ(status.message(), std::string(1023, 'x') + "...");
}

TEST(GrpcStatusTest, UnimplementedMethodIsNamed) {
  const google::rpc::Status status = ToRpcStatus(MethodUnimplemented("AlignmentService.Fly"));
  EXPECT_EQ(status.code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(ReasonOf(status), "METHOD_UNIMPLEMENTED");
  EXPECT_NE(status.message().find("AlignmentService.Fly"), std::string::npos);
}

}  // namespace
}  // namespace hexapla
