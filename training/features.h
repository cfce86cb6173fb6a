// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_FEATURES_H_
#define HEXAPLA_TRAINING_FEATURES_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "training/corpus.h"

namespace hexapla::training {

struct FeatureOptions {
  int minn = 3;          // shortest character n-gram, in code points
  int maxn = 5;          // longest
  int bucket = 1 << 21;  // hash values of n-grams, before pruning
  size_t words_max = 250000;
  size_t ngrams_max = 500000;
  int word_count_min = 3;
};

// The rows of the embedding matrix and which of them make up each word type,
// in fastText's terms: rows [0, words) are vocabulary words, the rest n-gram
// buckets that survived pruning. fastText numbers all buckets; keeping only
// those in use spends the file on them and leaves few collisions.
struct Features {
  FeatureOptions options;
  std::vector<int32_t> words;        // row -> type, most frequent first
  std::vector<int64_t> word_counts;  // row -> occurrences
  std::vector<int32_t> buckets;      // row - words.size() -> bucket, rising
  std::vector<int64_t> type_begin;   // type -> its first entry in type_rows
  std::vector<int32_t> type_rows;    // word row first, then n-grams

  size_t rows() const { return words.size() + buckets.size(); }
};

// Chooses the vocabulary and the n-grams. A word's worth is its highest
// relative frequency in any one language, so that no language crowds out the
// others; an n-gram's is the number of word types that hold it, each weighted
// by the logarithm of its count.
Features ChooseFeatures(const Corpus& corpus, const FeatureOptions& options);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_FEATURES_H_
