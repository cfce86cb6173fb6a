// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/pair_scorer.h"

#include <atomic>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "server/embedding/embedded_document.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

class PairScorerTest : public ::testing::Test {
 protected:
  SentencePairVector Features(const std::string& source, const std::string& target,
                              bool semantic = true) {
    return SentencePairFeatures(*EmbedDocument({source}, embedder_, {}),
                                *EmbedDocument({target}, embedder_, {}), 0, semantic);
  }

  const testing::TableEmbedder embedder_{
      {"cat chat", "drinks boit", "milk lait", "dog chien", "sleeps dort", "red rouge"}};
};

TEST_F(PairScorerTest, TranslationIsCoveredAndAnotherSentenceIsNot) {
  const SentencePairVector right = Features("cat drinks milk", "chat boit lait");
  EXPECT_NEAR(right[kPairCosine], 1, 1e-5);
  EXPECT_GT(right[kPairCoverageLeast], 0.9);
  EXPECT_GT(right[kPairCoverageSure], 0.99);
  EXPECT_EQ(right[kPairUncoveredRun], 0);
  const SentencePairVector wrong = Features("cat drinks milk", "chien dort");
  EXPECT_LT(wrong[kPairCosine], 0.5);
  EXPECT_LT(wrong[kPairCoverage], 0.4);
  EXPECT_GT(wrong[kPairUncoveredRun], 0.5);
}

TEST_F(PairScorerTest, WhatOneSideHasMoreShowsOnThatSide) {
  const SentencePairVector whole =
      Features("cat drinks milk dog sleeps", "chat boit lait chien dort");
  const SentencePairVector cut = Features("cat drinks milk dog sleeps", "chat boit lait");
  EXPECT_EQ(whole[kPairTrimGain], 0);
  EXPECT_GT(cut[kPairTrimGain], 0.1);
  EXPECT_LT(cut[kPairCoverageLeast], 0.75);
  EXPECT_NEAR(cut[kPairUncoveredRun], 0.4, 0.01);
  EXPECT_NEAR(cut[kPairUncoveredWordShare], 0.2, 0.05);
  EXPECT_GT(cut[kPairLengthRatio], whole[kPairLengthRatio]);
  EXPECT_GT(cut[kPairMassRatio], 0.3);
}

TEST_F(PairScorerTest, NumbersAndNamesAreCounted) {
  const SentencePairVector f = Features("cat 12 Hexapla 7", "chat 12 Hexapla 8");
  EXPECT_EQ(f[kPairNumbersMatched], 1);
  EXPECT_EQ(f[kPairNumbersUnmatched], 2);
  EXPECT_EQ(f[kPairNamesMatched], 1);
}

TEST_F(PairScorerTest, WithoutTheSpaceOnlySpellingsCount) {
  const SentencePairVector f = Features("cat 12 milk", "chat 12 lait", /*semantic=*/false);
  EXPECT_EQ(f[kPairCosine], 0);
  EXPECT_NEAR(f[kPairCoverage], 1.0 / 3, 0.01);
  EXPECT_EQ(f[kPairNumbersMatched], 1);
}

TEST_F(PairScorerTest, FeaturesOfOddSentencesAreFinite) {
  for (const char* odd : {"!!!", "...", "1", "\xF0\x9F\x98\x80", "unknown"}) {
    for (const char* other : {"!!!", "cat", "2"}) {
      for (const double x : Features(odd, other)) EXPECT_TRUE(std::isfinite(x)) << odd << other;
    }
  }
}

TEST_F(PairScorerTest, SwappedSidesHaveTheSameFeatures) {
  const SentencePairVector one = Features("cat drinks 3 milk", "chien dort");
  const SentencePairVector two = Features("chien dort", "cat drinks 3 milk");
  for (int k = 0; k < kSentencePairFeatures; ++k) {
    EXPECT_NEAR(one[k], two[k], 1e-6) << SentencePairFeatureName(k);
  }
}

TEST_F(PairScorerTest, WeightsOfTheLanguagesDecide) {
  PairWeights weights;
  weights.semantic[kPairIntercept] = 2;
  weights.plain[kPairIntercept] = -2;
  const PairScorer covered(embedder_, weights, "en", "fr");
  EXPECT_EQ(covered.Score("cat", "chat", {})->score, 2);
  EXPECT_NEAR(covered.Score("cat", "chat", {})->probability, 0.8808, 1e-4);
  const PairScorer uncovered(embedder_, weights, "en", "sw");
  EXPECT_EQ(uncovered.Score("cat", "chat", {})->score, -2);
}

TEST_F(PairScorerTest, StopsWhenItIsTold) {
  const std::atomic<bool> cancelled = true;
  const PairWeights weights;
  const PairScorer scorer(embedder_, weights, "en", "fr");
  EXPECT_TRUE(absl::IsCancelled(
      scorer.Score("cat", "chat", StopCondition(&cancelled, absl::InfiniteFuture())).status()));
}

}  // namespace
}  // namespace hexapla
