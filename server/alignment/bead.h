// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_BEAD_H_
#define HEXAPLA_SERVER_ALIGNMENT_BEAD_H_

#include <vector>

namespace hexapla {

// A half-open run [begin, end) of sentence indices (0-based) of one version.
struct SentenceRun {
  int begin = 0;
  int end = 0;

  int size() const { return end - begin; }
  bool empty() const { return begin == end; }
  friend bool operator==(const SentenceRun&, const SentenceRun&) = default;
};

// A group of source sentences and the target sentences that render it. Either
// side may be empty (a deletion or an insertion), never both; an empty run
// still says where between the sentences it stands.
struct Bead {
  SentenceRun source;
  SentenceRun target;
  // What the scorer gave for this bead: log-odds-like, higher is better.
  double score = 0;
  // Calibrated probability in [0, 1] that the bead is exactly right.
  double probability = 0;

  friend bool operator==(const Bead& a, const Bead& b) {
    return a.source == b.source && a.target == b.target;
  }
};

// A bead of N versions: one run per version, in the order of the versions.
// A version absent from the bead has an empty run; at least one is not empty.
struct MultiBead {
  std::vector<SentenceRun> sides;
  double score = 0;
  // In [0, 1], that the bead is exactly right.
  double probability = 0;
  // For each version, in [0, 1], that its side is: that what the others bring
  // belongs together with just these sentences of it. Never less than
  // `probability` but for rounding. Empty: each is `probability`.
  std::vector<double> side_probabilities = {};
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_BEAD_H_
