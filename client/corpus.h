// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_CORPUS_H_
#define HEXAPLA_CLIENT_CORPUS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "client/command_line.h"
#include "client/commands.h"

namespace hexapla {

// Runs `hexapla corpus`: aligns the sets of an input, one a line, through one
// stream, and appends their results to an output as they come.
//
// A set is done when its line is in the output, and not before: whatever ends
// the program or the server, the same command again does the rest, so nothing
// is lost and nothing is there twice. A set that fails is done as well; its
// line says why. A page that a set of an earlier run lacks is not made; a warning
// counts them. While the server is unavailable the run waits and sends again
// what has no answer, until nothing has come for `retry_for`. A set that an overloaded
// server refuses is sent again for as long, and has then failed; so has one for which
// a server that is there gives no answer within `timeout`.
//
// Memory: the sets in flight, at most `workers` of them and, but for a larger
// one alone, 64 MiB; and the ids of all sets.
//
// Errors: those of the files; Unavailable as `connect` says, or after `retry_for`; and
// InvalidArgument when all is done and some sets have failed, unless the command
// allows that.
absl::Status RunCorpus(const CorpusCommand& command, const std::vector<std::string>& servers,
                       absl::Duration timeout, const Connector& connect,
                       const CommandStreams& streams);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_CORPUS_H_
