// SPDX-License-Identifier: Apache-2.0
//
// hexaplad: the process around the server. Flags in, one line per address on
// standard output once it serves, the log on standard error; SIGTERM and SIGINT
// drain (a second one ends at once), SIGHUP reads the models again.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "server/base/status_macros.h"
#include "server/models/model_set.h"
#include "server/ops/log.h"
#include "server/ops/options.h"
#include "server/ops/server.h"

namespace hexapla {
namespace {

constexpr int kExitFailure = 1;

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
      _exit(kExitFailure);
    }
  }

  std::atomic<bool> done_ = false;
  std::thread thread_;
};

double Seconds(absl::Duration duration) { return absl::ToDoubleSeconds(duration); }

void Reload(const std::string& directory, Server& server) {
  auto models = ModelSet::Load(directory);
  if (models.ok()) {
    server.ReplaceModels(*std::move(models));
    Log(LogLevel::kInfo, "reload", {{"models", directory}});
  } else {
    Log(LogLevel::kError, "reload",
        {{"models", directory},
         {"error", std::string(models.status().message())},
         {"consequence", "the models loaded before go on serving"}});
  }
}

// Serves until a signal says otherwise.
absl::Status Run(const Options& options, const sigset_t& signals) {
  const absl::Time start = absl::Now();
  HEXAPLA_ASSIGN_OR_RETURN(const std::string directory, ResolveModelDirectory(options.models));
  HEXAPLA_ASSIGN_OR_RETURN(auto models, ModelSet::Load(directory));
  HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                           Server::Create(options, std::move(models)));
  // Only now: a failed start is one line, and this log would add to it.
  SetGrpcLogEnabled(true);
  Log(LogLevel::kInfo, "start",
      {{"version", HEXAPLA_VERSION}, {"pid", getpid()}, {"models", directory}});
  for (const std::string& address : server->addresses()) {
    std::printf("listening on %s\n", address.c_str());
  }
  std::fflush(stdout);
  Log(LogLevel::kInfo, "ready",
      {{"addresses", server->addresses()}, {"seconds", Seconds(absl::Now() - start)}});

  int number = 0;
  while (sigwait(&signals, &number) == 0 && number == SIGHUP) Reload(directory, *server);

  const absl::Time drain = absl::Now();
  Log(LogLevel::kInfo, "drain",
      {{"signal", number}, {"grace_seconds", Seconds(options.drain_grace)}});
  const EndAtOnceOn impatience(Signals({SIGTERM, SIGINT}));
  server->Drain(options.drain_grace);
  Log(LogLevel::kInfo, "stop", {{"drained", true}, {"seconds", Seconds(absl::Now() - drain)}});
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  // Before any thread exists, so that every thread inherits the mask and only
  // sigwait sees them.
  const sigset_t signals = Signals({SIGTERM, SIGINT, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  const auto parsed = ParseOptions(argc, argv);
  if (const auto* exit = std::get_if<CommandLineExit>(&parsed)) {
    std::fputs(exit->out.c_str(), stdout);
    std::fputs(exit->err.c_str(), stderr);
    return exit->code;
  }
  TakeOverGrpcLog();
  const absl::Status status = Run(std::get<Options>(parsed), signals);
  if (status.ok()) return 0;
  std::fprintf(stderr, "hexaplad: %s\n", std::string(status.message()).c_str());
  return kExitFailure;
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) { return hexapla::Main(argc, argv); }
