// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_PIVOT_MERGE_H_
#define HEXAPLA_SERVER_ALIGNMENT_PIVOT_MERGE_H_

#include <vector>

#include "server/alignment/bead.h"

namespace hexapla {

// Joins the alignments of one version, the pivot, with each of the others into
// beads of all versions. A boundary between two pivot sentences stands if no
// pairwise bead crosses it; what lies between two boundaries is one bead.
// Sentences of another version without a counterpart in the pivot are beads of
// that version alone, placed where they stand.
//
// Example: pivot 0, versions 1 and 2. With 0-1 beads [0]:[0] [1]:[1] and 0-2
// bead [0,1]:[0], the result is one bead [0,1]:[0,1]:[0].
//
// `with_pivot[v]` holds the beads of (pivot, v), the pivot as source, covering
// both; with_pivot[pivot] is ignored. `sizes` are the versions' numbers of
// sentences. The probability of a bead is the product of those of its pairwise
// beads, its score their sum. With two versions the result is the alignment.
// Cost: linear.
std::vector<MultiBead> MergeAtPivot(int pivot, const std::vector<int>& sizes,
                                    const std::vector<std::vector<Bead>>& with_pivot);

// The same beads seen from the other side.
std::vector<Bead> Mirror(const std::vector<Bead>& beads);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_PIVOT_MERGE_H_
