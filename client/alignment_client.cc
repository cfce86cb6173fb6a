// SPDX-License-Identifier: Apache-2.0
#include "client/alignment_client.h"

#include <google/rpc/error_details.pb.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpc/health/v1/health.grpc.pb.h"

#include "client/text_layout.h"

namespace hexapla {
namespace {

// The first detail of type `Detail`, or an empty one.
template <typename Detail>
Detail FindDetail(const google::rpc::Status& status) {
  Detail detail;
  for (const google::protobuf::Any& any : status.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  return detail;
}

// When to repeat a call that an overloaded server refused: not before it asks, less
// often from time to time, and not at once with everybody else who was refused.
class OverloadBackoff {
 public:
  absl::Duration Next(absl::Duration asked) {
    const absl::Duration delay = std::max(asked, floor_);
    floor_ = std::min(2 * delay, std::max(asked, kFloorMax));
    return delay * std::uniform_real_distribution<>(1, kSpread)(random_);
  }

 private:
  static constexpr absl::Duration kFloorMax = absl::Seconds(5);
  static constexpr double kSpread = 1.5;

  absl::Duration floor_ = absl::ZeroDuration();
  std::minstd_rand random_{std::random_device()()};
};

// Runs one unary call: call(context, response) gives its status. It is repeated
// while the server is overloaded and the time allows it.
template <typename Response, typename Call>
absl::StatusOr<Response> RunCall(absl::Duration timeout, const Call& call) {
  const absl::Time deadline = absl::Now() + timeout;
  OverloadBackoff backoff;
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(deadline));
    Response response;
    const grpc::Status status = call(&context, &response);
    if (status.ok()) return response;
    const absl::Duration asked = DelayAsked(status);
    const absl::Duration delay = backoff.Next(asked);
    if (asked <= absl::ZeroDuration() || absl::Now() + delay >= deadline) {
      return FromGrpcStatus(status);
    }
    absl::SleepFor(delay);
  }
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

absl::Duration DelayAsked(const google::rpc::Status& status) {
  if (status.code() != grpc::StatusCode::RESOURCE_EXHAUSTED) return absl::ZeroDuration();
  const auto delay = FindDetail<google::rpc::RetryInfo>(status).retry_delay();
  return absl::Seconds(delay.seconds()) + absl::Nanoseconds(delay.nanos());
}

absl::Duration DelayAsked(const grpc::Status& status) {
  google::rpc::Status full;
  if (!full.ParseFromString(status.error_details())) return absl::ZeroDuration();
  return DelayAsked(full);
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

absl::Status CheckFits(const v1::AlignDocumentsResponse& response, int versions) {
  const auto is_version = [versions](int index) { return index >= 0 && index < versions; };
  bool consistent = response.summary().versions_size() == versions;
  for (const v1::Bead& bead : response.beads()) {
    consistent = consistent && bead.sides_size() == versions;
  }
  for (const v1::VersionPair& pair : response.summary().pairs()) {
    consistent = consistent && is_version(pair.first()) && is_version(pair.second());
  }
  for (const v1::Warning& warning : response.summary().warnings()) {
    for (const int index : warning.indices()) consistent = consistent && is_version(index);
  }
  if (consistent) return absl::OkStatus();
  return absl::InternalError("the reply does not fit the request; is the server of this version?");
}

}  // namespace hexapla
