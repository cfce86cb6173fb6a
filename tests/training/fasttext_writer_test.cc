// SPDX-License-Identifier: Apache-2.0
#include "training/fasttext_writer.h"

#include <fasttext/fasttext.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "server/embedding/fasttext_sentence_embedder.h"
#include "tests/testing/temporary_directory.h"
#include "tests/training/tiny_corpus.h"

namespace hexapla::training {
namespace {

using ::hexapla::testing::FileBytes;
using ::hexapla::testing::TemporaryDirectory;

constexpr float kTolerance = 1e-5F;

// A learned space and the files that it is written to.
class WriteFastTextTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    corpus_ = new Corpus(TinyCorpus());
    space_ = new TinySpace(LearnTinySpace(*corpus_, 1));
  }
  static void TearDownTestSuite() {
    delete space_;
    delete corpus_;
  }

  // Words of the corpus, and some that it has not.
  static std::vector<std::string> Words() {
    std::vector<std::string> words = {"unheard", "неизвестное", "baden", "x", "中", "</s>"};
    for (size_t type = 0; type < corpus_->types.size(); ++type) {
      words.push_back(corpus_->types.word(static_cast<int32_t>(type)));
    }
    return words;
  }

  static void ExpectBothReadersAgree(const std::string& path) {
    ::fasttext::FastText theirs;
    theirs.loadModel(path);
    const auto ours = FasttextSentenceEmbedder::Create(path, {"en"}, kDimension);
    ASSERT_TRUE(ours.ok()) << ours.status();
    ASSERT_EQ(theirs.getDimension(), kDimension);
    ::fasttext::Vector expected(kDimension);
    std::vector<float> vector(kDimension);
    for (const std::string& word : Words()) {
      theirs.getWordVector(expected, word);
      (*ours)->EmbedWord(word, vector.data());
      for (int k = 0; k < kDimension; ++k) {
        ASSERT_NEAR(vector[k], expected[k], kTolerance) << word << ", column " << k;
      }
    }
  }

  static inline const int kDimension = TinyTrainer(1).dimension;
  static inline const Corpus* corpus_ = nullptr;
  static inline const TinySpace* space_ = nullptr;
  const TemporaryDirectory directory_;
};

TEST_F(WriteFastTextTest, LibfasttextAndWeReadTheSameVectors) {
  const std::string quantized = directory_ / "space.ftz";
  ASSERT_TRUE(WriteFastText(quantized, *corpus_, space_->features, space_->quantized).ok());
  ExpectBothReadersAgree(quantized);
  const std::string plain = directory_ / "space.bin";
  ASSERT_TRUE(WriteFastText(plain, *corpus_, space_->features, space_->matrix, kDimension).ok());
  ExpectBothReadersAgree(plain);
}

TEST_F(WriteFastTextTest, AWordIsTheMeanOfTheRowsItWasLearnedWith) {
  const std::string quantized = directory_ / "space.ftz";
  const std::string plain = directory_ / "space.bin";
  ASSERT_TRUE(WriteFastText(quantized, *corpus_, space_->features, space_->quantized).ok());
  ASSERT_TRUE(WriteFastText(plain, *corpus_, space_->features, space_->matrix, kDimension).ok());
  const auto from_quantized = FasttextSentenceEmbedder::Create(quantized, {}, kDimension).value();
  const auto from_plain = FasttextSentenceEmbedder::Create(plain, {}, kDimension).value();
  const Features& features = space_->features;
  std::vector<float> row(kDimension);
  std::vector<float> read_quantized(kDimension);
  std::vector<float> read_plain(kDimension);
  for (size_t type = 0; type < corpus_->types.size(); ++type) {
    const std::string& word = corpus_->types.word(static_cast<int32_t>(type));
    from_quantized->EmbedWord(word, read_quantized.data());
    from_plain->EmbedWord(word, read_plain.data());
    const int64_t begin = features.type_begin[type];
    const int64_t end = features.type_begin[type + 1];
    ASSERT_GT(end, begin);
    std::vector<double> mean_quantized(kDimension);
    std::vector<double> sum_plain(kDimension);
    for (int64_t k = begin; k < end; ++k) {
      space_->quantized.Decode(features.type_rows[k], row.data());
      for (int d = 0; d < kDimension; ++d) {
        mean_quantized[d] += row[d] / static_cast<double>(end - begin);
        sum_plain[d] += space_->matrix[features.type_rows[k] * kDimension + d];
      }
    }
    // The plain model also counts n-grams that were not kept, as zeros, so its
    // vectors are shorter, but point the same way.
    double dot = 0, square_a = 1e-20, square_b = 1e-20;
    for (int d = 0; d < kDimension; ++d) {
      EXPECT_NEAR(read_quantized[d], mean_quantized[d], kTolerance) << word;
      dot += read_plain[d] * sum_plain[d];
      square_a += read_plain[d] * read_plain[d];
      square_b += sum_plain[d] * sum_plain[d];
    }
    EXPECT_NEAR(dot / std::sqrt(square_a * square_b), 1, kTolerance) << word;
  }
}

