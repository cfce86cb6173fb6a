// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_SCORE_H_
#define HEXAPLA_CLIENT_SCORE_H_

#include <string>
#include <vector>

#include "client/command_line.h"
#include "client/commands.h"

namespace hexapla {

// Runs `hexapla score`: every line of the input comes out again, in order, with
// one more column, the probability that its first two are translations of one
// another. In the input as in `--format=tsv`, \t \n \r \\ stand for what they
// mean. Further columns pass through.
//
// The column is empty for a line without an answer: silently where a side is
// blank; with an error, which makes the exit code 1, where there are no two
// columns, the line is no UTF-8, or the server refuses the pair.
//
// The input may be of any size: batches are sent as it comes. Languages that are
// not given are those that the server finds in the first batch.
ExitCode RunScore(const ScoreCommand& command, const std::vector<std::string>& servers,
                  const Connector& connect, const CommandStreams& streams);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_SCORE_H_
