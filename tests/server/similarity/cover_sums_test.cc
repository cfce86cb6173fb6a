// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/cover_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace hexapla {
namespace {

constexpr size_t kTokensMax = 50;

// Weights and covers of kTokensMax tokens; what lies behind them must not matter.
struct Sentence {
  Sentence() : weights(kTokensMax + kCoverPadding, 1e30F) {
    std::mt19937 random(7);
    for (size_t t = 0; t < kTokensMax; ++t) weights[t] = static_cast<float>(random() % 100) / 10;
    for (std::vector<uint8_t>& cover : covers) {
      cover.assign(kTokensMax + kCoverPadding, 255);
      for (size_t t = 0; t < kTokensMax; ++t) cover[t] = static_cast<uint8_t>(random());
    }
  }

  uint8_t MostOf(size_t count, size_t t) const {
    uint8_t most = 0;
    for (size_t i = 0; i < count; ++i) most = std::max(most, covers[i][t]);
    return most;
  }

  std::vector<float> weights;
  std::vector<uint8_t> covers[5];
};

TEST(CoverSumsTest, AnyNumberOfTokensAndSentencesIsSummed) {
  const Sentence sentence;
  std::vector<const uint8_t*> covers;
  for (const auto& cover : sentence.covers) covers.push_back(cover.data());
  for (size_t size = 0; size <= kTokensMax; ++size) {
    for (size_t count = 1; count <= covers.size(); ++count) {
      double expected = 0;
      for (size_t t = 0; t < size; ++t) expected += sentence.weights[t] * sentence.MostOf(count, t);
      EXPECT_NEAR(SumCovers(sentence.weights.data(), covers.data(), count, size), expected,
                  1e-6 * expected);
    }
  }
}

TEST(CoverSumsTest, OnlyWhatNeighboursCoverBetterLeaks) {
  const Sentence sentence;
  const auto& [before, after, third, fourth, fifth] = sentence.covers;
  const uint8_t* const inside[] = {third.data(), fourth.data()};
  for (size_t size = 0; size <= kTokensMax; ++size) {
    double expected = 0;
    for (size_t t = 0; t < size; ++t) {
      const int outside = std::max(before[t], after[t]);
      expected += sentence.weights[t] * std::max(0, outside - std::max(third[t], fourth[t]));
    }
    EXPECT_NEAR(SumLeaks(sentence.weights.data(), before.data(), after.data(), inside, 2, size),
                expected, 1e-6 * expected);
  }
}

}  // namespace
}  // namespace hexapla
