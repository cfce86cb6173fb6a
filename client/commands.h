// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_COMMANDS_H_
#define HEXAPLA_CLIENT_COMMANDS_H_

#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "client/alignment_client.h"
#include "client/command_line.h"
#include "client/exit_code.h"
#include "client/terminal.h"

namespace hexapla {

// The program's standard streams, borrowed.
struct CommandStreams {
  std::istream& input;
  std::ostream& output;
  std::ostream& errors;
  // Where `output` leads.
  Terminal terminal;
  // The same for `errors`.
  Terminal errors_terminal = {};
};

// Gives a client for the servers at these addresses, or Unavailable.
using Connector = std::function<absl::StatusOr<std::unique_ptr<AlignmentClient>>(
    const std::vector<std::string>& servers)>;

// Writes an error, if it is one, as a line to streams.errors, and says how the
// program ends.
ExitCode Report(const absl::Status& status, const CommandStreams& streams);

// `format`, or else a table at a terminal and TSV elsewhere.
OutputFormat FormatOr(const std::optional<OutputFormat>& format, const Terminal& terminal);

// Runs a command from its input to its output. Input is read before `connect` is
// called, so that a wrong file needs no server to be found. Errors and warnings
// go to streams.errors, a line each.
ExitCode RunCommand(const CommandLine& command_line, const Connector& connect,
                    const CommandStreams& streams);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_COMMANDS_H_
