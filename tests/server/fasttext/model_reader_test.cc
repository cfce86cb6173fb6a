// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/model_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/fasttext/classifier.h"
#include "server/fasttext/subwords.h"
#include "tests/server/fasttext/trained_models.h"

namespace hexapla::fasttext {
namespace {

using ::testing::HasSubstr;

// Offsets of fields in every file.
constexpr size_t kVersionAt = 4;
constexpr size_t kDimAt = 8;
constexpr size_t kLossAt = kDimAt + 6 * 4;
constexpr size_t kKindAt = kDimAt + 7 * 4;
constexpr size_t kBucketAt = kDimAt + 8 * 4;
constexpr size_t kMaxnAt = kDimAt + 10 * 4;
constexpr size_t kEntriesAt = kDimAt + 12 * 4 + 8;
constexpr size_t kWordsAt = kEntriesAt + 4;
constexpr size_t kKeptAt = kEntriesAt + 12 + 8;

template <typename T>
std::string With(std::string bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
  return bytes;
}

absl::Status StatusOf(std::string bytes) {
  return Model::FromBytes(std::move(bytes), "test.bin").status();
}

class ModelTest : public testing::TestWithParam<Recipe> {};

TEST_P(ModelTest, HasTheArgumentsAndWordsOfLibfasttext) {
  const auto theirs = TheirModel(GetParam());
  const auto ours = OurModel(GetParam());
  const auto dictionary = theirs->getDictionary();
  EXPECT_EQ(ours->dim(), theirs->getDimension());
  EXPECT_EQ(ours->args().minn, GetParam().minn);
  EXPECT_EQ(ours->args().maxn, GetParam().maxn);
  EXPECT_EQ(ours->args().word_ngrams, GetParam().word_ngrams);
  ASSERT_EQ(ours->dictionary().words_size(), dictionary->nwords());
  ASSERT_EQ(ours->dictionary().labels_size(), dictionary->nlabels());
  EXPECT_EQ(ours->dictionary().tokens_size(), dictionary->ntokens());
  const auto counts = dictionary->getCounts(::fasttext::entry_type::word);
  for (int32_t i = 0; i < dictionary->nwords(); ++i) {
    EXPECT_EQ(std::string(ours->dictionary().word(i).data()), dictionary->getWord(i));
    EXPECT_EQ(ours->dictionary().FindWord(dictionary->getWord(i)), i);
    EXPECT_EQ(ours->dictionary().count(i), counts[i]);
  }
  const auto label_counts = dictionary->getCounts(::fasttext::entry_type::label);
  for (int32_t i = 0; i < dictionary->nlabels(); ++i) {
    EXPECT_EQ(std::string(ours->dictionary().label(i).data()), dictionary->getLabel(i));
    EXPECT_EQ(ours->dictionary().label_count(i), label_counts[i]);
    EXPECT_EQ(ours->dictionary().FindWord(dictionary->getLabel(i)), -1);
  }
  EXPECT_EQ(ours->dictionary().FindWord("no-such-word"), -1);
}

TEST_P(ModelTest, HasTheSubwordsOfLibfasttext) {
  const auto theirs = TheirModel(GetParam());
  const auto ours = OurModel(GetParam());
  for (const std::string& word : SomeWords()) {
    std::vector<int32_t> rows;
    AppendSubwordRows(*ours, word, rows);
    EXPECT_EQ(rows, theirs->getDictionary()->getSubwords(word)) << word.substr(0, 20);
  }
}

TEST_P(ModelTest, HasTheWordVectorsOfLibfasttext) {
  const auto theirs = TheirModel(GetParam());
  const auto ours = OurModel(GetParam());
  ::fasttext::Vector expected(ours->dim());
  std::vector<float> vector(ours->dim());
  for (const std::string& word : SomeWords()) {
    theirs->getWordVector(expected, word);
    WordVector(*ours, word, vector.data());
    for (int32_t i = 0; i < ours->dim(); ++i) {
      ASSERT_NEAR(vector[i], expected[i], 1e-5) << word.substr(0, 20) << " " << i;
    }
  }
}

// fastText's sentence vector: of a supervised model, the mean of all rows of
// the line; of others, the mean of the words' vectors of length 1.
std::vector<float> SentenceVector(const Model& model, const std::string& line) {
  std::istringstream in(line);
  std::vector<float> sum(model.dim());
  std::vector<int32_t> rows;
  if (model.args().kind == Kind::kSupervised) {
    for (std::string word; in >> word;) AppendSubwordRows(model, word, rows);
    AppendSubwordRows(model, kEndOfSentence, rows);
    model.input().AddRows(rows.data(), rows.size(), 1.0f / static_cast<float>(rows.size()),
                          sum.data());
    return sum;
  }
  std::vector<float> vector(model.dim());
  float words = 0;
  for (std::string word; in >> word;) {
    WordVector(model, word, vector.data());
    float norm = 0;
    for (const float x : vector) norm += x * x;
    if (norm <= 0) continue;
    for (int32_t i = 0; i < model.dim(); ++i) sum[i] += vector[i] / std::sqrt(norm);
    ++words;
  }
  for (float& x : sum) x /= std::max(1.0f, words);
  return sum;
}

TEST_P(ModelTest, GivesTheSentenceVectorsOfLibfasttext) {
  if (GetParam().word_ngrams > 1) GTEST_SKIP() << "sequences of words are the classifier's";
  ::fasttext::FastText theirs;
  theirs.loadModel(ModelFile(GetParam()));
  const auto ours = OurModel(GetParam());
  ::fasttext::Vector expected(ours->dim());
  for (const std::string& line : UnseenLines(60)) {
    if (line.find_first_not_of(" ") == std::string::npos) continue;
    std::istringstream in(line + "\n");
    theirs.getSentenceVector(in, expected);
    const std::vector<float> vector = SentenceVector(*ours, line);
    for (int32_t i = 0; i < ours->dim(); ++i) ASSERT_NEAR(vector[i], expected[i], 1e-5) << line;
  }
}

TEST_P(ModelTest, DotIsThatOfTheDecodedRow) {
  const auto ours = OurModel(GetParam());
  std::vector<float> x(ours->dim());
  for (int32_t i = 0; i < ours->dim(); ++i) x[i] = 0.1f * static_cast<float>(i % 7) - 0.2f;
  for (const Matrix* matrix : {&ours->input(), &ours->output()}) {
    std::vector<float> all(matrix->rows());
    matrix->DotAll(x.data(), all.data());
    for (int64_t row = 0; row < matrix->rows(); row += 1 + matrix->rows() / 50) {
      std::vector<float> decoded(ours->dim());
      matrix->AddRow(row, 2.0f, decoded.data());
      float expected = 0;
      for (int32_t i = 0; i < ours->dim(); ++i) expected += decoded[i] * x[i] / 2;
      EXPECT_NEAR(matrix->Dot(row, x.data()), expected, 1e-4);
      EXPECT_NEAR(all[row], expected, 1e-4);
    }
  }
}

TEST_P(ModelTest, CutOffAnywhereIsRefused) {
  const std::string bytes = ModelBytes(GetParam());
  const size_t stride = std::max<size_t>(1, bytes.size() / 400);
  for (size_t size = 0; size < bytes.size(); size += size < 200 ? 1 : stride) {
    EXPECT_FALSE(StatusOf(bytes.substr(0, size)).ok()) << size << " of " << bytes.size();
  }
  EXPECT_FALSE(StatusOf(bytes.substr(0, bytes.size() - 1)).ok());
}

TEST_P(ModelTest, TrailingBytesAreRefused) {
  EXPECT_EQ(StatusOf(ModelBytes(GetParam()) + "x").code(), absl::StatusCode::kDataLoss);
}

// Whatever passes must be usable: a changed count of a word, say, is no fault
// that anyone could see.
TEST_P(ModelTest, CorruptBytesAreRefusedOrHarmless) {
  const std::string bytes = ModelBytes(GetParam());
  std::mt19937 random(1);
  const absl::Time start = absl::Now();
  for (int i = 0; i < 300; ++i) {
    std::string corrupt = bytes;
    // The parts before the matrices are where counts are.
    const size_t end = i % 2 == 0 ? std::min<size_t>(bytes.size(), 120) : bytes.size();
    for (int change = 0; change < 1 + i % 3; ++change) {
      corrupt[random() % end] = static_cast<char>(random());
    }
    auto model = Model::FromBytes(std::move(corrupt), "corrupt");
    if (!model.ok()) continue;
    std::vector<float> vector((*model)->dim());
    WordVector(**model, "karimo", vector.data());
    auto classifier = Classifier::Create(*std::move(model));
    if (!classifier.ok()) continue;
    Classifier::Scratch scratch;
    std::vector<Prediction> predictions;
    (*classifier)->Predict("ka ri 中文", {.labels_max = 3}, scratch, predictions);
    for (const Prediction& prediction : predictions) {
      EXPECT_GE(prediction.probability, 0.0f);
      EXPECT_LE(prediction.probability, 1.0f);
    }
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(60));
}

INSTANTIATE_TEST_SUITE_P(AllRecipes, ModelTest, testing::ValuesIn(AllRecipes()), NameOf);

TEST(ModelReaderTest, ErrorsNameFilePartLimitAndValue) {
  const std::string bytes = ModelBytes(RecipeOf("Pruned"));
  struct Case {
    std::string bytes;
    absl::StatusCode code;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"", absl::StatusCode::kDataLoss, "cut off in the signature at byte 0: needs 4 bytes, has 0"},
      {With(bytes, 0, 17), absl::StatusCode::kInvalidArgument, "starts with 17, not 793712314"},
      {With(bytes, kVersionAt, 13), absl::StatusCode::kInvalidArgument, "version is 13"},
      {With(bytes, kDimAt, 0), absl::StatusCode::kDataLoss, "dim is 0, must be 1 to 65536"},
      {With(bytes, kDimAt, -16), absl::StatusCode::kDataLoss, "dim is -16"},
      {With(bytes, kDimAt, 17), absl::StatusCode::kDataLoss, "input matrix's columns is 16"},
      {With(bytes, kLossAt, 9), absl::StatusCode::kDataLoss, "loss is 9, must be 1 to 4"},
      {With(bytes, kKindAt, 0), absl::StatusCode::kDataLoss, "model is 0, must be 1 to 3"},
      {With(bytes, kBucketAt, 0), absl::StatusCode::kDataLoss, "must be 0 to 0"},
      {With(bytes, kBucketAt, 2'000'000'000), absl::StatusCode::kDataLoss,
       "bucket of a pruned model is 2000000000, must be 0 to 134217728"},
      {With(bytes, kMaxnAt, 1 << 30), absl::StatusCode::kDataLoss, "maxn is 1073741824"},
      {With(bytes, kEntriesAt, 2'000'000'000), absl::StatusCode::kDataLoss,
       "number of entries is 2000000000"},
      {With(bytes, kEntriesAt, -1), absl::StatusCode::kDataLoss, "number of entries is -1"},
      {With(bytes, kWordsAt, 2'000'000'000), absl::StatusCode::kDataLoss,
       "number of words is 2000000000"},
      {With(bytes, kKeptAt, int64_t{1} << 60), absl::StatusCode::kDataLoss,
       "number of kept buckets is 1152921504606846976"},
      {With(bytes, kKeptAt, int64_t{-1}), absl::StatusCode::kDataLoss, "input matrix"},
  };
  for (const Case& c : cases) {
    const absl::Status status = StatusOf(c.bytes);
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("test.bin: "));
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
  }
}

TEST(ModelReaderTest, LyingMatrixSizesAreRefused) {
  const std::string bytes = ModelBytes(RecipeOf("Softmax"));
  const auto model = OurModel(RecipeOf("Softmax"));
  // From the end: the output matrix, its size, its kind; the input's before.
  const size_t output_bytes = static_cast<size_t>(model->output().rows()) * 10 * 4;
  const size_t output_rows_at = bytes.size() - output_bytes - 16;
  const size_t input_bytes = static_cast<size_t>(model->input().rows()) * 10 * 4;
  const size_t input_rows_at = output_rows_at - 1 - input_bytes - 16;
  for (const size_t at : {output_rows_at, input_rows_at}) {
    for (const int64_t lie : {int64_t{-1}, int64_t{1} << 62, int64_t{1} << 31, int64_t{1000000}}) {
      EXPECT_EQ(StatusOf(With(bytes, at, lie)).code(), absl::StatusCode::kDataLoss) << lie;
      EXPECT_EQ(StatusOf(With(bytes, at + 8, lie)).code(), absl::StatusCode::kDataLoss) << lie;
    }
  }
}

TEST(ModelReaderTest, VersionElevenHasNoCharacterNgramsWhenSupervised) {
  const std::string bytes = With(ModelBytes(RecipeOf("Softmax")), kVersionAt, 11);
  const auto model = Model::FromBytes(bytes, "old");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->args().maxn, 0);
  std::istringstream in(bytes);
  const std::string path = ScratchPath("version_11.bin");
  std::ofstream(path, std::ios::binary) << bytes;
  ::fasttext::FastText theirs;
  theirs.loadModel(path);
  const std::string word = theirs.getDictionary()->getWord(1);
  std::vector<int32_t> rows;
  AppendSubwordRows(**model, word, rows);
  EXPECT_EQ(rows, theirs.getDictionary()->getSubwords(word));
}

TEST(ModelReaderTest, WordsThatDoNotEndAreRefused) {
  const std::string bytes = ModelBytes(RecipeOf("Softmax"));
  const absl::Status status = StatusOf(bytes.substr(0, kKeptAt + 8) + std::string(1 << 22, 'x'));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("entry 0 has no end within 1048577 bytes"));
}

TEST(ModelReaderTest, WhatIsNoFileIsRefusedAtOnce) {
  EXPECT_EQ(Model::Read("/nowhere/model.bin").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Model::Read("/dev/zero").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Model::Read(::testing::TempDir()).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ModelReaderTest, LargeFilesAreMapped) {
  const std::string path = ScratchPath("sparse.bin");
  std::ofstream(path, std::ios::binary) << ModelBytes(RecipeOf("Softmax"));
  ASSERT_EQ(truncate(path.c_str(), FileBytes::kCopiedBytesMax + 1), 0);
  EXPECT_EQ(Model::Read(path).status().code(), absl::StatusCode::kDataLoss);  // trailing bytes
  const auto file = FileBytes::Read(path);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->view().size(), FileBytes::kCopiedBytesMax + 1);
  EXPECT_EQ((*file)->view().back(), '\0');
  unlink(path.c_str());
}

}  // namespace
}  // namespace hexapla::fasttext
