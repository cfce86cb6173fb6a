// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/monotonic_aligner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"

#include "tests/testing/coverage.h"
#include "tests/testing/exhaustive_aligner.h"

namespace hexapla {

void PrintTo(const BeadShape& shape, std::ostream* out) {
  *out << shape.sources << "-" << shape.targets;
}
void PrintTo(const Bead& bead, std::ostream* out) {
  *out << "[" << bead.source.begin << "," << bead.source.end << "):[" << bead.target.begin << ","
       << bead.target.end << ")";
}

namespace {

using ::hexapla::testing::CoverageFault;
using ::hexapla::testing::ExhaustiveAligner;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Bead BeadOf(int source_begin, int source_end, int target_begin, int target_end) {
  return {.source = {source_begin, source_end}, .target = {target_begin, target_end}};
}

// A score for every candidate, random but reproducible; a multiple of 1/64, so
// that the aligner's floats hold it exactly.
class ScoreTable {
 public:
  ScoreTable(uint32_t seed, uint32_t spread) : seed_(seed), spread_(spread) {}

  double operator()(int source, int target, BeadShape shape) const {
    uint32_t hash = seed_;
    for (const int part : {source, target, shape.sources, shape.targets}) {
      hash = (hash ^ static_cast<uint32_t>(part + 1)) * 0x9E3779B1u;
      hash ^= hash >> 15;
    }
    return static_cast<double>(static_cast<int>(hash % (128 * spread_)) -
                               static_cast<int>(64 * spread_)) /
           64;
  }

 private:
  uint32_t seed_;
  uint32_t spread_;  // scores lie in [-spread, spread)
};

double Gain(const ExhaustiveAligner& twin, const Bead& bead) {
  const bool two_sided = !bead.source.empty() && !bead.target.empty();
  const double posterior = twin.Posterior(bead);
  if (!two_sided) return posterior / 2 - 0.4;
  return posterior < 0.1 ? -1000 : posterior - 0.4;
}

// Compares the aligner with the twin that lists every alignment.
void ExpectTwinsAgree(const SearchBand& band, const std::vector<BeadShape>& shapes,
                      const ScoreTable& score) {
  const ExhaustiveAligner twin(band, shapes, score);
  const absl::StatusOr<Alignment> alignment = AlignMonotonically(band, shapes, score, {});
  ASSERT_TRUE(alignment.ok()) << alignment.status();
  EXPECT_EQ(CoverageFault(alignment->beads, band.sources(), band.targets()), "");
  EXPECT_NEAR(alignment->log_partition, twin.LogPartition(), 1e-6);
  double gain = 0;
  double sum = 0;
  for (const Bead& bead : alignment->beads) {
    EXPECT_NEAR(bead.probability, twin.Posterior(bead), 1e-6);
    EXPECT_EQ(bead.score, score(bead.source.begin, bead.target.begin,
                                {bead.source.size(), bead.target.size()}));
    gain += Gain(twin, bead);
    sum += bead.score;
  }
  EXPECT_DOUBLE_EQ(alignment->score, sum);
  std::map<std::tuple<int, int, int, int>, double> gains;  // worked out once a bead
  const double best = twin.BestGain([&](const Bead& bead) {
    const auto [entry, fresh] =
        gains.try_emplace({bead.source.begin, bead.source.end, bead.target.begin, bead.target.end});
    if (fresh) entry->second = Gain(twin, bead);
    return entry->second;
  });
  EXPECT_NEAR(gain, best, 1e-6);
}

TEST(AlignMonotonicallyTest, AgreesWithTheExhaustiveTwin) {
  struct Case {
    int sources;
    int targets;
    std::vector<BeadShape> shapes;
  };
  const std::vector<Case> cases = {
      {.sources = 1, .targets = 1, .shapes = BeadShapes(5, true)},
      {.sources = 0, .targets = 3, .shapes = BeadShapes(5, true)},
      {.sources = 3, .targets = 0, .shapes = BeadShapes(5, true)},
      {.sources = 4, .targets = 4, .shapes = BeadShapes(1, false)},
      {.sources = 4, .targets = 3, .shapes = BeadShapes(2, true)},
      {.sources = 2, .targets = 5, .shapes = BeadShapes(5, true)},
      {.sources = 3, .targets = 3, .shapes = BeadShapes(3, true)},
  };
  for (const Case& c : cases) {
    for (uint32_t seed = 0; seed < 40; ++seed) {
      SCOPED_TRACE(::testing::Message() << c.sources << "x" << c.targets << ", " << c.shapes.size()
                                        << " shapes, seed " << seed);
      const uint32_t spread = 1 + seed % 4 * 2;  // from vague to sure
      ExpectTwinsAgree(SearchBand::Full(c.sources, c.targets), c.shapes, ScoreTable(seed, spread));
    }
  }
}

TEST(AlignMonotonicallyTest, AgreesWithTheExhaustiveTwinInsideABand) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const int targets = 2 + static_cast<int>(seed % 4);
    const SearchBand band = SearchBand::Around({{0, 0}, {5, targets}}, 5, targets, 1);
    ExpectTwinsAgree(band, BeadShapes(2, true), ScoreTable(seed, 2));
  }
}

