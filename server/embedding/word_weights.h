// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_WORD_WEIGHTS_H_
#define HEXAPLA_SERVER_EMBEDDING_WORD_WEIGHTS_H_

namespace hexapla {

// How much a word counts in a sentence, which is the length of its vector.
enum class WordWeights {
  // As the model has it: fastText's own vector, the mean of the word's row and of
  // those of its character n-grams. For models whose training learned the lengths.
  kLength,
  // By how rare it is, 1e-3 / (1e-3 + p) (Arora, Liang, Ma 2017), whatever length
  // the model gives it: for fastText's word vectors as they are published. p is
  // the share that Zipf's law gives the word's rank in the vocabulary, for files
  // list words by frequency and few say how often they occur. What is not in the
  // vocabulary counts 1.
  kFrequency,
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_WORD_WEIGHTS_H_
