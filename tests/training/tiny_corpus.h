// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TRAINING_TINY_CORPUS_H_
#define HEXAPLA_TESTS_TRAINING_TINY_CORPUS_H_

#include <cstdint>
#include <string>

#include "tests/testing/temporary_directory.h"
#include "training/contrastive_trainer.h"
#include "training/corpus.h"
#include "training/features.h"
#include "training/product_quantizer.h"

namespace hexapla::training {

// `text` as an xz file.
std::string Xz(const std::string& text);

// Writes NAME.tsv.xz, `text` being its rows.
void WriteSource(const testing::TemporaryDirectory& directory, const std::string& name,
                 const std::string& text);

// Rows of made-up sentences in three languages, en, fr and ru: word for word
// the same, from a vocabulary of 60 words, the first row naming the languages.
std::string MadeUpRows(int rows, uint32_t seed);

// A corpus of `rows` such rows, read.
Corpus TinyCorpus(int rows = 800);

// What is small enough for a test to learn.
FeatureOptions TinyFeatures();
TrainerOptions TinyTrainer(uint32_t seed);

// A space learned from a corpus in `steps` batches, with its quantised form.
struct TinySpace {
  Features features;
  std::vector<float> matrix;
  QuantizedMatrix quantized;
  StepResult first;  // of all steps
  StepResult last;
};
TinySpace LearnTinySpace(const Corpus& corpus, uint32_t seed, int steps = 300);

}  // namespace hexapla::training

#endif  // HEXAPLA_TESTS_TRAINING_TINY_CORPUS_H_
