// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_DETECT_H_
#define HEXAPLA_CLIENT_DETECT_H_

#include <string>
#include <vector>

#include "client/command_line.h"
#include "client/commands.h"
#include "client/exit_code.h"

namespace hexapla {

// Runs `hexapla detect`: languages of texts in batches, or spans text by text. A
// file that cannot be read, or a text that the server refuses, is reported and
// leaves the others alone; then the exit code is kExitFailed.
ExitCode RunDetect(const DetectCommand& command, const std::vector<std::string>& servers,
                   const Connector& connect, const CommandStreams& streams);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_DETECT_H_
