// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_SERVICE_ERROR_DETAILS_H_
#define HEXAPLA_TESTS_SERVER_SERVICE_ERROR_DETAILS_H_

#include <optional>
#include <string>

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/support/status.h>

#include "hexapla/v1/common.pb.h"

namespace hexapla {

// The detail of type T in a status, if it has one.
template <typename T>
std::optional<T> DetailOf(const google::rpc::Status& status) {
  T detail;
  for (const google::protobuf::Any& any : status.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

// What a client sees of a failed call; empty details if they do not parse.
inline google::rpc::Status RpcStatusOf(const grpc::Status& status) {
  google::rpc::Status rpc;
  rpc.ParseFromString(status.error_details());
  return rpc;
}

// The reason in the ErrorInfo, which must be ours and in the contract; else why
// it is not.
inline std::string ReasonOf(const google::rpc::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info.has_value()) return "no ErrorInfo";
  if (info->domain() != "hexapla") return "domain " + info->domain();
  v1::ErrorReason reason;
  if (!v1::ErrorReason_Parse("ERROR_REASON_" + info->reason(), &reason)) {
    return "not in the contract: " + info->reason();
  }
  return info->reason();
}

// An entry of the ErrorInfo's metadata; "" if it is absent.
inline std::string MetadataOf(const google::rpc::Status& status, const std::string& key) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info.has_value() || info->metadata().count(key) == 0) return "";
  return info->metadata().at(key);
}

// The field of the one violation in the BadRequest; "" if there is none.
inline std::string FieldOf(const google::rpc::Status& status) {
  const auto bad_request = DetailOf<google::rpc::BadRequest>(status);
  if (!bad_request.has_value() || bad_request->field_violations_size() != 1) return "";
  return bad_request->field_violations(0).field();
}

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_SERVER_SERVICE_ERROR_DETAILS_H_
