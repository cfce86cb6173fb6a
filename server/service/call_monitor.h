// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_CALL_MONITOR_H_
#define HEXAPLA_SERVER_SERVICE_CALL_MONITOR_H_

#include <grpcpp/server_context.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "server/base/stage_times.h"

namespace hexapla {

// One call of our services, as it was when it ended.
struct CallSummary {
  // "hexapla.v1.LanguageService/DetectLanguages"; a literal.
  const char* method = "";
  const grpc::CallbackServerContext* context = nullptr;
  grpc::StatusCode code = grpc::StatusCode::OK;
  absl::Duration duration = {};
  // Of all the work that the call was, waiting and computing; a stream does
  // many pieces, also at a time.
  absl::Duration queued = {};
  absl::Duration computed = {};
  // Of the messages, before gRPC frames them.
  int64_t received_bytes = 0;
  int64_t sent_bytes = 0;
};

// What is done alike for every call of every service: whether it may be served,
// and who keeps count of it.
//
// Threads: every method may be called concurrently.
class CallMonitor {
 public:
  virtual ~CallMonitor() = default;

  // OK when the call may be served; asked before anything else is done for it.
  virtual absl::Status Admit(const grpc::CallbackServerContext& /*context*/) {
    return absl::OkStatus();
  }
  virtual void OnStart(const char* /*method*/) {}
  // After each piece of work: that of a unary call, a set, a batch, a match.
  virtual void OnWork(const char* /*method*/, const StageTimes& /*stages*/) {}
  // Right before the caller is told.
  virtual void OnEnd(const CallSummary& /*call*/) {}

  // One that serves all and keeps no count.
  static CallMonitor& None() {
    static CallMonitor none;
    return none;
  }
};

// The call's side of it: from its arrival to End().
// Threads: compatible; the call lends it from thread to thread.
class MonitoredCall {
 public:
  // All are borrowed; `context` until End.
  MonitoredCall(CallMonitor& monitor, const char* method,
                const grpc::CallbackServerContext& context);

  // Whether it may be served; if not, it ends with this.
  const absl::Status& admitted() const { return admitted_; }
  // A time of SteadyNow(), as all in the services are.
  absl::Time received() const { return received_; }

  void AddReceived(size_t bytes) { summary_.received_bytes += static_cast<int64_t>(bytes); }
  void AddSent(size_t bytes) { summary_.sent_bytes += static_cast<int64_t>(bytes); }
  void AddWork(absl::Duration queued, absl::Duration computed, const StageTimes& stages) {
    summary_.queued += queued;
    summary_.computed += computed;
    monitor_->OnWork(summary_.method, stages);
  }

  // Once, right before the caller is told.
  void End(grpc::StatusCode code);

 private:
  CallMonitor* monitor_;
  absl::Time received_;
  absl::Status admitted_;
  CallSummary summary_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_CALL_MONITOR_H_
