// SPDX-License-Identifier: Apache-2.0
#include "server/service/unary_call.h"

#include <grpc/support/time.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/base/request_error.h"
#include "server/service/grpc_status.h"

namespace hexapla {
namespace {

// One call on its way through the pool. gRPC deletes it (OnDone) after Finish,
// and not before, so the task may use it until then.
class PooledCall final : public grpc::ServerUnaryReactor {
 public:
  using Work = absl::AnyInvocable<absl::Status(const CallContext&)>;

  PooledCall(UnaryCall call, const ServiceLimits& limits, Work work)
      : call_(std::move(call)),
        limits_(limits),
        stop_(&cancelled_,
              std::min(DeadlineOf(call_.context()), call_.received() + limits.call_time_max)),
        work_(std::move(work)) {}

  void SubmitTo(WorkerPool& pool, WorkLane lane, int64_t cost) {
    const absl::Status admitted = pool.Submit(lane, cost, [this, &pool] { Run(pool); });
    if (!admitted.ok()) Answer(AdmissionError(admitted));
  }

  void OnCancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  void OnDone() override { delete this; }

 private:
  void Run(Parallel& parallel) {
    const absl::Time started = SteadyNow();
    absl::Status status = stop_.Check();
    if (status.ok()) status = CheckQueueTime(call_.received(), limits_);
    StageTimes stages = {};
    if (status.ok()) {
      status = work_({.stop = stop_,
                      .received = call_.received(),
                      .started = started,
                      .stages = &stages,
                      .parallel = &parallel});
    }
    call_.AddWork(started - call_.received(), SteadyNow() - started, stages);
    Answer(status);
  }

  // Releases what the work holds (a set of models) before the call is over, for
  // afterwards nobody waits for it.
  void Answer(const absl::Status& status) {
    work_ = nullptr;
    Finish(call_.End(status));
  }

  UnaryCall call_;
  const ServiceLimits& limits_;
  std::atomic<bool> cancelled_ = false;
  const StopCondition stop_;
  Work work_;
};

}  // namespace

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const gpr_timespec deadline = gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_MONOTONIC);
  if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_MONOTONIC)) == 0) {
    return absl::InfiniteFuture();
  }
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(GPR_CLOCK_MONOTONIC));
  return SteadyNow() + absl::Seconds(left.tv_sec) + absl::Nanoseconds(left.tv_nsec);
}

absl::Status AdmissionError(const absl::Status& refusal) {
  if (absl::IsResourceExhausted(refusal)) return refusal;
  return RequestError(refusal.code(), {.reason = "SERVER_NOT_READY"},
                      "the server is shutting down");
}

absl::Status CheckQueueTime(absl::Time received, const ServiceLimits& limits) {
  const absl::Duration waited = SteadyNow() - received;
  if (waited <= limits.queue_time_max) return absl::OkStatus();
  return RequestError(
      absl::StatusCode::kResourceExhausted,
      {.reason = "SERVER_OVERLOADED",
       .limit = absl::FormatDuration(limits.queue_time_max),
       .value = absl::FormatDuration(waited)},
      absl::StrCat("the call waited ", absl::FormatDuration(waited), " for its turn; the limit is ",
                   absl::FormatDuration(limits.queue_time_max), "; retry later"));
}

grpc::Status UnaryCall::End(const absl::Status& status) {
  grpc::Status result = ToGrpcStatus(status);
  if (result.ok()) monitored_.AddSent(response_->ByteSizeLong());
  monitored_.End(result.error_code());
  return result;
}

grpc::ServerUnaryReactor* AnswerAtOnce(UnaryCall call, const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = call.context().DefaultReactor();
  reactor->Finish(call.End(status));
  return reactor;
}

grpc::ServerUnaryReactor* AnswerFromPool(
    UnaryCall call, const ServiceLimits& limits, WorkerPool& pool, WorkLane lane, int64_t cost,
    absl::AnyInvocable<absl::Status(const CallContext&)> work) {
  auto* pooled = new PooledCall(std::move(call), limits, std::move(work));
  pooled->SubmitTo(pool, lane, cost);
  return pooled;
}

}  // namespace hexapla
