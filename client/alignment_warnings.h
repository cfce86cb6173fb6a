// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_ALIGNMENT_WARNINGS_H_
#define HEXAPLA_CLIENT_ALIGNMENT_WARNINGS_H_

#include <ostream>

#include "hexapla/v1/alignment_service.pb.h"

#include "client/command_line.h"

namespace hexapla {

// Writes what the user of an alignment should know, a line each: first the pairs
// of files that look unrelated, with their probability. A pair with a language
// that the embedding space does not cover is not called unrelated, because
// without vectors true versions have a low probability too. A file of unknown
// language has one line for all that follows from it.
//
// Requires: the versions, pairs and indices in `summary` fit command.files.
void WriteAlignmentWarnings(const v1::AlignmentSummary& summary, const AlignCommand& command,
                            std::ostream& errors);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_ALIGNMENT_WARNINGS_H_
