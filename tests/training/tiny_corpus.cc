// SPDX-License-Identifier: Apache-2.0
#include "tests/training/tiny_corpus.h"

#include <gtest/gtest.h>
#include <lzma.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "training/sampler.h"

namespace hexapla::training {
namespace {

constexpr int kWords = 60;

// Word number `word` of language `language`: syllables of its own script or stock.
std::string MadeUpWord(int word, int language) {
  static const std::array<std::vector<std::string>, 3> kSyllables = {
      std::vector<std::string>{"ba", "den", "lo", "ist", "ker", "um", "wy"},
      std::vector<std::string>{"é", "mou", "rel", "ça", "vin", "tou", "gne"},
      std::vector<std::string>{"ва", "жи", "ро", "ста", "ков", "лю", "щи"}};
  std::string text;
  for (int rest = word + 7; rest > 0; rest /= 7) text += kSyllables[language][rest % 7];
  return text;
}

}  // namespace

std::string Xz(const std::string& text) {
  std::string bytes(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr,
                                    reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<uint8_t*>(bytes.data()), &size, bytes.size()),
            LZMA_OK);
  bytes.resize(size);
  return bytes;
}

void WriteSource(const testing::TemporaryDirectory& directory, const std::string& name,
                 const std::string& text) {
  directory.Write(name + ".tsv.xz", Xz(text));
}

std::string MadeUpRows(int rows, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text = "en\tfr\tru\n";
  for (int r = 0; r < rows; ++r) {
    std::vector<int> words;
    for (int i = 0; i < 5; ++i) words.push_back(static_cast<int>(random() % kWords));
    for (int language = 0; language < 3; ++language) {
      for (const int word : words) text += MadeUpWord(word, language) + " ";
      text.back() = language == 2 ? '\n' : '\t';
    }
  }
  return text;
}

Corpus TinyCorpus(int rows) {
  const testing::TemporaryDirectory directory;
  WriteSource(directory, "news", MadeUpRows(rows, 1));
  directory.Write("dict/en-fr.tsv.xz", Xz("en\tfr\n" + MadeUpWord(0, 0) + "\t" + MadeUpWord(0, 1)));
  Corpus corpus;
  const absl::Status status = ReadCorpus(
      {.directory = directory.path(), .sources = {{.name = "news"}}, .sentences_min = 1}, corpus);
  EXPECT_TRUE(status.ok()) << status;
  return corpus;
}

FeatureOptions TinyFeatures() {
  return {.minn = 2, .maxn = 4, .bucket = 3000, .words_max = 100, .ngrams_max = 400};
}

TrainerOptions TinyTrainer(uint32_t seed) { return {.dimension = 22, .threads = 2, .seed = seed}; }

TinySpace LearnTinySpace(const Corpus& corpus, uint32_t seed, int steps) {
  TinySpace space;
  space.features = ChooseFeatures(corpus, TinyFeatures());
  Sampler sampler(corpus, {.seed = seed, .batch = 128});
  ContrastiveTrainer trainer(corpus, space.features, TinyTrainer(seed));
  std::vector<std::pair<int32_t, int32_t>> batch;
  for (int step = 0; step < steps; ++step) {
    sampler.Next(batch);
    space.last = trainer.Step(batch, static_cast<double>(step) / steps);
    if (step == 0) space.first = space.last;
  }
  space.matrix = trainer.matrix();
  const std::vector<double> weights(space.features.rows(), 1);
  space.quantized = Quantize(space.matrix, TinyTrainer(seed).dimension, weights,
                             {.iterations = 5, .sample = 1500, .seed = seed});
  return space;
}

}  // namespace hexapla::training
