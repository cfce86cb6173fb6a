// SPDX-License-Identifier: Apache-2.0
#include "server/ops/log.h"

#include <grpc/support/log.h>
#include <unistd.h>

#include <atomic>

#include "absl/time/clock.h"

namespace hexapla {
namespace {

std::atomic<bool> grpc_log_enabled = false;

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "";
}

void LogForGrpc(gpr_log_func_args* args) {
  if (!grpc_log_enabled.load(std::memory_order_relaxed)) return;
  const LogLevel level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kError : LogLevel::kInfo;
  Log(level, "grpc", {{"message", args->message}, {"file", args->file}, {"line", args->line}});
}

}  // namespace

std::string FormatLogLine(absl::Time time, LogLevel level, absl::string_view event,
                          const nlohmann::ordered_json& fields) {
  nlohmann::ordered_json line = {
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone())},
      {"level", LevelName(level)},
      {"event", std::string(event)}};
  for (const auto& [name, value] : fields.items()) line[name] = value;
  return line.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

void Log(LogLevel level, absl::string_view event, const nlohmann::ordered_json& fields) {
  const std::string line = FormatLogLine(absl::Now(), level, event, fields) + "\n";
  // A log that nobody takes is no reason to stop serving.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

void TakeOverGrpcLog() {
  gpr_set_log_function(LogForGrpc);
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
}

void SetGrpcLogEnabled(bool enabled) { grpc_log_enabled = enabled; }

}  // namespace hexapla
