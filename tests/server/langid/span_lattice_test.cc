// SPDX-License-Identifier: Apache-2.0
#include "server/langid/span_lattice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

double ScoreOf(const SpanLattice& lattice, const std::vector<size_t>& path) {
  double score = 0;
  for (size_t u = 0; u < path.size(); ++u) {
    score += lattice.Evidence(u, path[u]);
    if (u > 0 && path[u] == path[u - 1]) continue;
    score += lattice.log_shares[path[u]] - (u > 0 ? lattice.change_costs[u] : 0);
  }
  return score;
}

// All paths, by counting in the base of the states.
std::vector<std::vector<size_t>> AllPaths(const SpanLattice& lattice) {
  std::vector<std::vector<size_t>> paths;
  std::vector<size_t> path(lattice.units(), 0);
  for (;;) {
    paths.push_back(path);
    size_t u = 0;
    while (u < path.size() && ++path[u] == lattice.states) path[u++] = 0;
    if (u == path.size()) return paths;
  }
}

SpanLattice RandomLattice(std::mt19937& random, size_t units, size_t states) {
  std::uniform_real_distribution<float> evidence(-4, 0);
  std::uniform_real_distribution<float> cost(0, 4);
  SpanLattice lattice;
  lattice.states = states;
  for (size_t i = 0; i < units * states; ++i) lattice.evidence.push_back(evidence(random));
  for (size_t i = 0; i < units; ++i) lattice.change_costs.push_back(cost(random));
  for (size_t i = 0; i < states; ++i) lattice.log_shares.push_back(evidence(random));
  return lattice;
}

TEST(SpanLatticeTest, TheBestPathIsTheBestOfAll) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    const SpanLattice lattice = RandomLattice(random, 1 + random() % 6, 1 + random() % 3);
    double best = -1e9;
    for (const auto& path : AllPaths(lattice)) best = std::max(best, ScoreOf(lattice, path));
    EXPECT_NEAR(ScoreOf(lattice, BestPath(lattice)), best, 1e-4);
  }
}

TEST(SpanLatticeTest, PosteriorsAreTheSharesOfAllPaths) {
  std::mt19937 random(8);
  for (int i = 0; i < 100; ++i) {
    const SpanLattice lattice = RandomLattice(random, 1 + random() % 5, 1 + random() % 3);
    std::vector<double> expected(lattice.evidence.size(), 0.0);
    double all = 0;
    for (const auto& path : AllPaths(lattice)) {
      const double weight = std::exp(ScoreOf(lattice, path));
      all += weight;
      for (size_t u = 0; u < path.size(); ++u) expected[u * lattice.states + path[u]] += weight;
    }
    const std::vector<float> posteriors = Posteriors(lattice);
    ASSERT_EQ(posteriors.size(), expected.size());
    for (size_t j = 0; j < expected.size(); ++j) {
      EXPECT_NEAR(posteriors[j], expected[j] / all, 1e-4);
    }
  }
}

TEST(SpanLatticeTest, AChangeMustPay) {
  SpanLattice lattice;
  lattice.states = 2;
  lattice.evidence = {0, -9, -2, 0, 0, -9};
  lattice.change_costs = {0, 3, 3};
  lattice.log_shares = {0, 0};
  EXPECT_THAT(BestPath(lattice), ElementsAre(0, 0, 0));
  lattice.change_costs = {0, 0.5f, 0.5f};
  EXPECT_THAT(BestPath(lattice), ElementsAre(0, 1, 0));
}

TEST(SpanLatticeTest, ARareLanguageIsHarderToEnter) {
  SpanLattice lattice;
  lattice.states = 2;
  lattice.evidence = {0, -4, -4, 0};
  lattice.change_costs = {0, 2};
  lattice.log_shares = {0, -1};
  EXPECT_THAT(BestPath(lattice), ElementsAre(0, 1));
  lattice.log_shares = {0, -3};
  EXPECT_THAT(BestPath(lattice), ElementsAre(0, 0));
}

TEST(SpanLatticeTest, EqualPathsChangeSeldomAndTakeTheFirstState) {
  SpanLattice lattice;
  lattice.states = 2;
  lattice.evidence = {0, 0, 0, 0};
  lattice.change_costs = {0, 0};
  lattice.log_shares = {0, 0};
  EXPECT_THAT(BestPath(lattice), ElementsAre(0, 0));
}

TEST(SpanLatticeTest, NoUnitsHaveNoPath) {
  SpanLattice lattice;
  lattice.log_shares = {0};
  EXPECT_THAT(BestPath(lattice), IsEmpty());
  EXPECT_THAT(Posteriors(lattice), IsEmpty());
}

TEST(SpanLatticeTest, LongAndExtremeEvidenceStaysInRange) {
  SpanLattice lattice;
  lattice.states = 2;
  lattice.log_shares = {-0.7f, -0.7f};
  for (size_t u = 0; u < 20000; ++u) {
    lattice.evidence.push_back(u < 10000 ? 0.0f : -200.0f);
    lattice.evidence.push_back(u < 10000 ? -200.0f : 0.0f);
    lattice.change_costs.push_back(50);
  }
  const std::vector<size_t> path = BestPath(lattice);
  EXPECT_EQ(path[9999], 0u);
  EXPECT_EQ(path[10000], 1u);
  const std::vector<float> posteriors = Posteriors(lattice);
  for (const float posterior : posteriors) ASSERT_TRUE(posterior >= 0 && posterior <= 1.0001f);
  EXPECT_NEAR(posteriors[0], 1, 1e-3);
  EXPECT_NEAR(posteriors[2 * 19999 + 1], 1, 1e-3);
}

}  // namespace
}  // namespace hexapla
