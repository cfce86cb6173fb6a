// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_JOINT_ALIGNER_H_
#define HEXAPLA_SERVER_ALIGNMENT_JOINT_ALIGNER_H_

#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/bead.h"
#include "server/alignment/cut_proposer.h"
#include "server/alignment/joint_evidence.h"
#include "server/base/stop_condition.h"

namespace hexapla {

// Aligns several versions at once: one list of beads of all versions that agrees
// best with what all pairs of them say. See the essay in joint_aligner.cc.
//
// `pairs` holds (0, 1), (0, 2), ... (1, 2), ...; `bead_size_max` is the most
// sentences of a version in a bead, at most JointEvidence::kSideMax, and 1 if
// there are no merges. A bead of one version holds one sentence.
//
// The beads are in order and hold every sentence exactly once. A bead's
// probability is its calibrated posterior: the share of all alignments, weighted
// by what the pairs say, that hold it; side_probabilities are those of its sides.
// Its score is the log of its weight.
//
// Requires: at least two versions.
// Cost: linear in the length, quadratic in the number of versions.
// Errors: as `stop` says, polled every few milliseconds.
absl::StatusOr<std::vector<MultiBead>> AlignJointly(const std::vector<JointVersion>& versions,
                                                    const std::vector<JointPair>& pairs,
                                                    int bead_size_max, const StopCondition& stop);

// The same from given candidates, of which those of probability 2 must make up
// an alignment; sorted as ProposeCuts does.
absl::StatusOr<std::vector<MultiBead>> ChooseBeads(const JointEvidence& evidence,
                                                   const std::vector<ProposedCut>& cuts,
                                                   int bead_size_max, const StopCondition& stop);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_JOINT_ALIGNER_H_
