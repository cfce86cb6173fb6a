// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/joint_aligner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <ctime>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"

#include "tests/testing/coverage.h"
#include "tests/testing/exhaustive_joint_aligner.h"
#include "tests/testing/random_pairs.h"

namespace hexapla {
namespace {

using ::hexapla::testing::CoverageFault;
using ::hexapla::testing::ExhaustiveJointAligner;
using ::hexapla::testing::RandomPair;
using ::hexapla::testing::Text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

// The constants of joint_aligner.cc.
constexpr double kUnlinkedOdds = 0.01;
constexpr double kDoubt = 0.15;
constexpr double kCaution = 0.8;

double Calibrated(double posterior) {
  return 1 / (1 + std::exp(-kCaution) * (1 - posterior) / posterior);
}

std::vector<JointVersion> VersionsOf(const std::vector<int>& sizes) {
  std::vector<JointVersion> versions;
  for (const int size : sizes) versions.push_back({.size = size, .alone = {}});
  return versions;
}

std::vector<JointPair> RandomPairs(const std::vector<int>& sizes, int more, std::mt19937& random) {
  std::vector<JointPair> pairs;
  for (size_t a = 0; a < sizes.size(); ++a) {
    for (size_t b = a + 1; b < sizes.size(); ++b) {
      pairs.push_back(RandomPair(sizes[a], sizes[b], more, random));
    }
  }
  return pairs;
}

// Every cut there is, marked as one to keep.
std::vector<ProposedCut> AllCuts(const std::vector<int>& sizes) {
  std::vector<ProposedCut> cuts = {{Cut(sizes.size()), 2}};
  for (size_t v = 0; v < sizes.size(); ++v) {
    const std::vector<ProposedCut> shorter = cuts;
    for (int s = 1; s <= sizes[v]; ++s) {
      for (ProposedCut cut : shorter) {
        cut.cut[v] = s;
        cuts.push_back(cut);
      }
    }
  }
  std::sort(cuts.begin(), cuts.end(), [](const ProposedCut& a, const ProposedCut& b) {
    const auto before = [](const Cut& cut) { return std::accumulate(cut.begin(), cut.end(), 0); };
    return std::pair(before(a.cut), a.cut) < std::pair(before(b.cut), b.cut);
  });
  return cuts;
}

TEST(ChooseBeadsTest, AgreesWithTheExhaustiveTwin) {
  std::mt19937 random(11);
  const std::vector<std::vector<int>> all_sizes = {{2, 2, 2},    {3, 2, 1},      {1, 3, 2},
                                                   {2, 1, 2, 1}, {1, 1, 2, 2},   {3, 3},
                                                   {2, 0, 2},    {1, 1, 1, 1, 1}};
  for (int round = 0; round < 24; ++round) {
    SCOPED_TRACE(round);
    const std::vector<int>& sizes = all_sizes[round % all_sizes.size()];
    std::vector<JointVersion> versions = VersionsOf(sizes);
    if (round % 3 == 1) {
      versions[0].alone.assign(sizes[0], false);
      versions[0].alone[0] = true;
    }
    const int bead_size_max = 1 + round % 3;
    const std::vector<JointPair> pairs = RandomPairs(sizes, 3, random);
    const ExhaustiveJointAligner twin(versions, pairs, bead_size_max, kUnlinkedOdds, kDoubt);
    const std::vector<MultiBead> beads =
        ChooseBeads(JointEvidence(versions, pairs), AllCuts(sizes), bead_size_max, {}).value();
    EXPECT_EQ(CoverageFault(beads, sizes), "");
    double best = 0;
    for (const auto& alignment : twin.alignments()) best = std::max(best, twin.Gain(alignment));
    EXPECT_NEAR(twin.Gain(beads), best, 1e-4);
    for (const MultiBead& bead : beads) {
      EXPECT_NEAR(bead.probability, Calibrated(twin.Posterior(bead)), 1e-4) << Text({bead})[0];
      for (const double side : bead.side_probabilities) {
        EXPECT_GE(side, bead.probability - 1e-4) << Text({bead})[0];
        EXPECT_LE(side, 1);
      }
    }
  }
}

// A likely bead as a row of a table.
LikelyBead Likely(int source, int target, BeadShape shape, float log_odds, float posterior) {
  return {source, target, shape, log_odds, posterior};
}

// The pair of two versions whose sentences meet one by one.
JointPair OneByOne(int size, float log_odds = 8) {
  JointPair pair;
  for (int s = 0; s < size; ++s) {
    pair.beads.push_back({.source = {s, s + 1}, .target = {s, s + 1}});
    pair.likely.push_back(Likely(s, s, {1, 1}, log_odds, 0.99F));
  }
  return pair;
}

TEST(AlignJointlyTest, VersionsThatMeetOneByOneStayOneByOne) {
  const std::vector<JointVersion> versions = VersionsOf({3, 3, 3});
  const std::vector<MultiBead> beads =
      AlignJointly(versions, std::vector<JointPair>(3, OneByOne(3)), 5, {}).value();
  EXPECT_THAT(Text(beads), ElementsAre("[0]:[0]:[0]", "[1]:[1]:[1]", "[2]:[2]:[2]"));
  for (const MultiBead& bead : beads) EXPECT_GT(bead.probability, 0.9);
}

TEST(AlignJointlyTest, AThirdVersionSettlesTheDoubtOfTwo) {
  // 1 and 2 prefer one bead of two sentences each, by a little; with 0 each of
  // them is sure that there are two beads.
  JointPair doubtful = OneByOne(2, 3);
  doubtful.beads = {{.source = {0, 2}, .target = {0, 2}}};
  doubtful.likely = {Likely(0, 0, {1, 1}, 3, 0.4F), Likely(0, 0, {2, 2}, 7, 0.6F),
                     Likely(1, 1, {1, 1}, 3, 0.4F)};
  const std::vector<JointPair> pairs = {OneByOne(2), OneByOne(2), doubtful};
  EXPECT_THAT(Text(AlignJointly(VersionsOf({2, 2, 2}), pairs, 5, {}).value()),
              ElementsAre("[0]:[0]:[0]", "[1]:[1]:[1]"));
}

TEST(AlignJointlyTest, ASentenceThatOneVersionLacksIsJoinedBetweenTheOthers) {
  const JointPair whole = OneByOne(3);
  JointPair lacking;
  lacking.beads = {{.source = {0, 1}, .target = {0, 1}},
                   {.source = {1, 2}, .target = {1, 1}},
                   {.source = {2, 3}, .target = {1, 2}}};
  lacking.likely = {Likely(0, 0, {1, 1}, 8, 0.99F), Likely(2, 1, {1, 1}, 8, 0.99F)};
  JointPair mirrored;
  for (Bead bead : lacking.beads) {
    std::swap(bead.source, bead.target);
    mirrored.beads.push_back(bead);
  }
  mirrored.likely = {Likely(0, 0, {1, 1}, 8, 0.99F), Likely(1, 2, {1, 1}, 8, 0.99F)};
  EXPECT_THAT(Text(AlignJointly(VersionsOf({2, 3, 3}), {mirrored, mirrored, whole}, 5, {}).value()),
              ElementsAre("[0]:[0]:[0]", "[]:[1]:[1]", "[1]:[2]:[2]"));
  EXPECT_THAT(Text(AlignJointly(VersionsOf({3, 3, 2}), {whole, lacking, lacking}, 5, {}).value()),
              ElementsAre("[0]:[0]:[0]", "[1]:[1]:[]", "[2]:[2]:[1]"));
}

TEST(AlignJointlyTest, AVersionThatJoinsSentencesJoinsThoseOfTheOthers) {
  JointPair merged;
  merged.beads = {{.source = {0, 2}, .target = {0, 1}}, {.source = {2, 3}, .target = {1, 2}}};
  merged.likely = {Likely(0, 0, {2, 1}, 8, 0.98F), Likely(2, 1, {1, 1}, 8, 0.99F)};
  EXPECT_THAT(
      Text(AlignJointly(VersionsOf({3, 3, 2}), {OneByOne(3), merged, merged}, 5, {}).value()),
      ElementsAre("[0,1]:[0,1]:[0]", "[2]:[2]:[1]"));
}

TEST(AlignJointlyTest, AFalseLinkOfOnePairDoesNotJoinTwoTrueBeads) {
  // Sentence 0 of version 0 stands also in 2, sentence 0 of version 1 in 3; the
  // pair of 0 and 1, of which each lacks the other's, links them.
  const JointPair linked = {.beads = {{.source = {0, 1}, .target = {0, 1}}},
                            .likely = {Likely(0, 0, {1, 1}, 4, 0.95F)}};
  const JointPair sure = {.beads = {{.source = {0, 1}, .target = {0, 1}}},
                          .likely = {Likely(0, 0, {1, 1}, 9, 0.99F)}};
  const JointPair strangers = {
      .beads = {{.source = {0, 1}, .target = {0, 0}}, {.source = {1, 1}, .target = {0, 1}}},
      .likely = {}};
  const std::vector<JointPair> pairs = {linked,    sure, strangers,  // 0-1 0-2 0-3
                                        strangers, sure, strangers};
  EXPECT_THAT(Text(AlignJointly(VersionsOf({1, 1, 1, 1}), pairs, 5, {}).value()),
              UnorderedElementsAreArray({"[0]:[]:[0]:[]", "[]:[0]:[]:[0]"}));
}

TEST(AlignJointlyTest, ASentenceThatMustStandAloneDoes) {
  std::vector<JointVersion> versions = VersionsOf({3, 3, 3});
  versions[1].alone = {false, true, false};
  EXPECT_THAT(Text(AlignJointly(versions, std::vector<JointPair>(3, OneByOne(3)), 5, {}).value()),
              UnorderedElementsAreArray({"[0]:[0]:[0]", "[]:[1]:[]", "[1]:[]:[1]", "[2]:[2]:[2]"}));
}

TEST(AlignJointlyTest, SidesHaveProbabilitiesOfTheirOwn) {
  // Version 2 is unsure whether its second sentence belongs to the first bead.
  JointPair unsure = OneByOne(1);
  unsure.beads.push_back({.source = {1, 1}, .target = {1, 2}});
  unsure.likely = {Likely(0, 0, {1, 1}, 8, 0.6F), Likely(0, 0, {1, 2}, 8, 0.4F)};
  const std::vector<MultiBead> beads =
      AlignJointly(VersionsOf({1, 1, 2}), {OneByOne(1), unsure, unsure}, 5, {}).value();
  const MultiBead& bead = beads[0];
  ASSERT_EQ(bead.side_probabilities.size(), 3u);
  EXPECT_LT(bead.side_probabilities[2], bead.side_probabilities[0]);
  EXPECT_LT(bead.side_probabilities[2], bead.side_probabilities[1]);
}

TEST(AlignJointlyTest, EmptyVersionsHaveNoBeads) {
  EXPECT_THAT(AlignJointly(VersionsOf({0, 0, 0}), std::vector<JointPair>(3), 5, {}).value(),
              IsEmpty());
  EXPECT_THAT(Text(AlignJointly(VersionsOf({0, 2, 0}), std::vector<JointPair>(3), 5, {}).value()),
              ElementsAre("[]:[0]:[]", "[]:[1]:[]"));
}

TEST(AlignJointlyTest, ContradictoryPairsAreCoveredOnce) {
  std::mt19937 random(17);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    std::vector<int> sizes(3 + round % 5);
    if (round == 59) sizes.resize(16);
    for (int& size : sizes) size = static_cast<int>(random() % 14);
    std::vector<JointVersion> versions = VersionsOf(sizes);
    for (JointVersion& version : versions) {
      for (int s = 0; s < version.size; ++s) version.alone.push_back(random() % 8 == 0);
    }
    const int bead_size_max = 1 + static_cast<int>(random() % 8);
    const std::vector<MultiBead> beads =
        AlignJointly(versions, RandomPairs(sizes, 10, random), bead_size_max, {}).value();
    EXPECT_EQ(CoverageFault(beads, sizes), "");
    for (const MultiBead& bead : beads) {
      EXPECT_GE(bead.probability, 0);
      EXPECT_LE(bead.probability, 1);
      ASSERT_EQ(bead.side_probabilities.size(), sizes.size());
      int present = 0;
      int sentences = 0;
      bool alone = false;
      for (size_t v = 0; v < sizes.size(); ++v) {
        EXPECT_LE(bead.sides[v].size(), bead_size_max);
        present += bead.sides[v].empty() ? 0 : 1;
        sentences += bead.sides[v].size();
        for (int s = bead.sides[v].begin; s < bead.sides[v].end; ++s) {
          alone = alone || versions[v].alone[s];
        }
        EXPECT_GE(bead.side_probabilities[v], bead.probability - 1e-6);
        EXPECT_LE(bead.side_probabilities[v], 1);
      }
      EXPECT_TRUE(sentences == 1 || (!alone && present > 1)) << Text({bead})[0];
    }
  }
}

// Versions of the same units, each cut into sentences of one to three of them, so
// that what belongs together is known.
struct Units {
  std::vector<int> sizes;
  std::vector<std::vector<int>> ends;  // of each version's sentences, in units
};

Units CutUnits(int versions, int units, std::mt19937& random) {
  Units result;
  for (int v = 0; v < versions; ++v) {
    std::vector<int> ends;
    for (int end = 0; end < units;) {
      end = std::min(units, end + 1 + (random() % 6 == 0 ? 1 : 0));
      ends.push_back(end);
    }
    result.sizes.push_back(static_cast<int>(ends.size()));
    result.ends.push_back(ends);
  }
  return result;
}

// What two versions of the units see: their finest common division.
JointPair PairOf(const std::vector<int>& source, const std::vector<int>& target) {
  JointPair pair;
  Bead bead;
  for (size_t s = 0, t = 0; s < source.size() && t < target.size();) {
    if (source[s] == target[t]) {
      ++s, ++t;
      bead.source.end = static_cast<int>(s);
      bead.target.end = static_cast<int>(t);
      pair.beads.push_back(bead);
      pair.likely.push_back(Likely(bead.source.begin, bead.target.begin,
                                   {bead.source.size(), bead.target.size()},
                                   static_cast<float>(6 * bead.source.size()), 0.97F));
      bead.source = {bead.source.end, bead.source.end};
      bead.target = {bead.target.end, bead.target.end};
    } else if (source[s] < target[t]) {
      ++s;
    } else {
      ++t;
    }
  }
  return pair;
}

std::vector<JointPair> PairsOf(const Units& units) {
  std::vector<JointPair> pairs;
  for (size_t a = 0; a < units.ends.size(); ++a) {
    for (size_t b = a + 1; b < units.ends.size(); ++b) {
      pairs.push_back(PairOf(units.ends[a], units.ends[b]));
    }
  }
  return pairs;
}

TEST(AlignJointlyTest, PermutedVersionsGiveThePermutedBeads) {
  std::mt19937 random(23);
  for (int round = 0; round < 10; ++round) {
    SCOPED_TRACE(round);
    const Units units = CutUnits(4, 40, random);
    std::vector<int> order = {0, 1, 2, 3};
    std::shuffle(order.begin(), order.end(), random);
    Units permuted;
    for (const int v : order) {
      permuted.sizes.push_back(units.sizes[v]);
      permuted.ends.push_back(units.ends[v]);
    }
    const std::vector<MultiBead> beads =
        AlignJointly(VersionsOf(units.sizes), PairsOf(units), 8, {}).value();
    std::vector<MultiBead> expected = beads;
    for (size_t b = 0; b < beads.size(); ++b) {
      for (size_t i = 0; i < order.size(); ++i) {
        expected[b].sides[i] = beads[b].sides[order[i]];
      }
    }
    EXPECT_EQ(Text(AlignJointly(VersionsOf(permuted.sizes), PairsOf(permuted), 8, {}).value()),
              Text(expected));
  }
}

TEST(AlignJointlyTest, LongDocumentsGoThroughABandInLinearTime) {
  std::mt19937 random(29);
  double ticks[2];
  for (const int i : {0, 1}) {
    const Units units = CutUnits(4, i == 0 ? 500 : 2000, random);
    const std::vector<JointPair> pairs = PairsOf(units);
    const std::clock_t begin = std::clock();
    const std::vector<MultiBead> beads =
        AlignJointly(VersionsOf(units.sizes), pairs, 8, {}).value();
    ticks[i] = static_cast<double>(std::clock() - begin);
    EXPECT_EQ(CoverageFault(beads, units.sizes), "");
    // A bead where all versions end, unless it is too large for one.
    EXPECT_GT(beads.size(), units.sizes[0] / 4);
  }
  // Four times the length; the rest is for a busy machine.
  EXPECT_LT(ticks[1], 12 * ticks[0]);
}

TEST(AlignJointlyTest, StopsWhenAsked) {
  std::mt19937 random(31);
  const Units units = CutUnits(4, 3000, random);
  const std::vector<JointPair> pairs = PairsOf(units);
  const std::vector<JointVersion> versions = VersionsOf(units.sizes);
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(AlignJointly(versions, pairs, 5, StopCondition(&cancelled, absl::InfiniteFuture()))
                .status()
                .code(),
            absl::StatusCode::kCancelled);
  const absl::Time begin = absl::Now();
  EXPECT_EQ(AlignJointly(versions, pairs, 5, StopCondition(nullptr, begin + absl::Milliseconds(30)))
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(10));
}

}  // namespace
}  // namespace hexapla
