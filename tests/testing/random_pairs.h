// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_RANDOM_PAIRS_H_
#define HEXAPLA_TESTS_TESTING_RANDOM_PAIRS_H_

#include <algorithm>
#include <random>
#include <vector>

#include "server/alignment/joint_evidence.h"

namespace hexapla::testing {

// An alignment of random beads of up to three sentences on a side, with deletions
// and insertions, so that pairs contradict one another; its beads of both sides
// are the likely ones, and `more` others at random places.
inline JointPair RandomPair(int sources, int targets, int more, std::mt19937& random) {
  JointPair pair;
  std::uniform_real_distribution<float> log_odds(-2, 6);
  const auto likely = [&](int s, int t, int k, int l) {
    const bool known =
        std::any_of(pair.likely.begin(), pair.likely.end(), [&](const LikelyBead& bead) {
          return bead.source == s && bead.target == t && bead.shape == BeadShape{k, l};
        });
    if (!known) pair.likely.push_back({s, t, {k, l}, log_odds(random), 0.5F});
  };
  for (int s = 0, t = 0; s < sources || t < targets;) {
    int k = std::min(static_cast<int>(random() % 4), sources - s);
    int l = std::min(static_cast<int>(random() % 4), targets - t);
    if (k == 0) l = std::min(1, targets - t);
    if (l == 0) k = std::min(1, sources - s);
    if (k + l == 0) continue;
    pair.beads.push_back({.source = {s, s + k}, .target = {t, t + l}});
    if (k > 0 && l > 0) likely(s, t, k, l);
    s += k;
    t += l;
  }
  for (int i = 0; i < more && sources > 0 && targets > 0; ++i) {
    const int s = static_cast<int>(random() % sources);
    const int t = static_cast<int>(random() % targets);
    likely(s, t, std::min(1 + static_cast<int>(random() % 2), sources - s),
           std::min(1 + static_cast<int>(random() % 2), targets - t));
  }
  std::sort(pair.likely.begin(), pair.likely.end(), [](const LikelyBead& a, const LikelyBead& b) {
    return std::pair(a.source, a.target) < std::pair(b.source, b.target);
  });
  return pair;
}

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_RANDOM_PAIRS_H_
