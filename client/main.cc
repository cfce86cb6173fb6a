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

// All variables, as the flags' twins are looked up among them.
Environment ReadEnvironment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable(*entry);
    const size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  return environment;
}

int Main(const std::vector<std::string>& arguments) {
  const auto parsed = ParseCommandLine(arguments, ReadEnvironment());
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
      HEXAPLA_ASSIGN_OR_RETURN(local, LocalService::Create(options.models, options.workers));
      return std::make_unique<AlignmentClient>(local->Channel(), options.timeout);
    }
    HEXAPLA_ASSIGN_OR_RETURN(auto channel,
                             Connect(servers, options.connect_timeout, options.security));
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
