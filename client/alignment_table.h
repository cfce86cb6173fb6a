// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_ALIGNMENT_TABLE_H_
#define HEXAPLA_CLIENT_ALIGNMENT_TABLE_H_

#include <ostream>
#include <string>
#include <vector>

#include "hexapla/v1/alignment_service.pb.h"

#include "client/terminal.h"

namespace hexapla {

// Writes an alignment for people: a column for each version, a row for each bead,
// every sentence on a line of its own, wrapped to the width of the terminal. Where
// the columns would be too narrow to read, the versions stand below one another.
//
// A probability under one half is marked with "?", an absent side with "—". A
// column of a right-to-left language is flush right, and its lines are isolated
// so that the terminal's own reordering stays inside them.
//
// The beads must carry their text. `files` names the versions.
void WriteAlignmentTable(const v1::AlignDocumentsResponse& response,
                         const std::vector<std::string>& files, const Terminal& terminal,
                         std::ostream& output);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_ALIGNMENT_TABLE_H_
