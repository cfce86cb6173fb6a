// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_UNARY_CALL_H_
#define HEXAPLA_SERVER_SERVICE_UNARY_CALL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include <google/protobuf/message_lite.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "server/base/parallel.h"
#include "server/base/stage_times.h"
#include "server/base/steady_clock.h"
#include "server/base/stop_condition.h"
#include "server/base/worker_pool.h"
#include "server/service/call_monitor.h"
#include "server/service/service_limits.h"

namespace hexapla {

// What the work of a call needs to know about the call. Times are of SteadyNow().
struct CallContext {
  // Ends when the caller cancels or its deadline passes.
  StopCondition stop;
  absl::Time received;
  absl::Time started;
  // Where the work keeps what its stages took; null: nowhere.
  StageTimes* stages = nullptr;
  // Who helps with long work; null: nobody.
  Parallel* parallel = nullptr;

  absl::Duration queued_for() const { return started - received; }
  absl::Duration computed_for() const { return SteadyNow() - started; }
};

// When, by SteadyNow(), the call has to be over; InfiniteFuture without a deadline.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context);

// SERVER_OVERLOADED when work waited from `received` to now for longer than
// `limits` allow, else OK.
absl::Status CheckQueueTime(absl::Time received, const ServiceLimits& limits);

// What a refusal by WorkerPool::Submit means to the caller: SERVER_OVERLOADED or
// SERVER_NOT_READY.
absl::Status AdmissionError(const absl::Status& refusal);

// A unary call of the callback API, from its arrival to its answer.
//
// Lifetime: borrows all it is given; gRPC keeps them until the answer.
class UnaryCall {
 public:
  UnaryCall(CallMonitor& monitor, const char* method, grpc::CallbackServerContext& context,
            const google::protobuf::MessageLite& request,
            const google::protobuf::MessageLite& response)
      : context_(&context), response_(&response), monitored_(monitor, method, context) {
    monitored_.AddReceived(request.ByteSizeLong());
  }

  // Whether it may be served; if not, it is answered with this.
  const absl::Status& admitted() const { return monitored_.admitted(); }

  grpc::CallbackServerContext& context() const { return *context_; }
  absl::Time received() const { return monitored_.received(); }

  void AddWork(absl::Duration queued, absl::Duration computed, const StageTimes& stages) {
    monitored_.AddWork(queued, computed, stages);
  }
  // What to give gRPC to end the call with, right afterwards.
  grpc::Status End(const absl::Status& status);

 private:
  grpc::CallbackServerContext* context_;
  const google::protobuf::MessageLite* response_;
  MonitoredCall monitored_;
};

// The three ways to answer it. Each returns the reactor that the method has to
// return; the request and the response live until the work has returned.
//
// `Work` is absl::Status(const CallContext&): it fills the response, or says why
// not. It runs once, or not at all when the call was over before its turn.

// Answers with `status`, at once.
grpc::ServerUnaryReactor* AnswerAtOnce(UnaryCall call, const absl::Status& status);

// Runs bounded work (under about 50 µs) on the calling thread, where a hop to
// another would cost as much as the work.
template <typename Work>
grpc::ServerUnaryReactor* AnswerInline(UnaryCall call, Work&& work) {
  const absl::Time now = SteadyNow();
  StageTimes stages = {};
  const absl::Status status =
      work(CallContext{.stop = {}, .received = now, .started = now, .stages = &stages});
  call.AddWork(absl::ZeroDuration(), SteadyNow() - now, stages);
  return AnswerAtOnce(std::move(call), status);
}

// Runs `work` on `pool`, admitted by `cost` (bytes of request). The call fails
// with SERVER_OVERLOADED or SERVER_NOT_READY when the pool refuses it, and is
// dropped when it is cancelled or late at its turn; also fails with
// SERVER_OVERLOADED when it waited longer than `limits` allow.
grpc::ServerUnaryReactor* AnswerFromPool(UnaryCall call, const ServiceLimits& limits,
                                         WorkerPool& pool, WorkLane lane, int64_t cost,
                                         absl::AnyInvocable<absl::Status(const CallContext&)> work);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_UNARY_CALL_H_