// The beads' probabilities by their text. A deletion next to an insertion may
// stand before or after it, which means the same, so empty sides say nothing.
std::map<std::string, double> ByMeaning(const std::vector<Bead>& beads) {
  const auto text = [](const SentenceRun& run) {
    return run.empty() ? "-" : absl::StrCat("[", run.begin, ",", run.end, ")");
  };
  std::map<std::string, double> result;
  for (const Bead& bead : beads) {
    result[text(bead.source) + ":" + text(bead.target)] = bead.probability;
  }
  return result;
}

// The same beads seen from the other side.
std::vector<Bead> Mirror(std::vector<Bead> beads) {
  for (Bead& bead : beads) std::swap(bead.source, bead.target);
  return beads;
}

TEST(AlignMonotonicallyTest, MirroredSidesGiveTheMirroredResult) {
  const std::vector<BeadShape> shapes = BeadShapes(4, true);
  for (uint32_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(seed);
    const ScoreTable score(seed, 3);
    const auto mirrored_score = [&](int source, int target, BeadShape shape) {
      return score(target, source, {shape.targets, shape.sources});
    };
    const Alignment forth = AlignMonotonically(SearchBand::Full(9, 7), shapes, score, {}).value();
    const Alignment back =
        AlignMonotonically(SearchBand::Full(7, 9), shapes, mirrored_score, {}).value();
    EXPECT_NEAR(forth.log_partition, back.log_partition, 1e-9);
    const auto probabilities = ByMeaning(Mirror(forth.beads));
    const auto mirrored = ByMeaning(back.beads);
    EXPECT_EQ(probabilities.size(), mirrored.size());
    for (const auto& [bead, probability] : probabilities) {
      ASSERT_TRUE(mirrored.contains(bead)) << bead;
      EXPECT_NEAR(probability, mirrored.at(bead), 1e-9) << bead;
    }
  }
}

TEST(AlignMonotonicallyTest, EverySentenceIsCoveredOnceInAnyGrid) {
  struct Case {
    int sources;
    int targets;
    int radius;  // 0: the whole grid
  };
  for (const Case& c : {Case{0, 0, 0}, Case{0, 40, 0}, Case{40, 0, 2}, Case{1, 300, 1},
                        Case{300, 1, 3}, Case{60, 60, 0}, Case{200, 180, 5}}) {
    SCOPED_TRACE(::testing::Message() << c.sources << "x" << c.targets);
    const SearchBand band = c.radius == 0 ? SearchBand::Full(c.sources, c.targets)
                                          : SearchBand::Around({{0, 0}, {c.sources, c.targets}},
                                                               c.sources, c.targets, c.radius);
    const absl::StatusOr<Alignment> alignment =
        AlignMonotonically(band, BeadShapes(5, true), ScoreTable(1, 2), {});
    ASSERT_TRUE(alignment.ok()) << alignment.status();
    EXPECT_EQ(CoverageFault(alignment->beads, c.sources, c.targets), "");
    for (const Bead& bead : alignment->beads) {
      EXPECT_GE(bead.probability, 0);
      EXPECT_LE(bead.probability, 1);
    }
  }
}

