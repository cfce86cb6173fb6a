// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/bead_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "server/similarity/band_finder.h"
#include "server/similarity/sentence_features.h"
#include "tests/testing/made_up_documents.h"
#include "tests/testing/plain_weights.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::Embed;
using ::hexapla::testing::MadeUpDocuments;
using ::hexapla::testing::MadeUpOptions;
using ::hexapla::testing::MakeUpDocuments;
using ::hexapla::testing::PlainWeights;
using ::hexapla::testing::TableEmbedder;

constexpr double kNever = -std::numeric_limits<double>::infinity();

SentenceSimilarity Similarity(const EmbeddedDocument& source, const EmbeddedDocument& target,
                              const SearchBand& band, int run_size_max) {
  return SentenceSimilarity::Create(source, target, band, run_size_max, /*semantic=*/true, {})
      .value();
}

// The same, one bead after the other, from the features that the later looks use.
class PlainSketch {
 public:
  PlainSketch(const SentenceSimilarity& sentences, const SearchBand& band,
              const std::vector<BeadShape>& shapes, const ScoringWeights& weights)
      : sentences_(sentences), band_(band), weights_(weights) {
    forward_.assign(band.nodes(), kNever);
    backward_.assign(band.nodes(), kNever);
    forward_.front() = 0;
    backward_.back() = 0;
    const auto raise = [](double& best, double score) { best = std::max(best, score); };
    for (int row = 0; row <= band.sources(); ++row) {
      for (int column = band.begin(row); column < band.end(row); ++column) {
        for (const BeadShape shape : shapes) {
          if (!Inside(row, column, shape)) continue;
          raise(forward_[End(row, column, shape)],
                forward_[band.Node(row, column)] + Score(row, column, shape));
        }
      }
    }
    for (int row = band.sources(); row >= 0; --row) {
      for (int column = band.end(row) - 1; column >= band.begin(row); --column) {
        for (const BeadShape shape : shapes) {
          if (!Inside(row, column, shape)) continue;
          raise(backward_[band.Node(row, column)],
                backward_[End(row, column, shape)] + Score(row, column, shape));
        }
      }
    }
  }

  bool Inside(int row, int column, BeadShape shape) const {
    return band_.Contains(row + shape.sources, column + shape.targets);
  }
  // How much less than the best alignment the best with this bead scores.
  double Loss(int row, int column, BeadShape shape) const {
    return forward_.back() - (forward_[band_.Node(row, column)] + Score(row, column, shape) +
                              backward_[End(row, column, shape)]);
  }

 private:
  size_t End(int row, int column, BeadShape shape) const {
    return band_.Node(row + shape.sources, column + shape.targets);
  }
  double Score(int row, int column, BeadShape shape) const {
    const std::vector<int32_t>& sources = sentences_.source().document->lengths;
    const std::vector<int32_t>& targets = sentences_.target().document->lengths;
    bool blank = false;
    for (int s = row; s < row + shape.sources; ++s) blank |= sources[s] == 0;
    for (int t = column; t < column + shape.targets; ++t) blank |= targets[t] == 0;
    if (blank) return shape.two_sided() ? -1e4 : 0;
    const BeadFeatureVector features = SentenceFeatures(sentences_, row, column, shape);
    double score = 0;
    for (const int k : kSketchTerms) score += weights_.sketch[k] * features[k];
    return score;
  }

  const SentenceSimilarity& sentences_;
  const SearchBand& band_;
  const ScoringWeights& weights_;
  std::vector<double> forward_;
  std::vector<double> backward_;
};

ScoringWeights WeightsOfAllTerms() {
  ScoringWeights weights = PlainWeights();
  weights.sketch[kCosine] = 1.5;
  weights.sketch[kMargin] = 0.7;
  weights.sketch[kLengthDeviation] = 0.4;
  weights.sketch[kSentenceCount] = 0.6;
  weights.sketch[kCuts] = 0.9;
  weights.sketch[kDeletionLength] = -0.3;
  return weights;
}

void ExpectTwinsAgree(const EmbeddedDocument& source, const EmbeddedDocument& target,
                      const SearchBand& band, int size_max, bool merges,
                      const ScoringWeights& weights = WeightsOfAllTerms()) {
  const std::vector<BeadShape> shapes = BeadShapes(size_max, merges);
  const SentenceSimilarity sentences = Similarity(source, target, band, merges ? size_max : 1);
  const CandidateBeads kept = SketchBeads(sentences, band, shapes, weights, {}).value();
  const PlainSketch twin(sentences, band, shapes, weights);
  size_t allowed = 0;
  size_t others = 0;
  for (int row = 0; row <= band.sources(); ++row) {
    for (int column = band.begin(row); column < band.end(row); ++column) {
      for (size_t s = 0; s < shapes.size(); ++s) {
        if (!shapes[s].two_sided() || !twin.Inside(row, column, shapes[s])) continue;
        const double loss = twin.Loss(row, column, shapes[s]);
        if (std::abs(loss - kSketchSlack) < 0.1) continue;  // rounding decides
        const bool is_kept = kept.band.Contains(row, column) && kept.Allows(row, column, s);
        EXPECT_EQ(is_kept, loss < kSketchSlack)
            << row << "," << column << " shape " << s << " loses " << loss;
        ++(is_kept ? allowed : others);
      }
    }
  }
  EXPECT_GE(allowed, 1U);
  EXPECT_GE(others, 1U);
}

