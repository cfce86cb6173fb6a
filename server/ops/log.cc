// SPDX-License-Identifier: Apache-2.0
#include "server/ops/log.h"

#include <grpc/support/log.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/time/clock.h"

#include "server/base/steady_clock.h"

namespace hexapla {
namespace {

// Of lines that wait to be written.
constexpr size_t kWaitingBytesMax = size_t{4} << 20;

std::atomic<bool> grpc_log_enabled = false;
std::atomic<uint64_t> grpc_errors = 0;
std::atomic<LogLevel> log_level = LogLevel::kOff;
std::atomic<uint64_t> lines_left_out = 0;

// Writes lines to standard error, one after the other.
class LogWriter {
 public:
  // Never ends: whatever is logged while the process ends must find it.
  static LogWriter& Get() {
    static auto& writer = *new LogWriter;
    return writer;
  }

  void Add(std::string line) {
    std::lock_guard lock(mutex_);
    if (waiting_bytes_ + line.size() > kWaitingBytesMax) {
      ++dropped_;
      return;
    }
    waiting_bytes_ += line.size();
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }

  void Flush(absl::Duration patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoNanoseconds(patience),
                      [this] { return lines_.empty() && !writing_; });
  }

  uint64_t dropped() const { return dropped_; }

 private:
  LogWriter() {
    std::thread([this] { WriteLines(); }).detach();
  }

  void WriteLines() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !lines_.empty(); });
      const std::string line = std::move(lines_.front());
      lines_.pop_front();
      writing_ = true;
      lock.unlock();
      if (!Write(line)) ++dropped_;
      lock.lock();
      writing_ = false;
      waiting_bytes_ -= line.size();
      changed_.notify_all();
    }
  }

  // Whether somebody took all of it. In one write where the system does so, so
  // that lines of two processes do not mix.
  static bool Write(const std::string& line) {
    size_t done = 0;
    while (done < line.size()) {
      const ssize_t written = write(STDERR_FILENO, line.data() + done, line.size() - done);
      if (written >= 0) {
        done += static_cast<size_t>(written);
      } else if (errno == EAGAIN) {
        pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
        poll(&ready, 1, /*timeout=*/-1);
      } else if (errno != EINTR) {
        return false;
      }
    }
    return true;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  size_t waiting_bytes_ = 0;
  bool writing_ = false;
  std::atomic<uint64_t> dropped_ = 0;
};

const char* LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
    case LogLevel::kOff:
      break;
  }
  return "";
}

void LogForGrpc(gpr_log_func_args* args) {
  if (!grpc_log_enabled.load(std::memory_order_relaxed)) return;
  const LogLevel level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kError : LogLevel::kInfo;
  if (level == LogLevel::kError) ++grpc_errors;
  static auto& limit = *new LogLimit;
  LogLimited(limit, level, "grpc",
             {{"message", args->message}, {"file", args->file}, {"line", args->line}});
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

void SetLogLevel(LogLevel level) { log_level = level; }

bool IsLogged(LogLevel level) { return level >= log_level.load(std::memory_order_relaxed); }

void Log(LogLevel level, absl::string_view event, const nlohmann::ordered_json& fields) {
  if (!IsLogged(level)) return;
  LogWriter::Get().Add(FormatLogLine(absl::Now(), level, event, fields) + "\n");
}

std::optional<uint64_t> LogLimit::Admit(absl::Time now) {
  MutexLock lock(mutex_);
  lines_ = std::min(kAtOnce, lines_ + absl::ToDoubleSeconds(now - counted_));
  counted_ = now;
  if (lines_ < 1) {
    ++left_out_;
    return std::nullopt;
  }
  lines_ -= 1;
  return std::exchange(left_out_, 0);
}

void LogLimited(LogLimit& limit, LogLevel level, absl::string_view event,
                nlohmann::ordered_json fields) {
  if (!IsLogged(level)) return;
  const std::optional<uint64_t> left_out = limit.Admit(SteadyNow());
  if (!left_out.has_value()) {
    ++lines_left_out;
    return;
  }
  if (*left_out > 0) fields["left_out"] = *left_out;
  Log(level, event, fields);
}

uint64_t LogLinesLeftOut() { return lines_left_out; }

void FlushLog(absl::Duration patience) { LogWriter::Get().Flush(patience); }

uint64_t LogLinesDropped() { return LogWriter::Get().dropped(); }

void TakeOverGrpcLog() {
  gpr_set_log_function(LogForGrpc);
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
}

void SetGrpcLogEnabled(bool enabled) { grpc_log_enabled = enabled; }

uint64_t GrpcErrors() { return grpc_errors; }

}  // namespace hexapla
