// SPDX-License-Identifier: Apache-2.0
//
// hexaplad: the process around the server. Flags in, one line per address on
// standard output once it serves, the log on standard error; SIGTERM and SIGINT
// drain (a second one ends at once), SIGHUP reads models,
// certificates, tokens and the file of --config again.
#include <google/protobuf/stubs/logging.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "server/base/status_macros.h"
#include "server/models/model_set.h"
#include "server/ops/listen_address.h"
#include "server/ops/log.h"
#include "server/ops/options.h"
#include "server/ops/secret_file.h"
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

// One line of the log for what was read again: `what` is the name of its field.
void LogReload(const char* what, const std::string& path, const absl::Status& status) {
  if (status.ok()) {
    Log(LogLevel::kInfo, "reload", {{what, path}});
  } else {
    Log(LogLevel::kError, "reload",
        {{what, path},
         {"error", std::string(status.message())},
         {"consequence", "what was loaded before goes on serving"}});
  }
}

void ReloadModels(const std::string& models, Server& server) {
  const absl::StatusOr<std::string> directory = ResolveModelDirectory(models);
  if (!directory.ok()) return LogReload("models", models, directory.status());
  auto loaded = LoadWarmModels(*directory);
  if (loaded.ok()) server.ReplaceModels(*std::move(loaded));
  LogReload("models", *directory, loaded.status());
}

// The command line with the file of --config as it is now. What can change while
// it serves does: the level of the log, and where the models are.
class Configuration {
 public:
  Configuration(Options options, int argc, char** argv)
      : options_(std::move(options)), argc_(argc), argv_(argv) {}

  const Options& options() const { return options_; }

  void Reload() {
    const auto file = options_.given.find("config");
    if (file == options_.given.end()) return;
    auto parsed = ParseOptions(argc_, argv_);
    if (const auto* exit = std::get_if<CommandLineExit>(&parsed)) {
      LogReload("config", file->second, absl::InvalidArgumentError(exit->err));
      return;
    }
    Options options = std::get<Options>(std::move(parsed));
    const std::vector<std::string> fixed = ChangedForGood(options.given);
    options_.log_level = options.log_level;
    options_.models = options.models;
    SetLogLevel(options_.log_level);
    Log(LogLevel::kInfo, "reload", {{"config", file->second}});
    if (fixed.empty()) return;
    Log(LogLevel::kWarning, "restart_needed", {{"config", file->second}, {"flags", fixed}});
  }

 private:
  // The flags that differ from those it serves with, and only a restart changes.
  std::vector<std::string> ChangedForGood(const std::map<std::string, std::string>& given) const {
    std::set<std::string> names;
    for (const auto* flags : {&given, &options_.given}) {
      for (const auto& [name, value] : *flags) names.insert(name);
    }
    std::vector<std::string> changed;
    for (const std::string& name : names) {
      const auto now = given.find(name);
      const auto before = options_.given.find(name);
      const bool same =
          now != given.end() && before != options_.given.end() && now->second == before->second;
      if (!same && name != "log_level" && name != "models") changed.push_back(name);
    }
    return changed;
  }

  Options options_;
  const int argc_;
  char** const argv_;
};

// The files of TLS and tokens: read again when they have changed, for who renews
// certificates often cannot send signals.
class Secrets {
 public:
  Secrets(const Options& options, Server& server)
      : tls_(options.tls), tokens_(options.auth_tokens), server_(server) {
    loaded_tls_ = seen_tls_ = StampOfTls();
    loaded_tokens_ = seen_tokens_ = FileStamp(tokens_);
  }

  bool any() const { return !tls_.certificate.empty(); }

  void Reload() {
    ReloadTls();
    ReloadTokens();
  }

  // Loads what has changed and then stayed as it is since the last look: of a
  // pair of files one is written first.
  void Look() {
    const std::string tls = StampOfTls();
    const std::string tokens = FileStamp(tokens_);
    if (tls != loaded_tls_ && tls == seen_tls_) ReloadTls();
    if (tokens != loaded_tokens_ && tokens == seen_tokens_) ReloadTokens();
    seen_tls_ = tls;
    seen_tokens_ = tokens;
  }

 private:
  std::string StampOfTls() const {
    return FileStamp(tls_.certificate) + "/" + FileStamp(tls_.key) + "/" +
           FileStamp(tls_.client_ca);
  }
  void ReloadTls() {
    if (tls_.certificate.empty()) return;
    loaded_tls_ = StampOfTls();
    LogReload("certificate", tls_.certificate, server_.ReloadTls());
  }
  void ReloadTokens() {
    if (tokens_.empty()) return;
    loaded_tokens_ = FileStamp(tokens_);
    LogReload("tokens", tokens_, server_.ReloadTokens());
  }

  const TlsFiles tls_;
  const std::string tokens_;
  Server& server_;
  // As they were when they were read, and at the last look.
  std::string loaded_tls_;
  std::string loaded_tokens_;
  std::string seen_tls_;
  std::string seen_tokens_;
};

// Reloads until one of `signals` asks for the end; returns its number.
int ServeUntilSignal(const sigset_t& signals, Configuration& configuration, Secrets& secrets,
                     Server& server) {
  const timespec interval = {.tv_sec = 1, .tv_nsec = 0};
  while (true) {
    const int number =
        secrets.any() ? sigtimedwait(&signals, nullptr, &interval) : sigwaitinfo(&signals, nullptr);
    if (number == SIGHUP) {
      configuration.Reload();
      ReloadModels(configuration.options().models, server);
      secrets.Reload();
    } else if (number > 0) {
      return number;
    } else {
      secrets.Look();
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
absl::Status Run(Configuration& configuration, const sigset_t& signals) {
  const Options& options = configuration.options();
  const absl::Time start = absl::Now();
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
                                  {"seconds", Seconds(absl::Now() - start)}};
  if (!options.metrics.empty()) ready["metrics"] = server->metrics_address();
  Log(LogLevel::kInfo, "ready", ready);

  WarnOfOpenAddresses(options);

  Secrets secrets(options, *server);
  const int number = ServeUntilSignal(signals, configuration, secrets, *server);

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
  google::protobuf::SetLogHandler(LogForProtobuf);
  Configuration configuration(std::get<Options>(parsed), argc, argv);
  const absl::Status status = Run(configuration, signals);
  FlushLog(kLogPatience);
  if (status.ok()) return 0;
  std::fprintf(stderr, "hexaplad: %s\n", std::string(status.message()).c_str());
  return kExitFailure;
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) { return hexapla::Main(argc, argv); }
