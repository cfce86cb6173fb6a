// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_XLIFF_H_
#define HEXAPLA_CLIENT_FORMATS_XLIFF_H_

#include <ostream>
#include <string>
#include <vector>

#include "hexapla/v1/alignment_service.pb.h"

namespace hexapla {

// Writes an alignment of two versions as XLIFF 2.1: one <unit> with one <segment>
// a bead, the first version as its <source> and the second as its <target>. A
// bead with a target has state "translated". One without is "initial" and has no
// <target>; one without a source has an empty <source>. The probability is
// metadata of the unit (category "hexapla", type "probability"), the name of the
// second file is metadata of the <file>. Without beads there is one empty unit.
// Characters that XML cannot hold are written as the standard has them:
// <cp hex="001B"/>.
//
// Requires: two versions; the beads carry their sentences' text, and fit `files`.
void WriteXliff(const v1::AlignDocumentsResponse& response, const std::vector<std::string>& files,
                std::ostream& output);

// The same for many sets of two versions, all of the same two languages: the head,
// the <file> of each set, and the foot, none of which holds a line break. `original`
// of the <file> is the set's `id`, its id "f" and KEY; metadata of it holds the
// probability that the versions are of one document (type "document-probability").
std::string XliffHead(const std::string& source, const std::string& target);
std::string XliffFile(const std::string& id, const std::string& key,
                      const v1::AlignDocumentsResponse& response);
// A document without a <file> would break the standard, so its foot begins with an
// empty one, "f0".
std::string XliffFoot(bool has_files);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_XLIFF_H_
