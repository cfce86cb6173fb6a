// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_COVERAGE_H_
#define HEXAPLA_TESTS_TESTING_COVERAGE_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "server/alignment/bead.h"

namespace hexapla::testing {

// What is wrong with `runs`, the sides of one version, as an account of its
// `size` sentences: every one must stand in exactly one run, and the runs, empty
// ones included, in order. "" if nothing is.
inline std::string CoverageFault(const std::vector<SentenceRun>& runs, int size) {
  int at = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].begin != at || runs[i].end < at) {
      return absl::StrCat("run ", i, " is [", runs[i].begin, ", ", runs[i].end, ") after ", at);
    }
    at = runs[i].end;
  }
  return at == size ? "" : absl::StrCat("the runs end at ", at, " of ", size);
}

// The same for every version of an alignment, and that no bead is empty.
inline std::string CoverageFault(const std::vector<MultiBead>& beads,
                                 const std::vector<int>& sizes) {
  for (size_t v = 0; v < sizes.size(); ++v) {
    std::vector<SentenceRun> runs;
    for (const MultiBead& bead : beads) runs.push_back(bead.sides.at(v));
    const std::string fault = CoverageFault(runs, sizes[v]);
    if (!fault.empty()) return absl::StrCat("version ", v, ": ", fault);
  }
  for (size_t b = 0; b < beads.size(); ++b) {
    bool empty = true;
    for (const SentenceRun& side : beads[b].sides) empty = empty && side.empty();
    if (empty) return absl::StrCat("bead ", b, " is empty");
  }
  return "";
}

inline std::string CoverageFault(const std::vector<Bead>& beads, int sources, int targets) {
  std::vector<MultiBead> multi;
  for (const Bead& bead : beads) multi.push_back({.sides = {bead.source, bead.target}});
  return CoverageFault(multi, {sources, targets});
}

// "[0,1]:[0]:[]" for each bead, one side a version, as people write them.
inline std::vector<std::string> Text(const std::vector<MultiBead>& beads) {
  std::vector<std::string> lines;
  for (const MultiBead& bead : beads) {
    std::vector<std::string> sides;
    for (const SentenceRun& run : bead.sides) {
      std::vector<int> indices;
      for (int s = run.begin; s < run.end; ++s) indices.push_back(s);
      sides.push_back(absl::StrCat("[", absl::StrJoin(indices, ","), "]"));
    }
    lines.push_back(absl::StrJoin(sides, ":"));
  }
  return lines;
}

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_COVERAGE_H_