TEST(AlignMonotonicallyTest, ADeletionIsOneBeadWhereverItStands) {
  // The odd sentence is surely deleted, before, between or after the others.
  const auto score = [](int source, int, BeadShape shape) {
    if (!shape.two_sided()) return 0.0;
    return source == 1 ? -20.0 : 20.0;
  };
  const Alignment alignment =
      AlignMonotonically(SearchBand::Full(3, 2), BeadShapes(1, false), score, {}).value();
  EXPECT_THAT(alignment.beads,
              ElementsAre(BeadOf(0, 1, 0, 1), BeadOf(1, 2, 1, 1), BeadOf(2, 3, 1, 2)));
  const auto none = [](int, int, BeadShape shape) { return shape.two_sided() ? -20.0 : 0.0; };
  const Alignment apart =
      AlignMonotonically(SearchBand::Full(3, 2), BeadShapes(1, false), none, {}).value();
  EXPECT_EQ(apart.beads.size(), 5u);
  for (const Bead& bead : apart.beads) {
    EXPECT_NEAR(bead.probability, 1, 1e-6);  // each order of them alone has a tenth
    EXPECT_LE(bead.probability, 1);
  }
}

TEST(AlignMonotonicallyTest, TwoEmptyDocumentsHaveNoBeads) {
  const Alignment alignment =
      AlignMonotonically(SearchBand::Full(0, 0), BeadShapes(5, true), ScoreTable(0, 1), {}).value();
  EXPECT_THAT(alignment.beads, IsEmpty());
  EXPECT_EQ(alignment.score, 0);
  EXPECT_EQ(alignment.log_partition, 0);
}

TEST(AlignMonotonicallyTest, AClearCaseIsAlignedWithCertainty) {
  // Sentence 1 of the target joins two of the source, sentence 3 of the source
  // is missing in the target.
  const std::vector<Bead> right = {BeadOf(0, 1, 0, 1), BeadOf(1, 3, 1, 2), BeadOf(3, 4, 2, 2),
                                   BeadOf(4, 5, 2, 3)};
  const auto score = [&](int source, int target, BeadShape shape) {
    const Bead bead = BeadOf(source, source + shape.sources, target, target + shape.targets);
    return std::find(right.begin(), right.end(), bead) != right.end() ? 10.0 : -10.0;
  };
  const Alignment alignment =
      AlignMonotonically(SearchBand::Full(5, 3), BeadShapes(5, true), score, {}).value();
  EXPECT_EQ(alignment.beads, right);
  EXPECT_EQ(alignment.score, 40);
  for (const Bead& bead : alignment.beads) EXPECT_GT(bead.probability, 0.999);
}

TEST(AlignMonotonicallyTest, OfEqualAlignmentsTheEarlierShapeWins) {
  const auto score = [](int, int, BeadShape) { return 0.0; };
  const std::vector<BeadShape> pair_or_merge = {{1, 1}, {2, 2}};
  const Alignment alignment =
      AlignMonotonically(SearchBand::Full(2, 2), pair_or_merge, score, {}).value();
  EXPECT_THAT(alignment.beads, ElementsAre(BeadOf(0, 1, 0, 1), BeadOf(1, 2, 1, 2)));
}

TEST(AlignMonotonicallyTest, HugeScoresDoNotOverflow) {
  const auto score = [](int source, int target, BeadShape shape) {
    return source == target && shape == BeadShape{1, 1} ? 1e4 : -1e4;
  };
  const Alignment alignment =
      AlignMonotonically(SearchBand::Full(50, 50), BeadShapes(5, true), score, {}).value();
  EXPECT_EQ(alignment.beads.size(), 50u);
  EXPECT_EQ(alignment.log_partition, 50 * 1e4);
  for (const Bead& bead : alignment.beads) EXPECT_EQ(bead.probability, 1);
}