TEST_F(WriteFastTextTest, TranslationsLieNearOneAnother) {
  const std::string path = directory_ / "space.ftz";
  ASSERT_TRUE(WriteFastText(path, *corpus_, space_->features, space_->quantized).ok());
  const auto embedder = FasttextSentenceEmbedder::Create(path, {}, kDimension).value();
  const PairList& list = corpus_->lists[0];
  const auto sentence = [&](int32_t s) {
    std::vector<float> sum(kDimension);
    std::vector<float> vector(kDimension);
    for (int64_t k = corpus_->sentence_begin[s]; k < corpus_->sentence_begin[s + 1]; ++k) {
      embedder->EmbedWord(corpus_->types.word(corpus_->tokens[k]), vector.data());
      for (int d = 0; d < kDimension; ++d) sum[d] += vector[d];
    }
    double square = 0;
    for (const float x : sum) square += x * x;
    for (float& x : sum) x /= static_cast<float>(std::sqrt(square));
    return sum;
  };
  std::vector<std::vector<float>> targets;
  for (int i = 0; i < 50; ++i) targets.push_back(sentence(list.pairs[i].second));
  int nearest = 0;
  for (int i = 0; i < 50; ++i) {
    const std::vector<float> source = sentence(list.pairs[i].first);
    std::vector<double> cosines;
    for (const std::vector<float>& target : targets) {
      cosines.push_back(std::inner_product(source.begin(), source.end(), target.begin(), 0.0));
    }
    nearest += std::max_element(cosines.begin(), cosines.end()) - cosines.begin() == i;
  }
  EXPECT_GT(nearest, 35);
}

TEST_F(WriteFastTextTest, TheSeedDecidesEveryByteOfTheFile) {
  const auto bytes = [&](uint32_t seed) {
    const TinySpace space = LearnTinySpace(*corpus_, seed, 5);
    const std::string path = directory_ / "seeded.ftz";
    EXPECT_TRUE(WriteFastText(path, *corpus_, space.features, space.quantized).ok());
    return FileBytes(path);
  };
  const std::string once = bytes(1);
  EXPECT_EQ(bytes(1), once);
  EXPECT_NE(bytes(2), once);
}

TEST_F(WriteFastTextTest, AFileThatCannotBeWrittenIsUnavailableAndAbsent) {
  const std::string path = directory_ / "nowhere/space.ftz";
  EXPECT_EQ(WriteFastText(path, *corpus_, space_->features, space_->quantized).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(WriteFastTextTest, NothingButTheModelIsLeftBehind) {
  ASSERT_TRUE(
      WriteFastText(directory_ / "space.ftz", *corpus_, space_->features, space_->quantized).ok());
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    EXPECT_EQ(entry.path().filename(), "space.ftz");
    ++files;
  }
  EXPECT_EQ(files, 1);
}

}  // namespace
}  // namespace hexapla::training