struct Documents {
  explicit Documents(const MadeUpOptions& options) : space(MadeUpWords(options)) {
    const MadeUpDocuments made = MakeUpDocuments(options);
    source = Embed(made.source, space);
    target = Embed(made.target, space);
  }
  SearchBand Full() const { return SearchBand::Full(source.size(), target.size()); }

  TableEmbedder space;
  EmbeddedDocument source;
  EmbeddedDocument target;
};

TEST(BeadSketchTest, AgreesWithTheTwinThatScoresBeadAfterBead) {
  const Documents documents({.beads = 30, .words = 200});
  const SearchBand full = documents.Full();
  ExpectTwinsAgree(documents.source, documents.target, full, 5, true);
  ExpectTwinsAgree(documents.source, documents.target, full, 2, true);
  ExpectTwinsAgree(documents.source, documents.target, full, 8, true);
  ExpectTwinsAgree(documents.source, documents.target, full, 5, false);
}

TEST(BeadSketchTest, AgreesWithTheTwinInANarrowBand) {
  const Documents documents({.beads = 150, .words = 500, .missing_block = 20});
  const BandOptions narrow = {.full_nodes_max = 400, .radius = 6};
  const SearchBand band = FindBand(documents.source, documents.target, true, narrow, {}).value();
  ASSERT_LT(band.nodes(), documents.Full().nodes() / 4);
  ExpectTwinsAgree(documents.source, documents.target, band, 5, true);
}

// As in a document of a million sentences: every path gains 500 a sentence.
TEST(BeadSketchTest, LargeSumsLoseNoDigits) {
  const Documents documents({.beads = 2000, .words = 1500});
  const SearchBand band =
      FindBand(documents.source, documents.target, true, {.full_nodes_max = 400, .radius = 5}, {})
          .value();
  ScoringWeights weights = WeightsOfAllTerms();
  for (const BeadShape shape : BeadShapes(5, true)) {
    const int sentences = shape.sources + shape.targets;
    if (shape.two_sided() && shape.sources <= shape.targets) {
      weights.sketch[ShapeFeature(shape)] += 500 * sentences;
    }
  }
  weights.sketch[kDeletion] += 500;
  ExpectTwinsAgree(documents.source, documents.target, band, 4, true, weights);
}

TEST(BeadSketchTest, BlankSentencesStandInNoCandidate) {
  const TableEmbedder space({"cat chat", "drinks boit", "milk lait", "dog chien"});
  const EmbeddedDocument source = Embed({"", "cat drinks milk", "", "dog", ""}, space);
  const EmbeddedDocument target = Embed({"chat boit lait", " ", "chien", ""}, space);
  ExpectTwinsAgree(source, target, SearchBand::Full(5, 4), 5, true);
}

TEST(BeadSketchTest, SidesOfAnySizeHaveABandOfCandidates) {
  const TableEmbedder space({"cat chat"});
  for (const int sources : {0, 1, 2, 40}) {
    for (const int targets : {0, 1, 3, 90}) {
      const EmbeddedDocument source = Embed(std::vector<std::string>(sources, "cat"), space);
      const EmbeddedDocument target = Embed(std::vector<std::string>(targets, "chat"), space);
      const SearchBand band = SearchBand::Full(sources, targets);
      const CandidateBeads kept = SketchBeads(Similarity(source, target, band, 5), band,
                                              BeadShapes(5, true), PlainWeights(), {})
                                      .value();
      EXPECT_EQ(kept.band.sources(), sources);
      EXPECT_EQ(kept.band.targets(), targets);
      EXPECT_EQ(kept.allowed.size(), kept.band.nodes());
    }
  }
}

TEST(BeadSketchTest, CellsHoldTheCandidatesAndTheirNeighbours) {
  CandidateBeads candidates = AllBeads(SearchBand::Full(10, 10));
  std::fill(candidates.allowed.begin(), candidates.allowed.end(), 0);
  candidates.allowed[candidates.band.Node(4, 5)] = 1;  // 1-1
  const SentenceCells cells = CellsOf(candidates, BeadShapes(2, true));
  for (int row = 3; row <= 5; ++row) {
    for (int column = 4; column <= 6; ++column) EXPECT_TRUE(cells.Contains(row, column));
    EXPECT_FALSE(cells.Contains(row, 3));
    EXPECT_FALSE(cells.Contains(row, 7));
  }
}

TEST(BeadSketchTest, AllBeadsOfAGridNeedAllItsCells) {
  const SentenceCells cells = CellsOf(AllBeads(SearchBand::Full(6, 9)), BeadShapes(5, true));
  EXPECT_EQ(cells.size(), 54U);
}

TEST(BeadSketchTest, StopsWhenTold) {
  const Documents documents({.beads = 30, .words = 200});
  const SearchBand full = documents.Full();
  const SentenceSimilarity sentences = Similarity(documents.source, documents.target, full, 5);
  const std::atomic<bool> cancelled = true;
  const StopCondition stop(&cancelled, absl::InfiniteFuture());
  EXPECT_EQ(SketchBeads(sentences, full, BeadShapes(5, true), PlainWeights(), stop).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace hexapla
