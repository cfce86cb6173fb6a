// SPDX-License-Identifier: Apache-2.0
//
// hexaplad: the process around the server. Flags in, one line per address on
// standard output once it serves, the log on standard error; SIGTERM and SIGINT
// drain (a second one ends at once), SIGHUP reads models, certificates, tokens and
// the file of --config again.
#include <google/protobuf/stubs/logging.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "server/base/abseil_mutexes.h"
#include "server/base/status_macros.h"
#include "server/base/steady_clock.h"
#include "server/models/model_set.h"
#include "server/ops/listen_address.h"
#include "server/ops/log.h"
#include "server/ops/options.h"
#include "server/ops/reload_thread.h"
#include "server/ops/reloader.h"
#include "server/ops/server.h"
#include "server/ops/warm_up.h"

namespace hexapla {
namespace {

constexpr int kExitFailure = 1;
// How long the end waits for whoever reads the log.
constexpr absl::Duration kLogPatience = absl::Seconds(1);

// Callers who send bytes that are no message would fill the log.
void LogForProtobuf(google::protobuf::LogLevel /*level*/, const char* file, int line,
                    const std::string& message) {
  Log(LogLevel::kDebug, "protobuf", {{"message", message}, {"file", file}, {"line", line}});
}

// Each connection takes a descriptor; what the system grants by default, often
// 1024, is meant for programs that use select().
void RaiseDescriptorLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t Signals(std::initializer_list<int> numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : numbers) sigaddset(&signals, number);
  return signals;
}

// Ends the process at the first of `signals` that comes while it lives: for a
// drain that its owner no longer wants to wait for.
class EndAtOnceOn {
 public:
  explicit EndAtOnceOn(const sigset_t& signals) : thread_([this, signals] { Watch(signals); }) {}
  ~EndAtOnceOn() {
    done_ = true;
    thread_.join();
  }

 private:
  void Watch(const sigset_t& signals) const {
    const timespec interval = {.tv_sec = 0, .tv_nsec = 20'000'000};
    while (!done_) {
      const int number = sigtimedwait(&signals, nullptr, &interval);
      if (number <= 0) continue;
      Log(LogLevel::kWarning, "stop", {{"signal", number}, {"drained", false}});
      FlushLog(kLogPatience);
      _exit(kExitFailure);
    }
  }

  std::atomic<bool> done_ = false;
  std::thread thread_;
};

double Seconds(absl::Duration duration) { return absl::ToDoubleSeconds(duration); }

// Reloads until one of `signals` asks for the end; returns its number.
int ServeUntilSignal(const sigset_t& signals, bool watches_files, ReloadThread& reloads) {
  const timespec interval = {.tv_sec = 1, .tv_nsec = 0};
  while (true) {
    const int number =
        watches_files ? sigtimedwait(&signals, nullptr, &interval) : sigwaitinfo(&signals, nullptr);
    if (number == SIGHUP) {
      reloads.ReloadAll();
    } else if (number > 0) {
      return number;
    } else {
      reloads.ReloadChanged();
    }
  }
}

// Says which addresses are open to others without encryption.
void WarnOfOpenAddresses(const Options& options) {
  std::vector<std::string> plain;
  if (options.tls.certificate.empty()) plain = options.listen;
  if (!options.metrics.empty()) plain.push_back(options.metrics);
  for (const std::string& text : plain) {
    const auto address = ListenAddress::Parse(text);
    if (!address.ok() || address->is_local()) continue;
    Log(LogLevel::kWarning, "insecure",
        {{"address", address->ToString()},
         {"consequence", "whoever can reach this address can read and change what is sent"}});
  }
}

// Serves until a signal says otherwise.
absl::Status Run(Reloader& reloader, const sigset_t& signals) {
  const Options& options = reloader.options();
  const absl::Time start = SteadyNow();
  HEXAPLA_ASSIGN_OR_RETURN(const std::string directory, ResolveModelDirectory(options.models));
  HEXAPLA_ASSIGN_OR_RETURN(auto models, LoadWarmModels(directory));
  HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                           Server::Create(options, std::move(models)));
  // Only now: a failed start is one line, and this log would add to it.
  SetLogLevel(options.log_level);
  SetGrpcLogEnabled(true);
  Log(LogLevel::kInfo, "start",
      {{"version", HEXAPLA_VERSION}, {"pid", getpid()}, {"models", directory}});
  for (const std::string& address : server->addresses()) {
    std::printf("listening on %s\n", address.c_str());
  }
  std::fflush(stdout);
  nlohmann::ordered_json ready = {{"addresses", server->addresses()},
                                  {"seconds", Seconds(SteadyNow() - start)}};
  if (!options.metrics.empty()) ready["metrics"] = server->metrics_address();
  Log(LogLevel::kInfo, "ready", ready);

  for (const std::string& address : server->left_out()) {
    Log(LogLevel::kWarning, "listen", {{"left_out", address}});
  }
  WarnOfOpenAddresses(options);

  const absl::Duration grace = options.drain_grace;
  ReloadThread reloads([&] { reloader.ReloadAll(*server); },
                       [&] { reloader.ReloadChanged(*server); });
  const int number = ServeUntilSignal(signals, reloader.watches_files(), reloads);

  const absl::Time drain = SteadyNow();
  Log(LogLevel::kInfo, "drain", {{"signal", number}, {"grace_seconds", Seconds(grace)}});
  const EndAtOnceOn impatience(Signals({SIGTERM, SIGINT}));
  server->Drain(grace);
  Log(LogLevel::kInfo, "stop", {{"drained", true}, {"seconds", Seconds(SteadyNow() - drain)}});
  if (reloads.is_busy()) {
    // Nobody wants any more what is being read, perhaps from a disk that hangs.
    FlushLog(kLogPatience);
    _exit(0);
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  StopLookingForDeadlocks();
  // Before any thread exists, so that every thread inherits the mask and only
  // sigwait sees them.
  const sigset_t signals = Signals({SIGTERM, SIGINT, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();

  const auto parsed = ParseOptions(argc, argv);
  if (const auto* exit = std::get_if<CommandLineExit>(&parsed)) {
    std::fputs(exit->out.c_str(), stdout);
    std::fputs(exit->err.c_str(), stderr);
    return exit->code;
  }
  TakeOverGrpcLog();
  google::protobuf::SetLogHandler(LogForProtobuf);
  Reloader reloader(std::get<Options>(parsed), argc, argv);
  const absl::Status status = Run(reloader, signals);
  FlushLog(kLogPatience);
  if (status.ok()) return 0;
  std::fprintf(stderr, "hexaplad: %s\n", std::string(status.message()).c_str());
  return kExitFailure;
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) { return hexapla::Main(argc, argv); }
