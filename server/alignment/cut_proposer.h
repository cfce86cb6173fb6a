// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_CUT_PROPOSER_H_
#define HEXAPLA_SERVER_ALIGNMENT_CUT_PROPOSER_H_

#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/joint_evidence.h"
#include "server/base/stop_condition.h"

namespace hexapla {

// A place where all versions may be cut at once: so many sentences of each lie
// before it. What lies between two cuts is a bead of all versions.
using Cut = std::vector<int>;

struct ProposedCut {
  Cut cut;
  // How probable it seemed to one version, the others' beads given; 2 in an
  // alignment that all cuts marked so make up together.
  double probability = 0;
};

// Proposes the cuts that an alignment of all versions may need: few, but with
// the right ones among them. See the essay in cut_proposer.cc.
//
// `bead_size_max` is the most sentences of a version in a bead, 1 if there are
// no merges. The cuts are sorted by the number of sentences before them, and each
// is there once; the first and the last are the two ends.
//
// Cost: linear in the length, quadratic in the number of versions.
// Errors: as `stop` says, polled every row of every grid.
absl::StatusOr<std::vector<ProposedCut>> ProposeCuts(const JointEvidence& evidence,
                                                     int bead_size_max, const StopCondition& stop);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_CUT_PROPOSER_H_
