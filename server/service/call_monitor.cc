// SPDX-License-Identifier: Apache-2.0
#include "server/service/call_monitor.h"

#include "server/base/steady_clock.h"

namespace hexapla {

MonitoredCall::MonitoredCall(CallMonitor& monitor, const char* method,
                             const grpc::CallbackServerContext& context)
    : monitor_(&monitor), received_(SteadyNow()) {
  summary_.method = method;
  summary_.context = &context;
  monitor_->OnStart(method);
  admitted_ = monitor_->Admit(context);
}

void MonitoredCall::End(grpc::StatusCode code) {
  summary_.code = code;
  summary_.duration = SteadyNow() - received_;
  monitor_->OnEnd(summary_);
}

}  // namespace hexapla
