// SPDX-License-Identifier: Apache-2.0
//
// Features, batches, steps and quantisation on a corpus of three made-up
// languages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/training/tiny_corpus.h"
#include "training/contrastive_trainer.h"
#include "training/features.h"
#include "training/product_quantizer.h"
#include "training/sampler.h"
#include "training/space_quantizer.h"

namespace hexapla::training {
namespace {

using Batch = std::vector<std::pair<int32_t, int32_t>>;

const Corpus& SharedCorpus() {
  static const auto* const kCorpus = new Corpus(TinyCorpus());
  return *kCorpus;
}

TEST(ChooseFeaturesTest, FrequentWordsComeFirst) {
  const Corpus& corpus = SharedCorpus();
  const Features features = ChooseFeatures(corpus, TinyFeatures());
  EXPECT_EQ(features.words.size(), 100u);
  EXPECT_TRUE(std::is_sorted(features.word_counts.rbegin(), features.word_counts.rend()));
  EXPECT_GE(features.word_counts.back(), TinyFeatures().word_count_min);
  EXPECT_EQ(features.word_counts[0],
            std::count(corpus.tokens.begin(), corpus.tokens.end(), features.words[0]));
}

TEST(ChooseFeaturesTest, RareWordsAreLeftToTheirNgrams) {
  FeatureOptions options = TinyFeatures();
  options.word_count_min = 1 << 30;
  const Features features = ChooseFeatures(SharedCorpus(), options);
  EXPECT_TRUE(features.words.empty());
  EXPECT_FALSE(features.buckets.empty());
}

TEST(ChooseFeaturesTest, BucketsRiseAndRowsAreInRange) {
  const Corpus& corpus = SharedCorpus();
  const Features features = ChooseFeatures(corpus, TinyFeatures());
  EXPECT_EQ(features.buckets.size(), 400u);
  EXPECT_EQ(std::adjacent_find(features.buckets.begin(), features.buckets.end(),
                               std::greater_equal<int32_t>()),
            features.buckets.end());
  EXPECT_LT(features.buckets.back(), TinyFeatures().bucket);
  ASSERT_EQ(features.type_begin.size(), corpus.types.size() + 1);
  EXPECT_EQ(features.type_begin.back(), static_cast<int64_t>(features.type_rows.size()));
  for (const int32_t row : features.type_rows) {
    EXPECT_GE(row, 0);
    EXPECT_LT(row, static_cast<int32_t>(features.rows()));
  }
  for (size_t row = 0; row < features.words.size(); ++row) {
    EXPECT_EQ(features.type_rows[features.type_begin[features.words[row]]],
              static_cast<int32_t>(row));
  }
}

TEST(ChooseFeaturesTest, WithoutNgramsThereAreWordsAlone) {
  FeatureOptions options = TinyFeatures();
  options.ngrams_max = 0;
  const Features features = ChooseFeatures(SharedCorpus(), options);
  EXPECT_TRUE(features.buckets.empty());
  EXPECT_EQ(features.rows(), features.words.size());
}

TEST(SamplerTest, BatchesAreTranslationsOfTheCorpus) {
  const Corpus& corpus = SharedCorpus();
  std::set<std::pair<int32_t, int32_t>> known;
  for (const PairList& list : corpus.lists) known.insert(list.pairs.begin(), list.pairs.end());
  Sampler sampler(corpus, {.batch = 200});
  Batch batch;
  std::set<std::pair<int, int>> languages;
  for (int i = 0; i < 60; ++i) {
    sampler.Next(batch);
    ASSERT_EQ(batch.size(), 200u);
    for (const auto& [first, second] : batch) {
      EXPECT_TRUE(known.contains({first, second}) || known.contains({second, first}));
      languages.insert({corpus.sentence_language[first], corpus.sentence_language[second]});
    }
  }
  EXPECT_EQ(languages.size(), 6u);  // three pairs, mixed batches either way round
}

TEST(SamplerTest, TheSeedDecidesTheBatches) {
  const auto batches = [](uint32_t seed) {
    Sampler sampler(SharedCorpus(), {.seed = seed, .batch = 50});
    Batch all;
    Batch batch;
    for (int i = 0; i < 10; ++i) {
      sampler.Next(batch);
      all.insert(all.end(), batch.begin(), batch.end());
    }
    return all;
  };
  EXPECT_EQ(batches(1), batches(1));
  EXPECT_NE(batches(1), batches(2));
}

TEST(SamplerTest, ABatchOfOnePairIsInOneDirection) {
  Sampler sampler(SharedCorpus(), {.batch = 100, .mixed_share = 0});
  Batch batch;
  for (int i = 0; i < 20; ++i) {
    sampler.Next(batch);
    std::set<std::pair<int, int>> languages;
    for (const auto& [first, second] : batch) {
      languages.insert(
          {SharedCorpus().sentence_language[first], SharedCorpus().sentence_language[second]});
    }
    EXPECT_EQ(languages.size(), 1u);
  }
}

TEST(ContrastiveTrainerTest, StepsLowerTheLoss) {
  const TinySpace space = LearnTinySpace(SharedCorpus(), 1);
  EXPECT_GT(space.first.loss, std::log(128) - 1);  // chance
  EXPECT_LT(space.last.loss, space.first.loss / 2);
  EXPECT_GT(space.last.accuracy, 0.7);
  EXPECT_LE(space.last.accuracy, 1);
}

TEST(ContrastiveTrainerTest, TheSeedDecidesEveryBit) {
  const std::vector<float> once = LearnTinySpace(SharedCorpus(), 1, 5).matrix;
  EXPECT_EQ(LearnTinySpace(SharedCorpus(), 1, 5).matrix, once);
  EXPECT_NE(LearnTinySpace(SharedCorpus(), 2, 5).matrix, once);
}

TEST(ContrastiveTrainerTest, TheScaleMovesFromOneToTheOther) {
  const Corpus& corpus = SharedCorpus();
  const Features features = ChooseFeatures(corpus, TinyFeatures());
  const auto loss = [&](float scale, float scale_end, double progress) {
    TrainerOptions options = TinyTrainer(1);
    options.scale = scale;
    options.scale_end = scale_end;
    ContrastiveTrainer trainer(corpus, features, options);
    const PairList& list = corpus.lists[0];
    return trainer.Step({list.pairs[0], list.pairs[1], list.pairs[2]}, progress).loss;
  };
  EXPECT_FLOAT_EQ(loss(5, 25, 0), loss(5, 5, 0));
  EXPECT_FLOAT_EQ(loss(5, 25, 0.5), loss(15, 15, 0));
  EXPECT_FLOAT_EQ(loss(5, 25, 1), loss(25, 25, 0));
  EXPECT_NE(loss(5, 5, 0), loss(25, 25, 0));
}

TEST(ContrastiveTrainerTest, RowsThatWereNotUsedStay) {
  const Corpus& corpus = SharedCorpus();
  const Features features = ChooseFeatures(corpus, TinyFeatures());
  ContrastiveTrainer trainer(corpus, features, TinyTrainer(1));
  const std::vector<float> before = trainer.matrix();
  const PairList& list = corpus.lists[0];
  trainer.Step({list.pairs[0], list.pairs[1], list.pairs[2]}, 0);
  const int dimension = TinyTrainer(1).dimension;
  size_t used = 0;
  for (size_t row = 0; row < features.rows(); ++row) {
    const bool same =
        std::equal(before.begin() + row * dimension, before.begin() + (row + 1) * dimension,
                   trainer.matrix().begin() + row * dimension);
    EXPECT_EQ(same, trainer.row_uses()[row] == 0);
    used += !same;
  }
  EXPECT_GT(used, 0u);
  EXPECT_LT(used, features.rows());
}

TEST(ContrastiveTrainerTest, EqualTextsAreNoNegatives) {
  // The same pair many times: nothing to tell apart, so nothing to lose.
  const Corpus& corpus = SharedCorpus();
  const Features features = ChooseFeatures(corpus, TinyFeatures());
  ContrastiveTrainer trainer(corpus, features, TinyTrainer(1));
  const StepResult result = trainer.Step(Batch(16, corpus.lists[0].pairs[0]), 0);
  EXPECT_NEAR(result.loss, 0, 1e-3);
  for (const float x : trainer.matrix()) EXPECT_TRUE(std::isfinite(x));
}

double Cosine(const float* x, const float* y, int dimension) {
  double dot = 0, square_x = 1e-20, square_y = 1e-20;
  for (int k = 0; k < dimension; ++k) {
    dot += x[k] * y[k];
    square_x += x[k] * x[k];
    square_y += y[k] * y[k];
  }
  return dot / std::sqrt(square_x * square_y);
}

// Rows near one of a few centres, of very different lengths.
std::vector<float> ClusteredRows(size_t rows, int dimension) {
  std::mt19937 random(3);
  const auto uniform = [&] { return static_cast<float>(random()) / 2147483648.0F - 1; };
  std::vector<float> centres(40 * static_cast<size_t>(dimension));
  for (float& x : centres) x = uniform();
  std::vector<float> matrix;
  for (size_t r = 0; r < rows; ++r) {
    const float length = std::exp(2 * uniform());
    const size_t centre = random() % 40;
    for (int d = 0; d < dimension; ++d) {
      matrix.push_back(length * (centres[centre * dimension + d] + 0.3F * uniform()));
    }
  }
  return matrix;
}

TEST(QuantizeTest, DirectionsAndLengthsAreKept) {
  struct Case {
    int dimension;
    int part;
  };
  for (const Case& c : {Case{32, 4}, Case{30, 4}, Case{7, 2}, Case{20, 5}, Case{3, 8}}) {
    SCOPED_TRACE(::testing::Message() << c.dimension << " columns in parts of " << c.part);
    const size_t rows = 1500;
    const std::vector<float> matrix = ClusteredRows(rows, c.dimension);
    const QuantizedMatrix quantized = Quantize(matrix, c.dimension, std::vector<double>(rows, 1),
                                               {.part = c.part, .iterations = 8, .sample = 3000});
    EXPECT_EQ(quantized.rows, 1500);
    EXPECT_EQ(quantized.codes.size(), rows * quantized.parts());
    double sum = 0;
    double error = 0;
    std::vector<float> row(c.dimension);
    for (size_t r = 0; r < rows; ++r) {
      quantized.Decode(static_cast<int64_t>(r), row.data());
      const float* original = &matrix[r * c.dimension];
      sum += Cosine(row.data(), original, c.dimension);
      const double norm =
          std::sqrt(std::inner_product(original, original + c.dimension, original, 0.0));
      error += std::abs(quantized.norms[quantized.norm_codes[r]] / norm - 1);
    }
    EXPECT_LT(error / static_cast<double>(rows), 0.02);
    EXPECT_GT(sum / static_cast<double>(rows), 0.9);
  }
}

TEST(QuantizeTest, TheSeedDecidesTheCodesAndThreadsDoNot) {
  const std::vector<float> matrix = ClusteredRows(400, 12);
  const std::vector<double> weights(400, 1);
  const auto codes = [&](uint32_t seed, int threads) {
    return Quantize(matrix, 12, weights,
                    {.iterations = 3, .sample = 800, .seed = seed, .threads = threads})
        .codes;
  };
  EXPECT_EQ(codes(1, 1), codes(1, 3));
  EXPECT_NE(codes(1, 1), codes(2, 1));
}

TEST(QuantizeTest, FewRowsAndRowsOfZerosAreFine) {
  std::vector<float> matrix = ClusteredRows(5, 6);
  std::fill_n(matrix.begin(), 6, 0.0F);
  const QuantizedMatrix quantized =
      Quantize(matrix, 6, {1, 1, 1, 1, 1}, {.iterations = 3, .sample = 100});
  std::vector<float> row(6);
  for (int r = 0; r < 5; ++r) {
    quantized.Decode(r, row.data());
    for (int d = 0; d < 6; ++d) EXPECT_NEAR(row[d], matrix[r * 6 + d], 1e-3);
  }
}

TEST(QuantizeTest, RowsThatWeighMostLoseLeast) {
  // 2,000 rows in all directions for 256 centroids a part: not all fit.
  std::mt19937 random(9);
  std::vector<float> matrix(2000 * 8);
  for (float& x : matrix) x = static_cast<float>(random()) / 2147483648.0F - 1;
  std::vector<double> weights(2000, 1e-6);
  std::fill_n(weights.begin(), 100, 1.0);
  const QuantizedMatrix quantized =
      Quantize(matrix, 8, weights, {.part = 8, .iterations = 5, .sample = 2000});
  const auto mean_cosine = [&](int begin, int end) {
    std::vector<float> row(8);
    double sum = 0;
    for (int r = begin; r < end; ++r) {
      quantized.Decode(r, row.data());
      sum += Cosine(row.data(), &matrix[r * 8], 8);
    }
    return sum / (end - begin);
  };
  EXPECT_GT(mean_cosine(0, 100), mean_cosine(100, 2000) + 0.1);
}

TEST(QuantizeSpaceTest, WordsMakeUpForWhatTheirNgramsLost) {
  const TinySpace space = LearnTinySpace(SharedCorpus(), 1, 20);
  const int dimension = TinyTrainer(1).dimension;
  const std::vector<double> weights(space.features.rows(), 1);
  // So few centroids for so many columns that something is lost.
  const QuantizerOptions options = {.part = dimension, .iterations = 3, .sample = 2000};
  const QuantizedMatrix plain = Quantize(space.matrix, dimension, weights, options);
  const QuantizedMatrix quantized =
      QuantizeSpace(space.matrix, dimension, space.features, weights, options);
  EXPECT_GT(WordCosine(space.matrix, quantized, space.features),
            WordCosine(space.matrix, plain, space.features));
  // Only the rows of words differ.
  EXPECT_EQ(quantized.centroids, plain.centroids);
  const auto ngrams = static_cast<std::ptrdiff_t>(space.features.words.size()) * plain.parts();
  EXPECT_TRUE(std::equal(plain.codes.begin() + ngrams, plain.codes.end(),
                         quantized.codes.begin() + ngrams));
  EXPECT_FALSE(
      std::equal(plain.codes.begin(), plain.codes.begin() + ngrams, quantized.codes.begin()));
}

TEST(QuantizeSpaceTest, ThreadsDoNotDecideTheCodes) {
  const TinySpace space = LearnTinySpace(SharedCorpus(), 1, 5);
  const int dimension = TinyTrainer(1).dimension;
  const std::vector<double> weights(space.features.rows(), 1);
  const auto codes = [&](int threads) {
    return QuantizeSpace(space.matrix, dimension, space.features, weights,
                         {.iterations = 2, .sample = 500, .threads = threads})
        .codes;
  };
  EXPECT_EQ(codes(1), codes(3));
}

}  // namespace
}  // namespace hexapla::training
