// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_EXHAUSTIVE_JOINT_ALIGNER_H_
#define HEXAPLA_TESTS_TESTING_EXHAUSTIVE_JOINT_ALIGNER_H_

#include <vector>

#include "server/alignment/bead.h"
#include "server/alignment/joint_evidence.h"

namespace hexapla::testing {

// The sum of the odds of all ways to link the sentences of two runs, one without
// any link included: every list of likely beads that follow one another. No way
// may have a boundary before a source sentence of `closed`.
double SumOfWays(const std::vector<LikelyBead>& likely, SentenceRun source, SentenceRun target,
                 const std::vector<int>& closed = {});

// The slow twin of the joint aligner: it lists every alignment of a few short
// versions and adds up what the aligner works out by recursion. It shares no code
// with it.
//
// Cost: exponential; three versions of two sentences have a few hundred.
class ExhaustiveJointAligner {
 public:
  // With the aligner's two constants: see joint_aligner.cc.
  ExhaustiveJointAligner(const std::vector<JointVersion>& versions,
                         const std::vector<JointPair>& pairs, int bead_size_max,
                         double unlinked_odds, double doubt);

  const std::vector<std::vector<MultiBead>>& alignments() const { return alignments_; }

  // The share of all weight in alignments that hold the bead; one of a single
  // sentence is held wherever between the others it stands.
  double Posterior(const MultiBead& bead) const;

  // The sum of the posteriors of the beads, those of one version counting half.
  double Gain(const std::vector<MultiBead>& alignment) const;

 private:
  void ListFrom(const std::vector<int>& at, std::vector<MultiBead>& path);
  bool IsBead(const std::vector<int>& from, const std::vector<int>& to) const;
  double Ways(int a, int b, const std::vector<int>& from, const std::vector<int>& to) const;
  double Weight(const std::vector<int>& from, const std::vector<int>& to) const;
  double NoCut(const std::vector<int>& from, const std::vector<int>& cut,
               const std::vector<int>& to) const;

  const std::vector<JointVersion>& versions_;
  const std::vector<JointPair>& pairs_;
  const int bead_size_max_;
  const double unlinked_odds_;
  const double doubt_;
  std::vector<std::vector<MultiBead>> alignments_;
  std::vector<double> weights_;  // one an alignment
  double total_ = 0;
};

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_EXHAUSTIVE_JOINT_ALIGNER_H_
