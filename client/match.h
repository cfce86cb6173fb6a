// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_MATCH_H_
#define HEXAPLA_CLIENT_MATCH_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "client/command_line.h"
#include "client/commands.h"
#include "client/exit_code.h"

namespace hexapla {

// Runs `hexapla match`: sends the files one after the other, of which one at a
// time is in memory, and writes the groups when all are there. A file that cannot be
// read or matched is reported and left out; then the exit code is kExitFailed.
//
// While the server is unavailable or overloaded all is sent again, for `retry_for`
// and within `timeout`; the files are read again for that, standard input is not.
ExitCode RunMatch(const MatchCommand& command, const std::vector<std::string>& servers,
                  absl::Duration timeout, const Connector& connect, const CommandStreams& streams);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_MATCH_H_
