// SPDX-License-Identifier: Apache-2.0
#include "server/ops/health.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "server/base/request_error.h"
#include "server/service/grpc_status.h"

namespace hexapla {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace {

// What a caller, who needs no token here, can make the server keep.
constexpr size_t kServiceBytesMax = 256;

absl::Status CheckName(const std::string& service) {
  if (service.size() <= kServiceBytesMax) return absl::OkStatus();
  return RequestError(
      absl::StatusCode::kInvalidArgument,
      {.reason = "TEXT_TOO_LONG",
       .field = "service",
       .limit = absl::StrCat(kServiceBytesMax),
       .value = absl::StrCat(service.size())},
      absl::StrCat("service has ", service.size(), " bytes; the limit is ", kServiceBytesMax));
}

absl::Status TooManyWatches(size_t limit) {
  return RequestError(
      absl::StatusCode::kResourceExhausted,
      {.reason = "SERVER_OVERLOADED", .limit = absl::StrCat(limit)},
      absl::StrCat("there are ", limit, " watches, which is the limit; retry later"));
}

}  // namespace

// One Watch stream. It sends the status of its service whenever that differs
// from what it sent last; what changes while a write is under way waits for its
// end, so a slow reader sees the latest status, not each.
//
// Its own state is guarded by the service's mutex. gRPC never runs a reaction
// inside StartWrite or Finish, so both may be called under it.
class HealthService::Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  Watcher(HealthService& health, std::string service)
      : health_(health), service_(std::move(service)) {
    MutexLock lock(health_.mutex_);
    if (health_.watchers_.size() >= health_.watchers_max_) {
      FinishOnce(ToGrpcStatus(TooManyWatches(health_.watchers_max_)));
      return;
    }
    health_.watchers_.insert(this);
    Update();
  }

  void Update() ABSL_EXCLUSIVE_LOCKS_REQUIRED(health_.mutex_) {
    if (writing_ || finished_) return;
    const ServingStatus status = health_.StatusOf(service_);
    if (!sent_any_ || status != response_.status()) {
      sent_any_ = true;
      writing_ = true;
      response_.set_status(status);
      StartWrite(&response_);
    } else if (health_.draining_) {
      FinishOnce(ToGrpcStatus(absl::UnavailableError("the server is shutting down")));
    }
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(health_.mutex_);
    writing_ = false;
    if (ok) {
      Update();
    } else {
      FinishOnce(grpc::Status::CANCELLED);
    }
  }

  void OnCancel() override {
    MutexLock lock(health_.mutex_);
    FinishOnce(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    {
      MutexLock lock(health_.mutex_);
      health_.watchers_.erase(this);
    }
    delete this;
  }

 private:
  void FinishOnce(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(health_.mutex_) {
    if (std::exchange(finished_, true)) return;
    Finish(status);
  }

  HealthService& health_;
  const std::string service_;

  HealthCheckResponse response_ ABSL_GUARDED_BY(health_.mutex_);
  bool sent_any_ ABSL_GUARDED_BY(health_.mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(health_.mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(health_.mutex_) = false;
};

// A Watch stream that is not served.
class HealthService::Refusal final : public grpc::ServerWriteReactor<HealthCheckResponse> {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

void HealthService::SetServing(const std::string& service, bool serving) {
  MutexLock lock(mutex_);
  if (draining_) return;
  statuses_[service] = serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
  UpdateWatchers();
}

void HealthService::Drain() {
  MutexLock lock(mutex_);
  draining_ = true;
  for (auto& [service, status] : statuses_) status = HealthCheckResponse::NOT_SERVING;
  UpdateWatchers();
}

grpc::ServerUnaryReactor* HealthService::Check(grpc::CallbackServerContext* context,
                                               const HealthCheckRequest* request,
                                               HealthCheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status named = CheckName(request->service());
  if (!named.ok()) {
    reactor->Finish(ToGrpcStatus(named));
    return reactor;
  }
  ServingStatus status;
  {
    MutexLock lock(mutex_);
    status = StatusOf(request->service());
  }
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
    reactor->Finish(ToGrpcStatus(absl::NotFoundError("the server has no service of that name")));
  } else {
    response->set_status(status);
    reactor->Finish(grpc::Status::OK);
  }
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext* /*context*/, const HealthCheckRequest* request) {
  const absl::Status named = CheckName(request->service());
  if (!named.ok()) return new Refusal(ToGrpcStatus(named));
  return new Watcher(*this, request->service());
}

HealthService::ServingStatus HealthService::StatusOf(const std::string& service) const {
  const auto found = statuses_.find(service);
  return found == statuses_.end() ? HealthCheckResponse::SERVICE_UNKNOWN : found->second;
}

void HealthService::UpdateWatchers() {
  for (Watcher* watcher : watchers_) {
    // The very mutex that this method holds; the analysis cannot see that.
    [watcher]() ABSL_NO_THREAD_SAFETY_ANALYSIS { watcher->Update(); }();
  }
}

}  // namespace hexapla
