// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/bead_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/testing/coverage.h"
#include "tests/testing/made_up_documents.h"
#include "tests/testing/plain_weights.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::CoverageFault;
using ::hexapla::testing::Embed;
using ::hexapla::testing::MadeUpDocuments;
using ::hexapla::testing::MadeUpOptions;
using ::hexapla::testing::MakeUpDocuments;
using ::hexapla::testing::PlainWeights;
using ::hexapla::testing::TableEmbedder;

// Scores over the whole grid of two documents.
class BeadScorerTest : public ::testing::Test {
 protected:
  BeadScorer Scorer(const std::vector<std::string>& source,
                    const std::vector<std::string>& target) {
    source_ = Embed(source, space_);
    target_ = Embed(target, space_);
    return BeadScorer::Create(source_, target_, SearchBand::Full(source_.size(), target_.size()),
                              {}, weights_, {})
        .value();
  }
  Alignment Align(const BeadScorer& scorer) {
    return AlignMonotonically(SearchBand::Full(source_.size(), target_.size()), BeadShapes(5, true),
                              scorer, {})
        .value();
  }

  const TableEmbedder space_{{"cat chat", "drinks boit", "milk lait", "dog chien", "sleeps dort"}};
  ScoringWeights weights_ = PlainWeights();
  EmbeddedDocument source_;
  EmbeddedDocument target_;
};

TEST_F(BeadScorerTest, AScoreIsTheInnerProductOfFeaturesAndWeights) {
  weights_ = ScoringWeights();
  weights_.bead[kShape12] = 7;
  weights_.bead[kDeletion] = -3;
  weights_.bead[kNumbersMatched] = 0.5;
  const BeadScorer scorer = Scorer({"cat 5", "dog"}, {"chat 5", "chien"});
  EXPECT_DOUBLE_EQ(scorer(0, 0, {1, 1}), 0.5);
  EXPECT_DOUBLE_EQ(scorer(0, 0, {2, 1}), 7.5);
  EXPECT_DOUBLE_EQ(scorer(1, 1, {1, 1}), 0);
  EXPECT_DOUBLE_EQ(scorer(0, 1, {1, 0}), -3);
  EXPECT_DOUBLE_EQ(scorer(0, 1, {0, 1}), -3);
}

TEST_F(BeadScorerTest, ABlankSentenceStandsInNoBeadOfBothSides) {
  const BeadScorer scorer =
      Scorer({"cat drinks milk", "", "dog sleeps"}, {"chat boit lait", "chien dort", " "});
  EXPECT_LT(scorer(1, 0, {1, 1}), -1000);
  EXPECT_LT(scorer(0, 0, {2, 1}), -1000);
  EXPECT_LT(scorer(0, 2, {1, 1}), -1000);
  EXPECT_LT(scorer(0, 0, {3, 3}), -1000);
  EXPECT_EQ(scorer(1, 0, {1, 0}), 0);
  EXPECT_EQ(scorer(1, 2, {0, 1}), 0);
  EXPECT_GT(scorer(0, 0, {1, 1}), 0);
  EXPECT_GT(scorer(2, 1, {1, 1}), 0);
}

TEST_F(BeadScorerTest, BlankSentencesAreDeletedWhereverTheyStand) {
  const std::vector<std::string> source = {"", "cat drinks milk", "", "", "dog sleeps", ""};
  const std::vector<std::string> target = {"chat boit lait", "", "chien dort", "", ""};
  const Alignment alignment = Align(Scorer(source, target));
  EXPECT_EQ(CoverageFault(alignment.beads, 6, 5), "");
  int two_sided = 0;
  for (const Bead& bead : alignment.beads) {
    if (bead.source.empty() || bead.target.empty()) continue;
    ++two_sided;
    for (int s = bead.source.begin; s < bead.source.end; ++s) EXPECT_FALSE(source[s].empty());
    for (int t = bead.target.begin; t < bead.target.end; ++t) EXPECT_FALSE(target[t].empty());
  }
  EXPECT_EQ(two_sided, 2);
}

TEST_F(BeadScorerTest, AMadeUpDocumentIsAligned) {
  const MadeUpOptions options = {.beads = 120, .words = 400};
  const MadeUpDocuments documents = MakeUpDocuments(options);
  const TableEmbedder space(MadeUpWords(options));
  source_ = Embed(documents.source, space);
  target_ = Embed(documents.target, space);
  const BeadScorer scorer =
      BeadScorer::Create(source_, target_, SearchBand::Full(source_.size(), target_.size()), {},
                         weights_, {})
          .value();
  const Alignment alignment = Align(scorer);
  // Nearly all beads of both sides; deletions may stand elsewhere.
  const auto missed =
      std::count_if(documents.beads.begin(), documents.beads.end(), [&](const Bead& bead) {
        return !bead.source.empty() && !bead.target.empty() &&
               std::count(alignment.beads.begin(), alignment.beads.end(), bead) == 0;
      });
  EXPECT_LE(missed, 2);
  EXPECT_GT(scorer.DocumentProbability(alignment), 0.9);
}

TEST_F(BeadScorerTest, CalibrationMapsProbabilitiesMonotonically) {
  const BeadScorer plain = Scorer({"cat"}, {"chat"});
  for (const double p : {0.01, 0.3, 0.5, 0.99}) {
    EXPECT_NEAR(plain.CalibratedProbability(p), p, 1e-9);
  }
  weights_.calibration_slope = 0.5;
  weights_.calibration_intercept = -1;
  const BeadScorer scorer = Scorer({"cat"}, {"chat"});
  double before = 0;
  for (const double p : {0.0, 1e-9, 0.2, 0.5, 0.8, 1 - 1e-9, 1.0}) {
    const double calibrated = scorer.CalibratedProbability(p);
    EXPECT_GT(calibrated, 0);
    EXPECT_LT(calibrated, 1);
    EXPECT_GE(calibrated, before);
    before = calibrated;
  }
  EXPECT_NEAR(scorer.CalibratedProbability(0.5), 1 / (1 + std::exp(1)), 1e-9);
}

TEST_F(BeadScorerTest, UnrelatedDocumentsAreImprobable) {
  const BeadScorer related =
      Scorer({"cat drinks milk", "dog sleeps"}, {"chat boit lait", "chien dort"});
  const double probable = related.DocumentProbability(Align(related));
  const BeadScorer unrelated =
      Scorer({"cat drinks milk", "dog sleeps"}, {"unheard of", "words nobody knows"});
  EXPECT_GT(probable, 0.5);
  EXPECT_LT(unrelated.DocumentProbability(Align(unrelated)), 0.5);
}

TEST_F(BeadScorerTest, StopsWhenTold) {
  source_ = Embed({"cat"}, space_);
  EXPECT_EQ(BeadScorer::Create(source_, source_, SearchBand::Full(1, 1), {}, weights_,
                               StopCondition(nullptr, absl::InfinitePast()))
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace hexapla
