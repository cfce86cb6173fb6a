// SPDX-License-Identifier: Apache-2.0
//
// hexapla: the command line of the service. Words in, a command out; the command
// does the rest on the standard streams.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "client/alignment_client.h"
#include "client/command_line.h"
#include "client/commands.h"
#include "client/connection.h"
#include "client/exit_code.h"
#include "client/local_service.h"
#include "client/terminal.h"
#include "server/base/status_macros.h"

namespace hexapla {
namespace {

std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int Main(const std::vector<std::string>& arguments) {
  const auto parsed =
      ParseCommandLine(arguments, {.server = EnvironmentVariable("HEXAPLA_SERVER"),
                                   .models = EnvironmentVariable("HEXAPLA_MODELS")});
  if (const auto* exit = std::get_if<EarlyExit>(&parsed)) {
    std::cout << exit->standard_output;
    std::cerr << exit->standard_error;
    return exit->exit_code;
  }
  const auto& command_line = std::get<CommandLine>(parsed);
  const ConnectionOptions& options = command_line.connection;

  std::unique_ptr<LocalService> local;
  const auto connect = [&](const std::vector<std::string>& servers)
      -> absl::StatusOr<std::unique_ptr<AlignmentClient>> {
    if (options.local) {
      HEXAPLA_ASSIGN_OR_RETURN(local, LocalService::Create(options.models));
      return std::make_unique<AlignmentClient>(local->Channel(), options.timeout);
    }
    HEXAPLA_ASSIGN_OR_RETURN(auto channel, Connect(servers, options.connect_timeout));
    return std::make_unique<AlignmentClient>(std::move(channel), options.timeout);
  };
  return RunCommand(command_line, connect,
                    {.input = std::cin,
                     .output = std::cout,
                     .errors = std::cerr,
                     .terminal = DetectTerminal(STDOUT_FILENO),
                     .errors_terminal = DetectTerminal(STDERR_FILENO)});
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  // gRPC's own log lines are not for the people who read standard error here.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  try {
    return hexapla::Main(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& exception) {
    // Nothing of ours throws; memory may run out.
    std::fprintf(stderr, "hexapla: %s\n", exception.what());
    return hexapla::kExitFailed;
  }
}
