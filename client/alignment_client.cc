// SPDX-License-Identifier: Apache-2.0
#include "client/alignment_client.h"

#include <google/rpc/error_details.pb.h>
#include <grpcpp/client_context.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpc/health/v1/health.grpc.pb.h"

#include "client/text_layout.h"

namespace hexapla {
namespace {

// Runs one unary call: call(context, response) gives its status.
template <typename Response, typename Call>
absl::StatusOr<Response> RunCall(absl::Duration timeout, const Call& call) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  Response response;
  const absl::Status status = FromGrpcStatus(call(&context, &response));
  if (!status.ok()) return status;
  return response;
}

// The first detail of type `Detail`, or an empty one.
template <typename Detail>
Detail FindDetail(const google::rpc::Status& status) {
  Detail detail;
  for (const google::protobuf::Any& any : status.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  return detail;
}

// What an error made inside gRPC means; its own messages are for developers.
absl::string_view CodeMeaning(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnimplemented:
      return "the server does not know this call";
    case absl::StatusCode::kUnavailable:
      return "the server is not available";
    case absl::StatusCode::kDeadlineExceeded:
      return "the time given by --timeout is over";
    case absl::StatusCode::kResourceExhausted:
      return "a limit of the server is reached";
    default:
      return "the call failed";
  }
}

}  // namespace

AlignmentClient::AlignmentClient(std::shared_ptr<grpc::Channel> channel, absl::Duration timeout)
    : channel_(std::move(channel)),
      timeout_(timeout),
      alignment_(v1::AlignmentService::NewStub(channel_)),
      language_(v1::LanguageService::NewStub(channel_)),
      model_(v1::ModelService::NewStub(channel_)) {}

absl::StatusOr<v1::AlignDocumentsResponse> AlignmentClient::AlignDocuments(
    const v1::AlignDocumentsRequest& request) const {
  return RunCall<v1::AlignDocumentsResponse>(timeout_, [&](auto* context, auto* response) {
    return alignment_->AlignDocuments(context, request, response);
  });
}

absl::StatusOr<v1::DetectLanguagesResponse> AlignmentClient::DetectLanguages(
    const v1::DetectLanguagesRequest& request) const {
  return RunCall<v1::DetectLanguagesResponse>(timeout_, [&](auto* context, auto* response) {
    return language_->DetectLanguages(context, request, response);
  });
}

absl::StatusOr<v1::DetectSpansResponse> AlignmentClient::DetectSpans(
    const v1::DetectSpansRequest& request) const {
  return RunCall<v1::DetectSpansResponse>(timeout_, [&](auto* context, auto* response) {
    return language_->DetectSpans(context, request, response);
  });
}

absl::StatusOr<v1::ScorePairsResponse> AlignmentClient::ScorePairs(
    const v1::ScorePairsRequest& request) const {
  return RunCall<v1::ScorePairsResponse>(timeout_, [&](auto* context, auto* response) {
    return alignment_->ScorePairs(context, request, response);
  });
}

absl::StatusOr<v1::ListModelsResponse> AlignmentClient::ListModels(
    const v1::ListModelsRequest& request) const {
  return RunCall<v1::ListModelsResponse>(timeout_, [&](auto* context, auto* response) {
    return model_->ListModels(context, request, response);
  });
}

absl::StatusOr<std::string> AlignmentClient::Health() const {
  namespace health = grpc::health::v1;
  const auto stub = health::Health::NewStub(channel_);
  const absl::StatusOr<health::HealthCheckResponse> response =
      RunCall<health::HealthCheckResponse>(timeout_, [&](auto* context, auto* reply) {
        return stub->Check(context, health::HealthCheckRequest(), reply);
      });
  if (!response.ok()) return response.status();
  return health::HealthCheckResponse::ServingStatus_Name(response->status());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status full;
  // Errors made inside gRPC have no details; then code and message are all.
  if (!full.ParseFromString(status.error_details())) full.Clear();
  full.set_code(status.error_code());
  full.set_message(status.error_message());
  return FromRpcStatus(full);
}

absl::Status FromRpcStatus(const google::rpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.code());
  if (code == absl::StatusCode::kOk) return absl::OkStatus();
  std::string message = Printable(status.message());
  if (status.details().empty()) {
    // gRPC's own words for a deadline say nothing more.
    const bool said = message.empty() || code == absl::StatusCode::kDeadlineExceeded;
    message = absl::StrCat(CodeMeaning(code), said ? "" : ": ", said ? "" : message);
  }
  const auto bad_request = FindDetail<google::rpc::BadRequest>(status);
  if (bad_request.field_violations_size() > 0) {
    const std::string& field = bad_request.field_violations(0).field();
    if (message.find(field) == std::string::npos) message = absl::StrCat(field, ": ", message);
  }
  const auto info = FindDetail<google::rpc::ErrorInfo>(status);
  if (!info.reason().empty()) absl::StrAppend(&message, " [", info.reason(), "]");
  return absl::Status(code, message);
}

}  // namespace hexapla
