// SPDX-License-Identifier: Apache-2.0
//
// The server's log: one JSON object a line on standard error. An event has
// "time" (UTC, RFC 3339, milliseconds), "level", "event" and its own fields;
// text of a document is never among them.
//
//   {"time":"2026-05-04T10:20:30.123Z","level":"info","event":"drain","signal":15}
//
// A thread of its own writes the lines, so that nobody who logs ever waits for
// whoever reads: what neither fits into 4 MiB of waiting lines nor on the disk
// is dropped and counted.
#ifndef HEXAPLA_SERVER_OPS_LOG_H_
#define HEXAPLA_SERVER_OPS_LOG_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "server/base/mutex.h"

namespace hexapla {

// kOff is for the level that is logged from, not for an event.
enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// Events below it are dropped. kOff until it is set, so that the library is
// silent inside other programs.
void SetLogLevel(LogLevel level);
bool IsLogged(LogLevel level);

// The line of an event, without a newline. `fields` is an object; its order is
// kept. Bytes that are not UTF-8 are replaced.
std::string FormatLogLine(absl::Time time, LogLevel level, absl::string_view event,
                          const nlohmann::ordered_json& fields);

// Hands over the line of an event that happens now.
// Threads: may be called concurrently.
void Log(LogLevel level, absl::string_view event,
         const nlohmann::ordered_json& fields = nlohmann::ordered_json::object());

// How often something is logged that strangers can cause as often as they like:
// ten lines at once, and one a second after that.
//
// Threads: may be used concurrently.
class LogLimit {
 public:
  // Whether a line may be written at `now`, a time of SteadyNow(): then the number
  // of those left out since the last one.
  std::optional<uint64_t> Admit(absl::Time now);

 private:
  Mutex mutex_;
  double lines_ ABSL_GUARDED_BY(mutex_) = kAtOnce;
  absl::Time counted_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  uint64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;

  static constexpr double kAtOnce = 10;
};

// The same as Log within `limit`; the line says in "left_out" how many like it were
// not written before it, if any.
void LogLimited(LogLimit& limit, LogLevel level, absl::string_view event,
                nlohmann::ordered_json fields);

// Lines that LogLimited left out since the start.
uint64_t LogLinesLeftOut();

// Waits until the lines handed over so far are written, at most for `patience`.
void FlushLog(absl::Duration patience);

// Lines that were dropped since the start.
uint64_t LogLinesDropped();

// Makes gRPC's own log lines events ("grpc") of this one: errors, within a LogLimit,
// because every handshake that fails is one; and nothing until `SetGrpcLogEnabled(true)`, because
// what keeps the server from starting is reported by its caller already. Call before gRPC is used.
void TakeOverGrpcLog();
void SetGrpcLogEnabled(bool enabled);

// Errors that gRPC told of since the start, written or not.
uint64_t GrpcErrors();

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_LOG_H_
