// SPDX-License-Identifier: Apache-2.0
//
// The server's log: one JSON object a line on standard error. An event has
// "time" (UTC, RFC 3339, milliseconds), "level", "event" and its own fields;
// text of a document is never among them.
//
//   {"time":"2026-05-04T10:20:30.123Z","level":"info","event":"drain","signal":15}
#ifndef HEXAPLA_SERVER_OPS_LOG_H_
#define HEXAPLA_SERVER_OPS_LOG_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hexapla {

enum class LogLevel { kInfo, kWarning, kError };

// The line of an event, without a newline. `fields` is an object; its order is
// kept. Bytes that are not UTF-8 are replaced.
std::string FormatLogLine(absl::Time time, LogLevel level, absl::string_view event,
                          const nlohmann::ordered_json& fields);

// Writes the line of an event that happens now, in one write.
// Threads: may be called concurrently.
void Log(LogLevel level, absl::string_view event,
         const nlohmann::ordered_json& fields = nlohmann::ordered_json::object());

// Makes gRPC's own log lines events ("grpc") of this one: errors, and nothing
// until `SetGrpcLogEnabled(true)`, because what keeps the server from starting
// is reported by its caller already. Call before gRPC is used.
void TakeOverGrpcLog();
void SetGrpcLogEnabled(bool enabled);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_LOG_H_
