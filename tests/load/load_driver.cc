// SPDX-License-Identifier: Apache-2.0
//
// load_driver: calls servers as its loads say, and tells how long the answers took.
// See --help. Exit codes: 0 every call had the right answer; 1 one had not, or no
// connection; 2 usage.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "client/connection.h"
#include "server/base/abseil_mutexes.h"
#include "server/base/status_macros.h"
#include "tests/load/load_report.h"
#include "tests/load/load_runner.h"

namespace hexapla::load {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(30);

struct Flags {
  std::vector<std::string> servers;
  int connections = 1;
  std::vector<std::string> loads;
  double warm_up = 1;
  double seconds = 5;
  double timeout = 30;
  std::string json;
  std::string print_request;
  RunOptions run;
};

void Declare(CLI::App& app, Flags& flags) {
  app.add_option("--server", flags.servers,
                 "ADDR[,ADDR...]: whom to call, as hexapla takes it; several in turn")
      ->delimiter(',');
  app.add_option("--load", flags.loads,
                 absl::StrCat("CALL:closed:CLIENTS, CALL:constant:RATE or CALL:poisson:RATE; "
                              "RATE/RATE/... changes the rate in equal parts of the time; "
                              "repeatable, all run at once. CALL: ",
                              absl::StrJoin(CallNames(), ", ")));
  app.add_option("--connections", flags.connections, "Connections to each server")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--threads", flags.run.threads, "Threads that take the answers")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--warm_up", flags.warm_up, "Seconds before the measured time")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app.add_option("--seconds", flags.seconds, "The measured time")
      ->check(CLI::Range(0.01, 86400.0))
      ->capture_default_str();
  app.add_option("--timeout", flags.timeout, "Seconds of a call")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app.add_option("--max_calls", flags.run.calls_max, "Calls in all")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--max_in_flight", flags.run.in_flight_max, "Calls of open loads under way")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--echo_request_bytes", flags.run.echo.request_bytes, "Of a call of echo")
      ->check(CLI::Range(8, 16 << 20))
      ->capture_default_str();
  app.add_option("--echo_reply_bytes", flags.run.echo.reply_bytes, "Of a call of echo")
      ->check(CLI::Range(8, 16 << 20))
      ->capture_default_str();
  app.add_flag("--may_refuse", flags.run.may_refuse,
               "Whether RESOURCE_EXHAUSTED is no failure, but counted apart");
  app.add_option("--server_pid", flags.run.servers,
                 "PID[,PID...]: processes of this machine whose processor time is measured")
      ->delimiter(',');
  app.add_option("--json", flags.json, "FILE: where to write all figures as JSON");
  app.add_option("--print_request", flags.print_request,
                 "CALL: write its request to standard output, for other tools, and end");
}

absl::StatusOr<std::vector<std::shared_ptr<grpc::Channel>>> Connect(const Flags& flags) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::string target, ChannelTarget(flags.servers));
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < flags.connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    // A failure must show, not be repeated.
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetServiceConfigJSON(R"({"loadBalancingConfig": [{"round_robin": {}}]})");
    arguments.SetMaxReceiveMessageSize(-1);
    auto channel = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
    if (!channel->WaitForConnected(absl::ToChronoTime(absl::Now() + kConnectTimeout))) {
      return absl::UnavailableError(
          absl::StrCat("no connection to ", absl::StrJoin(flags.servers, ", ")));
    }
    channels.push_back(std::move(channel));
  }
  return channels;
}

absl::Status ReadLoads(Flags& flags) {
  if (flags.servers.empty() || flags.loads.empty()) {
    return absl::InvalidArgumentError("--server and --load are required");
  }
  for (const std::string& text : flags.loads) {
    HEXAPLA_ASSIGN_OR_RETURN(LoadSpec load, ParseLoadSpec(text));
    flags.run.loads.push_back(std::move(load));
  }
  flags.run.warm_up = absl::Seconds(flags.warm_up);
  flags.run.duration = absl::Seconds(flags.seconds);
  flags.run.timeout = absl::Seconds(flags.timeout);
  return absl::OkStatus();
}

absl::StatusOr<RunResult> Run(const Flags& flags) {
  HEXAPLA_ASSIGN_OR_RETURN(const auto channels, Connect(flags));
  return RunLoads(flags.run, channels);
}

absl::Status PrintRequest(const Flags& flags) {
  const auto channel = grpc::CreateChannel("localhost", grpc::InsecureChannelCredentials());
  HEXAPLA_ASSIGN_OR_RETURN(const std::unique_ptr<Caller> caller,
                           MakeCaller(flags.print_request, channel, flags.run.echo));
  const std::string request = caller->SerializedRequest();
  if (std::fwrite(request.data(), 1, request.size(), stdout) == request.size()) {
    return absl::OkStatus();
  }
  return absl::UnknownError("cannot write to standard output");
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "load_driver: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

int Main(int argc, char** argv) {
  StopLookingForDeadlocks();
  CLI::App app("Calls servers as its loads say, and tells how long the right answers took.");
  Flags flags;
  Declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!flags.print_request.empty()) {
    const absl::Status printed = PrintRequest(flags);
    return printed.ok() ? 0 : Fail(printed);
  }
  const absl::Status loads = ReadLoads(flags);
  if (!loads.ok()) return Fail(loads);
  const absl::StatusOr<RunResult> result = Run(flags);
  if (!result.ok()) return Fail(result.status());
  std::fputs(ToTable(*result).c_str(), stdout);
  if (!flags.json.empty() && !(std::ofstream(flags.json) << ToJson(*result) << '\n')) {
    return Fail(absl::UnknownError(absl::StrCat("cannot write ", flags.json)));
  }
  return result->all_right ? 0 : 1;
}

}  // namespace
}  // namespace hexapla::load

int main(int argc, char** argv) { return hexapla::load::Main(argc, argv); }
