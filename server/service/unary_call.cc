// SPDX-License-Identifier: Apache-2.0
#include "server/service/unary_call.h"

#include <chrono>
#include <string>
#include <utility>

#include "server/base/request_error.h"
#include "server/service/grpc_status.h"

namespace hexapla {
namespace {

// One call on its way through the pool. gRPC deletes it (OnDone) after Finish,
// and not before, so the task may use it until then.
class PooledCall final : public grpc::ServerUnaryReactor {
 public:
  using Work = absl::AnyInvocable<absl::Status(const CallContext&)>;

  PooledCall(absl::Time deadline, Work work)
      : received_(absl::Now()), stop_(&cancelled_, deadline), work_(std::move(work)) {}

  void SubmitTo(WorkerPool& pool, WorkLane lane, int64_t cost) {
    const absl::Status admitted = pool.Submit(lane, cost, [this] { Run(); });
    if (!admitted.ok()) Answer(AdmissionError(admitted));
  }

  void OnCancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  void OnDone() override { delete this; }

 private:
  void Run() {
    absl::Status status = stop_.Check();
    if (status.ok()) {
      status = work_({.stop = stop_, .received = received_, .started = absl::Now()});
    }
    Answer(status);
  }

  // Releases what the work holds (a set of models) before the call is over, for
  // afterwards nobody waits for it.
  void Answer(const absl::Status& status) {
    work_ = nullptr;
    Finish(ToGrpcStatus(status));
  }

  std::atomic<bool> cancelled_ = false;
  const absl::Time received_;
  const StopCondition stop_;
  Work work_;
};

}  // namespace

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

absl::Status AdmissionError(const absl::Status& refusal) {
  const bool overloaded = refusal.code() == absl::StatusCode::kResourceExhausted;
  return RequestError(refusal.code(),
                      {.reason = overloaded ? "SERVER_OVERLOADED" : "SERVER_NOT_READY"},
                      overloaded ? "the server has more work than it admits; retry later"
                                 : "the server is shutting down");
}

grpc::ServerUnaryReactor* AnswerAtOnce(grpc::CallbackServerContext& context,
                                       const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

grpc::ServerUnaryReactor* AnswerFromPool(
    grpc::CallbackServerContext& context, WorkerPool& pool, WorkLane lane, int64_t cost,
    absl::AnyInvocable<absl::Status(const CallContext&)> work) {
  auto* call = new PooledCall(DeadlineOf(context), std::move(work));
  call->SubmitTo(pool, lane, cost);
  return call;
}

}  // namespace hexapla
