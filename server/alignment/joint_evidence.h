// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_JOINT_EVIDENCE_H_
#define HEXAPLA_SERVER_ALIGNMENT_JOINT_EVIDENCE_H_

#include <array>
#include <cstddef>
#include <vector>

#include "server/alignment/bead.h"
#include "server/alignment/monotonic_aligner.h"

namespace hexapla {

// One of the versions to align jointly.
struct JointVersion {
  int size = 0;  // sentences
  // Whether a sentence must stand in a bead of its own, as a blank one; empty:
  // none must.
  std::vector<bool> alone;
};

// What the alignment of two of the versions says: its beads, and the likely
// beads (Alignment::likely), which should be kept from kLikelyFrom on.
struct JointPair {
  std::vector<Bead> beads;
  std::vector<LikelyBead> likely;
};

// Less likely beads change no alignment of several versions that we have seen,
// and would take most of the memory.
inline constexpr double kLikelyFrom = 1e-3;

// The positions in the other version where the best alignment of a pair may be
// when it stands at a position of the one.
struct Reach {
  int first = 0;
  int last = 0;
};

// What all pairs of versions say about beads of all versions.
//
// Lifetime: borrows the versions and the pairs.
// Memory: 40 bytes a sentence and pair.
// Threads: immutable once built, so concurrent use is safe.
class JointEvidence {
 public:
  // The largest side of a bead that LinkSums has room for.
  static constexpr int kSideMax = 8;

  // For ways to divide the sentences [begin, begin + rows) of a version a and
  // [begin, begin + columns) of a version b into linked groups and single
  // sentences, the sum of the groups' odds: [rows][columns].
  struct LinkSums {
    std::array<std::array<double, kSideMax + 1>, kSideMax + 1> sum;
  };

  // `pairs` holds (0, 1), (0, 2), ... (1, 2), ..., the first as source.
  JointEvidence(const std::vector<JointVersion>& versions, const std::vector<JointPair>& pairs);

  int versions() const { return static_cast<int>(versions_.size()); }
  int size(int version) const { return versions_[version].size; }
  bool alone(int version, int sentence) const {
    return !versions_[version].alone.empty() && versions_[version].alone[sentence];
  }

  // The share of the sentences of both, weighted by posterior, that meet.
  double Sureness(int a, int b) const { return sureness_[a * versions() + b]; }

  Reach ReachOf(int a, int position, int b) const { return reach_[a * versions() + b][position]; }

  // Whether some likely bead of a and b begins with sentence `begin` of b and one
  // of `run` of a.
  bool MayLink(int a, SentenceRun run, int b, int begin) const;

  // Sums over the ways that hold at least one link. `closed`: bit r means that no
  // way may have a boundary before sentence r of a's run.
  //
  // Requires: neither run is longer than kSideMax.
  void SumLinks(int a, SentenceRun run_a, int b, SentenceRun run_b, unsigned closed,
                LinkSums& sums) const;

 private:
  struct Pair {
    const LikelyBead* likely = nullptr;
    std::vector<size_t> begin;  // of each source sentence's likely beads; one more
  };
  // Of a < b.
  const Pair& PairOf(int a, int b) const {
    return pairs_[static_cast<size_t>(a) * (2 * versions() - a - 1) / 2 + (b - a - 1)];
  }

  const std::vector<JointVersion>& versions_;
  std::vector<Pair> pairs_;
  std::vector<double> sureness_;
  std::vector<std::vector<Reach>> reach_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_JOINT_EVIDENCE_H_