TEST(AlignMonotonicallyTest, AScoreIsAskedForOnceACandidate) {
  const SearchBand band = SearchBand::Around({{0, 0}, {20, 20}}, 20, 20, 2);
  std::map<std::tuple<int, int, int, int>, int> asked;
  const auto score = [&](int source, int target, BeadShape shape) {
    EXPECT_TRUE(band.Contains(source, target));
    EXPECT_TRUE(band.Contains(source + shape.sources, target + shape.targets));
    ++asked[{source, target, shape.sources, shape.targets}];
    return 0.0;
  };
  ASSERT_TRUE(AlignMonotonically(band, BeadShapes(3, true), score, {}).ok());
  for (const auto& [candidate, times] : asked) EXPECT_EQ(times, 1);
}

TEST(AlignMonotonicallyTest, ACancelledCallStopsAtTheNextRow) {
  std::atomic<bool> cancelled = false;
  int rows_after = 0;
  const auto score = [&](int source, int target, BeadShape shape) {
    if (source >= 10) cancelled = true;
    if (source > 10) ++rows_after;
    return ScoreTable(0, 1)(source, target, shape);
  };
  const absl::StatusOr<Alignment> alignment =
      AlignMonotonically(SearchBand::Full(40, 40), BeadShapes(2, true), score,
                         StopCondition(&cancelled, absl::InfiniteFuture()));
  EXPECT_EQ(alignment.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(rows_after, 0);
}

TEST(AlignMonotonicallyTest, APassedDeadlineStopsIt) {
  const auto score = [](int, int, BeadShape) { return 0.0; };
  const absl::StatusOr<Alignment> alignment =
      AlignMonotonically(SearchBand::Full(4, 4), BeadShapes(2, true), score,
                         StopCondition(nullptr, absl::InfinitePast()));
  EXPECT_EQ(alignment.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(BeadShapesTest, WithoutMergesOnlySinglesRemain) {
  const std::vector<BeadShape> singles = {{1, 1}, {1, 0}, {0, 1}};
  EXPECT_EQ(BeadShapes(5, /*merges=*/false), singles);
  EXPECT_EQ(BeadShapes(1, /*merges=*/true), singles);
}

TEST(BeadShapesTest, MergesComeBySize) {
  EXPECT_THAT(BeadShapes(2, true), ElementsAre(BeadShape{1, 1}, BeadShape{1, 0}, BeadShape{0, 1},
                                               BeadShape{1, 2}, BeadShape{2, 1}, BeadShape{2, 2}));
  EXPECT_THAT(BeadShapes(5, true),
              ElementsAre(BeadShape{1, 1}, BeadShape{1, 0}, BeadShape{0, 1},  //
                          BeadShape{1, 2}, BeadShape{2, 1},                   //
                          BeadShape{1, 3}, BeadShape{2, 2}, BeadShape{3, 1},  //
                          BeadShape{1, 4}, BeadShape{2, 3}, BeadShape{3, 2}, BeadShape{4, 1},
                          BeadShape{1, 5}, BeadShape{2, 4}, BeadShape{3, 3}, BeadShape{4, 2},
                          BeadShape{5, 1}));
}

TEST(BeadShapesTest, OneSentenceMeetsAsManyAsAllowed) {
  const std::vector<BeadShape> shapes = BeadShapes(8, true);
  const auto has = [&](BeadShape shape) {
    return std::find(shapes.begin(), shapes.end(), shape) != shapes.end();
  };
  EXPECT_TRUE(has({1, 8}));
  EXPECT_TRUE(has({8, 1}));
  EXPECT_FALSE(has({1, 9}));
  EXPECT_FALSE(has({2, 5}));
  EXPECT_FALSE(has({0, 2}));
}

TEST(BeadShapesTest, TheListIsClosedUnderMirroring) {
  for (int size_max = 1; size_max <= 8; ++size_max) {
    const std::vector<BeadShape> shapes = BeadShapes(size_max, true);
    for (const BeadShape& shape : shapes) {
      EXPECT_EQ(std::count(shapes.begin(), shapes.end(), shape), 1);
      EXPECT_EQ(std::count(shapes.begin(), shapes.end(), BeadShape{shape.targets, shape.sources}),
                1);
    }
  }
}

}  // namespace
}  // namespace hexapla
