// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SERVICE_STREAM_ALARM_H_
#define HEXAPLA_SERVER_SERVICE_STREAM_ALARM_H_

#include <grpcpp/alarm.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace hexapla {

// Calls `action` after `delay`, while the stream lives and the alarm is kept.
template <typename Stream>
std::unique_ptr<grpc::Alarm> AlarmIn(absl::Duration delay, std::weak_ptr<Stream> stream,
                                     void (*action)(Stream&)) {
  auto alarm = std::make_unique<grpc::Alarm>();
  alarm->Set(absl::ToChronoTime(absl::Now() + delay),
             [weak = std::move(stream), action](bool rang) {
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

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SERVICE_STREAM_ALARM_H_
