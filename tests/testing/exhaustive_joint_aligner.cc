// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/exhaustive_joint_aligner.h"

#include <algorithm>
#include <cmath>

namespace hexapla::testing {
namespace {

// Calls visit(cut) for every cut from `from` to `to`, both included.
template <typename Visit>
void ForEachCut(const std::vector<int>& from, const std::vector<int>& to, const Visit& visit) {
  std::vector<int> cut = from;
  for (;;) {
    visit(cut);
    size_t v = 0;
    while (v < cut.size() && cut[v] == to[v]) cut[v] = from[v], ++v;
    if (v == cut.size()) return;
    ++cut[v];
  }
}

int SizeOf(const MultiBead& bead) {
  int size = 0;
  for (const SentenceRun& side : bead.sides) size += side.size();
  return size;
}

int PresentIn(const MultiBead& bead) {
  return static_cast<int>(std::count_if(bead.sides.begin(), bead.sides.end(),
                                        [](const SentenceRun& side) { return !side.empty(); }));
}

bool MeanTheSame(const MultiBead& a, const MultiBead& b) {
  const bool single = PresentIn(a) == 1;
  for (size_t v = 0; v < a.sides.size(); ++v) {
    if (single && a.sides[v].empty() && b.sides[v].empty()) continue;
    if (a.sides[v] != b.sides[v]) return false;
  }
  return true;
}

bool IsBetween(const LikelyBead& bead, SentenceRun source, SentenceRun target) {
  return bead.source >= source.begin && bead.target >= target.begin &&
         bead.source + bead.shape.sources <= source.end &&
         bead.target + bead.shape.targets <= target.end;
}

}  // namespace

double SumOfWays(const std::vector<LikelyBead>& likely, SentenceRun source, SentenceRun target,
                 const std::vector<int>& closed) {
  // What is left of `closed` must be spanned by some later bead.
  double sum = closed.empty() ? 1 : 0;
  for (const LikelyBead& bead : likely) {
    if (!IsBetween(bead, source, target)) continue;
    const int end = bead.source + bead.shape.sources;
    std::vector<int> later;
    bool passed = false;
    for (const int boundary : closed) {
      passed = passed || boundary <= bead.source;
      if (boundary >= end) later.push_back(boundary);
    }
    if (passed) continue;
    sum +=
        std::exp(bead.log_odds) *
        SumOfWays(likely, {end, source.end}, {bead.target + bead.shape.targets, target.end}, later);
  }
  return sum;
}

ExhaustiveJointAligner::ExhaustiveJointAligner(const std::vector<JointVersion>& versions,
                                               const std::vector<JointPair>& pairs,
                                               int bead_size_max, double unlinked_odds,
                                               double doubt)
    : versions_(versions),
      pairs_(pairs),
      bead_size_max_(bead_size_max),
      unlinked_odds_(unlinked_odds),
      doubt_(doubt) {
  std::vector<MultiBead> path;
  ListFrom(std::vector<int>(versions.size()), path);
  for (const std::vector<MultiBead>& alignment : alignments_) {
    double weight = 1;
    for (const MultiBead& bead : alignment) {
      std::vector<int> from;
      std::vector<int> to;
      for (const SentenceRun& side : bead.sides) {
        from.push_back(side.begin);
        to.push_back(side.end);
      }
      weight *= Weight(from, to);
    }
    weights_.push_back(weight);
    total_ += weight;
  }
}

void ExhaustiveJointAligner::ListFrom(const std::vector<int>& at, std::vector<MultiBead>& path) {
  std::vector<int> end;
  for (const JointVersion& version : versions_) end.push_back(version.size);
  if (at == end) alignments_.push_back(path);
  ForEachCut(at, end, [&](const std::vector<int>& to) {
    if (!IsBead(at, to)) return;
    MultiBead bead;
    for (size_t v = 0; v < at.size(); ++v) bead.sides.push_back({at[v], to[v]});
    path.push_back(bead);
    ListFrom(to, path);
    path.pop_back();
  });
}

bool ExhaustiveJointAligner::IsBead(const std::vector<int>& from,
                                    const std::vector<int>& to) const {
  MultiBead bead;
  bool alone = false;
  for (size_t v = 0; v < from.size(); ++v) {
    bead.sides.push_back({from[v], to[v]});
    if (to[v] - from[v] > bead_size_max_) return false;
    for (int s = from[v]; s < to[v] && !versions_[v].alone.empty(); ++s) {
      alone = alone || versions_[v].alone[s];
    }
  }
  if (SizeOf(bead) <= 1) return SizeOf(bead) == 1;
  return PresentIn(bead) > 1 && !alone;
}

double ExhaustiveJointAligner::Ways(int a, int b, const std::vector<int>& from,
                                    const std::vector<int>& to) const {
  size_t pair = 0;
  for (int i = 0; i < a; ++i) pair += versions_.size() - i - 1;
  return SumOfWays(pairs_[pair + b - a - 1].likely, {from[a], to[a]}, {from[b], to[b]});
}

double ExhaustiveJointAligner::Weight(const std::vector<int>& from,
                                      const std::vector<int>& to) const {
  const int count = static_cast<int>(versions_.size());
  double weight = 1;
  for (int a = 0; a < count; ++a) {
    for (int b = a + 1; b < count; ++b) {
      if (from[a] == to[a] || from[b] == to[b]) continue;
      weight *= Ways(a, b, from, to) - 1 + unlinked_odds_;
    }
  }
  ForEachCut(from, to, [&](const std::vector<int>& cut) {
    if (IsBead(from, cut) && IsBead(cut, to)) weight *= NoCut(from, cut, to);
  });
  return weight;
}

double ExhaustiveJointAligner::NoCut(const std::vector<int>& from, const std::vector<int>& cut,
                                     const std::vector<int>& to) const {
  std::vector<int> present;
  for (size_t v = 0; v < from.size(); ++v) {
    if (from[v] < to[v]) present.push_back(static_cast<int>(v));
  }
  // Every way to part the versions in two, of which one has one or two.
  double sum = 0;
  const unsigned count = static_cast<unsigned>(present.size());
  const double agreeing = 0.5 * (count - 1.0) * (count - 2.0);
  const double agreement_weight = agreeing > 3 ? 1 - 3 / agreeing : 0;
  for (unsigned parted = 1; parted + 1 < 1U << count; ++parted) {
    if ((parted & 1) == 0) continue;  // the other half is the same
    const unsigned here = static_cast<unsigned>(__builtin_popcount(parted));
    if (std::min(here, count - here) > 2) continue;
    double product = 1;
    for (unsigned i = 0; i < count; ++i) {
      for (unsigned j = i + 1; j < count; ++j) {
        const int a = present[i];
        const int b = present[j];
        const double together = Ways(a, b, from, cut) * Ways(a, b, cut, to) / Ways(a, b, from, to);
        product *= (parted >> i & 1) == (parted >> j & 1)
                       ? std::pow(std::max(0.01, together), agreement_weight)
                       : std::max(doubt_, 1 - together);
      }
    }
    sum += product;
  }
  return std::min(1.0, sum);
}

double ExhaustiveJointAligner::Posterior(const MultiBead& bead) const {
  double weight = 0;
  for (size_t a = 0; a < alignments_.size(); ++a) {
    const auto same = [&](const MultiBead& other) { return MeanTheSame(bead, other); };
    if (std::any_of(alignments_[a].begin(), alignments_[a].end(), same)) weight += weights_[a];
  }
  return weight / total_;
}

double ExhaustiveJointAligner::Gain(const std::vector<MultiBead>& alignment) const {
  double gain = 0;
  for (const MultiBead& bead : alignment) gain += Posterior(bead) * (PresentIn(bead) > 1 ? 1 : 0.5);
  return gain;
}

}  // namespace hexapla::testing
