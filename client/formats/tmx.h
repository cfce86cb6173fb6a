// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_FORMATS_TMX_H_
#define HEXAPLA_CLIENT_FORMATS_TMX_H_

#include <ostream>
#include <string>
#include <vector>

#include "hexapla/v1/alignment_service.pb.h"

namespace hexapla {

// Writes an alignment as a translation memory, TMX 1.4b: one <tu> a bead, with
// its number, from 0 as in every format, as tuid and its probability as <prop
// type="x-probability">, and in it one <tuv> for each version that is not absent. Languages are
// those of the summary; the first version is the source. A file name is a <prop> of the header.
// Characters that XML cannot hold become U+FFFD, for TMX has no way to write them.
//
// Requires: the beads carry their sentences' text, and fit `files`.
void WriteTmx(const v1::AlignDocumentsResponse& response, const std::vector<std::string>& files,
              std::ostream& output);

// The same for many sets of versions in one memory, whose source may be any language:
// the head, the units of each set, and the foot, none of which holds a line break.
// Each unit names its set, `id`, as <prop type="x-set">; its tuid is "KEY-NUMBER".
std::string TmxHead();
std::string TmxUnits(const std::string& id, const std::string& key,
                     const v1::AlignDocumentsResponse& response);
std::string TmxFoot();

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_FORMATS_TMX_H_
