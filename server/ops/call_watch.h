// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_CALL_WATCH_H_
#define HEXAPLA_SERVER_OPS_CALL_WATCH_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "server/ops/auth_tokens.h"
#include "server/ops/call_metrics.h"
#include "server/ops/log.h"
#include "server/service/call_monitor.h"

namespace hexapla {

// What operations does with every call of our services: asks for its token,
// counts it, and logs how it ended: at level "debug", without a token "info", and
// when it is our fault "error", these two within a LogLimit each. Of a call the log tells its
// method, outcome, times, sizes, the kind of its peer and the trace that its "traceparent" metadata
// names (W3C Trace Context), never what it said.
//
// gRPC's interceptors would see the calls of all services, but cost each one
// several more trips through its core.
//
// Threads: as CallMonitor, once tokens and metrics are set.
class CallWatch final : public CallMonitor {
 public:
  // Before the first call. Without, none needs a token.
  void RequireTokens(std::shared_ptr<const CurrentTokens> tokens) { tokens_ = std::move(tokens); }

  // Before the first call. Without, none is counted.
  void CountIn(std::shared_ptr<CallMetrics> metrics) { metrics_ = std::move(metrics); }

  absl::Status Admit(const grpc::CallbackServerContext& context) override;
  void OnStart(const char* method) override;
  void OnWork(const char* method, const StageTimes& stages) override;
  void OnEnd(const CallSummary& call) override;

 private:
  std::shared_ptr<const CurrentTokens> tokens_;
  std::shared_ptr<CallMetrics> metrics_;
  LogLimit strangers_;
  LogLimit errors_;
};

// The trace of a "traceparent" header of W3C Trace Context; both parts empty
// when it is none.
struct TraceParent {
  absl::string_view trace_id;   // 32 hexadecimal digits
  absl::string_view parent_id;  // 16
};
// Borrows from `header`.
TraceParent ParseTraceParent(absl::string_view header);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_CALL_WATCH_H_
