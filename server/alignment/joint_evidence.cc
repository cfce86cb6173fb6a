// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/joint_evidence.h"

#include <algorithm>
#include <cmath>

namespace hexapla {
namespace {

std::vector<Reach> ReachesOf(const std::vector<Bead>& beads, int size, bool of_source) {
  std::vector<Reach> reaches(size + 1);
  for (const Bead& bead : beads) {
    const SentenceRun own = of_source ? bead.source : bead.target;
    const SentenceRun other = of_source ? bead.target : bead.source;
    for (int p = own.begin + 1; p < own.end; ++p) reaches[p] = {other.begin, other.end};
    if (!own.empty()) reaches[own.end].first = other.end;
    reaches[own.end].last = other.end;
  }
  return reaches;
}

}  // namespace

JointEvidence::JointEvidence(const std::vector<JointVersion>& versions,
                             const std::vector<JointPair>& pairs)
    : versions_(versions),
      sureness_(versions.size() * versions.size()),
      reach_(versions.size() * versions.size()) {
  auto next = pairs.begin();
  for (int a = 0; a < this->versions(); ++a) {
    for (int b = a + 1; b < this->versions(); ++b, ++next) {
      Pair pair;
      pair.likely = next->likely.data();
      pair.begin.assign(size(a) + 1, 0);
      double met = 0;
      for (const LikelyBead& bead : next->likely) {
        ++pair.begin[bead.source + 1];
        met += bead.posterior * (bead.shape.sources + bead.shape.targets);
      }
      for (int s = 0; s < size(a); ++s) pair.begin[s + 1] += pair.begin[s];
      pairs_.push_back(std::move(pair));
      const double sure = met / std::max(1, size(a) + size(b));
      sureness_[a * this->versions() + b] = sureness_[b * this->versions() + a] = sure;
      reach_[a * this->versions() + b] = ReachesOf(next->beads, size(a), /*of_source=*/true);
      reach_[b * this->versions() + a] = ReachesOf(next->beads, size(b), /*of_source=*/false);
    }
  }
}

bool JointEvidence::MayLink(int a, SentenceRun run, int b, int begin) const {
  if (a < b) {
    const Pair& pair = PairOf(a, b);
    return std::any_of(pair.likely + pair.begin[run.begin], pair.likely + pair.begin[run.end],
                       [&](const LikelyBead& bead) { return bead.target == begin; });
  }
  const Pair& pair = PairOf(b, a);
  return std::any_of(
      pair.likely + pair.begin[begin], pair.likely + pair.begin[begin + 1],
      [&](const LikelyBead& bead) { return bead.target >= run.begin && bead.target < run.end; });
}

void JointEvidence::SumLinks(int a, SentenceRun run_a, int b, SentenceRun run_b, unsigned closed,
                             LinkSums& sums) const {
  // A way is walked group by group; the single sentences between two groups in
  // one order only, those of a first, so that each way counts once. `sums` holds
  // the ways that end with a's sentence, `after_b` those that end with b's.
  const bool a_is_source = a < b;
  const Pair& pair = a_is_source ? PairOf(a, b) : PairOf(b, a);
  const SentenceRun source = a_is_source ? run_a : run_b;
  const SentenceRun target = a_is_source ? run_b : run_a;
  LinkSums after_b;
  for (int r = 0; r <= run_a.size(); ++r) {
    std::fill_n(sums.sum[r].begin(), run_b.size() + 1, 0.0);
    std::fill_n(after_b.sum[r].begin(), run_b.size() + 1, 0.0);
  }
  for (int s = 0; s <= source.size(); ++s) {
    const bool more = s < source.size();
    const LikelyBead* bead = pair.likely + (more ? pair.begin[source.begin + s] : 0);
    const LikelyBead* const end = pair.likely + (more ? pair.begin[source.begin + s + 1] : 0);
    for (int t = 0; t <= target.size(); ++t) {
      const int r = a_is_source ? s : t;
      const int c = a_is_source ? t : s;
      while (bead < end && bead->target < target.begin + t) ++bead;
      if ((closed >> r & 1) != 0) continue;
      const double linked = sums.sum[r][c];
      const double either = linked + after_b.sum[r][c];
      if (r < run_a.size()) sums.sum[r + 1][c] += linked;
      if (c < run_b.size()) after_b.sum[r][c + 1] += either;
      // Nothing linked before: one way, unless it passes a closed boundary.
      const double before = either + ((closed & ((1U << r) - 1)) == 0 ? 1 : 0);
      for (; bead < end && bead->target == target.begin + t; ++bead) {
        const BeadShape shape = bead->shape;
        if (s + shape.sources > source.size() || t + shape.targets > target.size()) continue;
        const int rows = a_is_source ? shape.sources : shape.targets;
        const int columns = a_is_source ? shape.targets : shape.sources;
        sums.sum[r + rows][c + columns] += before * std::exp(static_cast<double>(bead->log_odds));
      }
    }
  }
  for (int r = 0; r <= run_a.size(); ++r) {
    for (int c = 0; c <= run_b.size(); ++c) sums.sum[r][c] += after_b.sum[r][c];
  }
}

}  // namespace hexapla
