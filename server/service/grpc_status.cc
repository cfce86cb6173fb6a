// SPDX-License-Identifier: Apache-2.0
#include "server/service/grpc_status.h"

#include <string>

#include <google/rpc/error_details.pb.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "server/base/request_error.h"
#include "server/base/retry_delay.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

constexpr size_t kMessageBytesMax = 1024;

// What a code becomes on the wire, and the reason of an error that brings none.
struct WireCode {
  grpc::StatusCode code;
  const char* reason;
};

WireCode ToWireCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return {grpc::StatusCode::OK, ""};
    case absl::StatusCode::kCancelled:
      return {grpc::StatusCode::CANCELLED, "CANCELLED"};
    case absl::StatusCode::kUnknown:
      return {grpc::StatusCode::UNKNOWN, "INTERNAL"};
    case absl::StatusCode::kInvalidArgument:
      return {grpc::StatusCode::INVALID_ARGUMENT, "REQUEST_INVALID"};
    case absl::StatusCode::kDeadlineExceeded:
      return {grpc::StatusCode::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"};
    case absl::StatusCode::kNotFound:
      return {grpc::StatusCode::NOT_FOUND, "INTERNAL"};
    case absl::StatusCode::kAlreadyExists:
      return {grpc::StatusCode::ALREADY_EXISTS, "INTERNAL"};
    case absl::StatusCode::kPermissionDenied:
      return {grpc::StatusCode::PERMISSION_DENIED, "TOKEN_INVALID"};
    case absl::StatusCode::kResourceExhausted:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED"};
    case absl::StatusCode::kFailedPrecondition:
      return {grpc::StatusCode::FAILED_PRECONDITION, "INTERNAL"};
    case absl::StatusCode::kAborted:
      return {grpc::StatusCode::ABORTED, "INTERNAL"};
    case absl::StatusCode::kOutOfRange:
      return {grpc::StatusCode::OUT_OF_RANGE, "INTERNAL"};
    case absl::StatusCode::kUnimplemented:
      return {grpc::StatusCode::UNIMPLEMENTED, "METHOD_UNIMPLEMENTED"};
    case absl::StatusCode::kInternal:
      return {grpc::StatusCode::INTERNAL, "INTERNAL"};
    case absl::StatusCode::kUnavailable:
      return {grpc::StatusCode::UNAVAILABLE, "SERVER_NOT_READY"};
    case absl::StatusCode::kDataLoss:
      return {grpc::StatusCode::DATA_LOSS, "INTERNAL"};
    case absl::StatusCode::kUnauthenticated:
      return {grpc::StatusCode::UNAUTHENTICATED, "TOKEN_INVALID"};
    case absl::StatusCode::kDoNotUseReservedForFutureExpansionUseDefaultInSwitchInstead_:
      break;
  }
  return {grpc::StatusCode::UNKNOWN, "INTERNAL"};
}

// The message, at most: a proto string must be valid UTF-8, also when cut.
std::string CappedMessage(absl::string_view message) {
  if (message.size() <= kMessageBytesMax) return std::string(message);
  return absl::StrCat(TruncateUtf8(message, kMessageBytesMax), "...");
}

void AddErrorInfo(const RequestFault& fault, google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  info.set_domain("hexapla");
  info.set_reason(fault.reason);
  auto& metadata = *info.mutable_metadata();
  if (!fault.field.empty()) metadata["field"] = fault.field;
  if (!fault.limit.empty()) metadata["limit"] = fault.limit;
  if (!fault.value.empty()) metadata["value"] = fault.value;
  status.add_details()->PackFrom(info);
}

void AddBadRequest(const RequestFault& fault, google::rpc::Status& status) {
  google::rpc::BadRequest bad_request;
  auto& violation = *bad_request.add_field_violations();
  violation.set_field(fault.field);
  violation.set_description(status.message());
  status.add_details()->PackFrom(bad_request);
}

void AddRetryInfo(const RequestFault& fault, google::rpc::Status& status) {
  absl::Duration rest = fault.retry_after > absl::ZeroDuration()
                            ? fault.retry_after
                            : SpreadRetryDelay(kRetryDelayUsual);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(absl::IDivDuration(rest, absl::Seconds(1), &rest));
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  status.add_details()->PackFrom(retry);
}

void AddResourceInfo(const RequestFault& fault, google::rpc::Status& status) {
  google::rpc::ResourceInfo resource;
  resource.set_resource_type("hexapla.v1.Model");
  resource.set_resource_name(fault.value);
  resource.set_description(status.message());
  status.add_details()->PackFrom(resource);
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  const WireCode wire = ToWireCode(status.code());
  google::rpc::Status result;
  result.set_code(wire.code);
  if (status.ok()) return result;

  result.set_message(CappedMessage(status.message()));
  RequestFault fault = FaultOf(status);
  if (fault.reason.empty()) fault.reason = wire.reason;
  AddErrorInfo(fault, result);
  if (!fault.field.empty()) AddBadRequest(fault, result);
  if (fault.reason == "SERVER_OVERLOADED" || fault.reason == "SERVER_NOT_READY") {
    AddRetryInfo(fault, result);
  }
  if (fault.reason == "MODEL_NOT_FOUND") AddResourceInfo(fault, result);
  return result;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status rpc = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(rpc.code()), rpc.message(),
                      rpc.SerializeAsString());
}

absl::Status MethodUnimplemented(absl::string_view method) {
  return RequestError(absl::StatusCode::kUnimplemented, {.reason = "METHOD_UNIMPLEMENTED"},
                      absl::StrCat("this server does not have ", method, " yet"));
}

}  // namespace hexapla
