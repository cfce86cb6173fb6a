// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_UNARY_CALL_H_
#define HEXAPLA_SERVER_SERVICE_UNARY_CALL_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "server/base/stop_condition.h"
#include "server/base/worker_pool.h"

namespace hexapla {

// What the work of a call needs to know about the call.
struct CallContext {
  // Ends when the caller cancels or its deadline passes.
  StopCondition stop;
  absl::Time received;
  absl::Time started;

  absl::Duration queued_for() const { return started - received; }
  absl::Duration computed_for() const { return absl::Now() - started; }
};

// When the call has to be over; InfiniteFuture without a deadline.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context);

// What a refusal by WorkerPool::Submit means to the caller: SERVER_OVERLOADED or
// SERVER_NOT_READY.
absl::Status AdmissionError(const absl::Status& refusal);

// The three ways to answer a unary call of the callback API. Each returns the
// reactor that the method has to return; the request and the response live until
// the work has returned.
//
// `Work` is absl::Status(const CallContext&): it fills the response, or says why
// not. It runs once, or not at all when the call was over before its turn.

// Answers with `status`, at once.
grpc::ServerUnaryReactor* AnswerAtOnce(grpc::CallbackServerContext& context,
                                       const absl::Status& status);

// Runs bounded work (under about 50 µs) on the calling thread, where a hop to
// another would cost as much as the work.
template <typename Work>
grpc::ServerUnaryReactor* AnswerInline(grpc::CallbackServerContext& context, Work&& work) {
  const absl::Time now = absl::Now();
  return AnswerAtOnce(context, work(CallContext{.stop = {}, .received = now, .started = now}));
}

// Runs `work` on `pool`, admitted by `cost` (bytes of request). The call fails
// with SERVER_OVERLOADED or SERVER_NOT_READY when the pool refuses it, and is
// dropped when it is cancelled or late at its turn.
grpc::ServerUnaryReactor* AnswerFromPool(grpc::CallbackServerContext& context, WorkerPool& pool,
                                         WorkLane lane, int64_t cost,
                                         absl::AnyInvocable<absl::Status(const CallContext&)> work);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_UNARY_CALL_H_
