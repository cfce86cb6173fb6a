// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_CONTRASTIVE_TRAINER_H_
#define HEXAPLA_TRAINING_CONTRASTIVE_TRAINER_H_

#include <cstdint>
#include <istream>
#include <ostream>
#include <utility>
#include <vector>

#include "training/corpus.h"
#include "training/features.h"

namespace hexapla::training {

struct TrainerOptions {
  int dimension = 160;
  int threads = 2;
  uint32_t seed = 1;
  // Cosines are multiplied by this before the softmax (inverse temperature): from
  // the first step to the last it moves evenly from one to the other.
  float scale = 20;
  float scale_end = 20;
  // Of row-wise Adagrad, at the first step; it falls linearly to a fiftieth.
  float learning_rate = 0.05F;
};

struct StepResult {
  float loss = 0;      // mean cross-entropy of both directions, nats
  float accuracy = 0;  // share of sources whose nearest target is their own
};

// Learns a matrix of word and n-gram rows such that the mean of a sentence's
// word vectors points where its translations' means point.
//
// A word vector is the mean of its rows (fastText's rule), a sentence vector
// the mean of its word vectors, so a word's weight is learned as its length.
// The loss is the in-batch softmax of cosines, both ways. See the essay in
// contrastive_trainer.cc.
//
// Determinism: the same corpus, features, options and batches give the same
// matrix, bit by bit, on the same machine: threads own disjoint columns.
class ContrastiveTrainer {
 public:
  ContrastiveTrainer(const Corpus& corpus, const Features& features, const TrainerOptions& options);

  // Takes one step of the schedule; `progress` runs from 0 to 1.
  StepResult Step(const std::vector<std::pair<int32_t, int32_t>>& batch, double progress);

  // rows x dimension, row-major.
  const std::vector<float>& matrix() const { return matrix_; }
  // How often each row was updated.
  const std::vector<uint32_t>& row_uses() const { return row_uses_; }

  // What the steps have made of it, for a trainer of the same corpus, features and
  // options. Reading fails the stream when it ends too early.
  void WriteState(std::ostream& out) const;
  void ReadState(std::istream& in);

 private:
  void CollectTypes(const std::vector<std::pair<int32_t, int32_t>>& batch);
  void EmbedTypes();
  void EmbedSentences();
  StepResult LossAndGradient(float scale);
  void Update(float learning_rate);

  const Corpus& corpus_;
  const Features& features_;
  const TrainerOptions options_;

  std::vector<float> matrix_;
  std::vector<std::vector<float>> squares_;  // per thread: Adagrad's sums, all alike
  std::vector<uint32_t> row_uses_;

  // Of the current batch. Sentences 0..n-1 are sources, n..2n-1 targets.
  size_t pairs_ = 0;
  std::vector<int32_t> sentences_;
  std::vector<int32_t> types_;          // distinct word types
  std::vector<int32_t> local_of_type_;  // type -> index in types_ or -1
  std::vector<int32_t> tokens_;         // local types, sentence by sentence
  std::vector<int32_t> token_begin_;
  std::vector<float> type_vectors_;
  std::vector<float> type_gradients_;
  std::vector<float> unit_vectors_;  // of sentences, unit length
  std::vector<float> norms_;
  std::vector<float> gradients_;        // of sentence vectors
  std::vector<float> exponentials_;     // pairs x pairs
  std::vector<uint64_t> fingerprints_;  // of sentences' words
};

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_CONTRASTIVE_TRAINER_H_
