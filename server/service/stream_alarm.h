// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_STREAM_ALARM_H_
#define HEXAPLA_SERVER_SERVICE_STREAM_ALARM_H_

#include <grpc/grpc.h>
#include <grpc/support/time.h>
#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace hexapla {

// Calls `action` after `delay`, while the stream lives and the alarm is kept.
template <typename Stream>
std::unique_ptr<grpc::Alarm> AlarmIn(absl::Duration delay, std::weak_ptr<Stream> stream,
                                     void (*action)(Stream&)) {
  auto alarm = std::make_unique<grpc::Alarm>();
  const gpr_timespec when =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_nanos(absl::ToInt64Nanoseconds(delay), GPR_TIMESPAN));
  alarm->Set(when, [weak = std::move(stream), action](bool rang) {
    const auto alive = weak.lock();
    if (rang && alive != nullptr) action(*alive);
  });
  return alarm;
}

// What ends a stream whose caller neither sent nor read anything for so long.
inline absl::Status StreamStalled(absl::Duration silence) {
  return absl::DeadlineExceededError(absl::StrCat(
      "the stream stalled: nothing was sent or read for ", absl::FormatDuration(silence)));
}

// Ends a call whose write nobody reads: neither the write nor Finish() would ever
// come to an end. The caller gets `status`, where TryCancel() would say CANCELLED.
inline void CutOff(grpc::CallbackServerContext& context, const absl::Status& status) {
  grpc_call_cancel_with_status(context.c_call(), static_cast<grpc_status_code>(status.code()),
                               std::string(status.message()).c_str(), nullptr);
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_STREAM_ALARM_H_
