// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_PIPELINE_VERSION_GROUPS_H_
#define HEXAPLA_SERVER_PIPELINE_VERSION_GROUPS_H_

#include <functional>
#include <vector>

#include "server/alignment/bead.h"

namespace hexapla {

// Puts versions into groups of those that seem to belong to one document: the two
// groups that belong together most, by the mean over their pairs, become one as
// long as that mean is `at_least` (average linkage). So one doubtful pair does not
// part what the others hold together.
//
// `probability(a, b)` is asked for a < b. Each group is ascending, and so are the
// groups by their first version. Cost: cubic in the number of versions, which is
// at most sixteen.
std::vector<std::vector<int>> GroupVersions(int versions,
                                            const std::function<double(int a, int b)>& probability,
                                            double at_least);

// The beads of one group, with a side per version of the group.
struct GroupBeads {
  std::vector<int> versions;
  std::vector<MultiBead> beads;
};

// One list of beads of all versions, `sizes` sentences each: those of each group
// in their order, where their share of the group's sentences puts them. Each
// version stands in exactly one group. The sides of other groups are empty, and
// as probable as the bead.
std::vector<MultiBead> InterleaveGroups(const std::vector<GroupBeads>& groups,
                                        const std::vector<int>& sizes);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_PIPELINE_VERSION_GROUPS_H_
