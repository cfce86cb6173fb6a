// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_DICTIONARY_H_
#define HEXAPLA_SERVER_FASTTEXT_DICTIONARY_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/fasttext/kept_buckets.h"

namespace hexapla::fasttext {

// fastText's hash of words and n-grams: FNV-1a over bytes taken as signed, the
// way all published models were trained. A hash can be continued byte by byte.
inline constexpr uint32_t kHashSeed = 2166136261u;
inline uint32_t ContinueHash(uint32_t hash, char byte) {
  return (hash ^ static_cast<uint32_t>(static_cast<int8_t>(byte))) * 16777619u;
}
inline uint32_t HashOf(absl::string_view bytes) {
  uint32_t hash = kHashSeed;
  for (const char byte : bytes) hash = ContinueHash(hash, byte);
  return hash;
}

// The end-of-sentence token, which fastText puts at the end of every line.
inline constexpr absl::string_view kEndOfSentence = "</s>";

// What a fastText model knows by name: words (rows [0, words_size()) of the
// input matrix), labels (rows of the output matrix), and the n-gram buckets
// behind the words in the input matrix, of which pruning may have left a few.
//
// Invariants: rows that it returns exist in the model's input matrix.
// Cost: nine to twenty bytes a word beside the model's own bytes, into which it
// points; a pruned model adds 1.5 bits a bucket and four bytes a kept one. Lookups are O(1).
// Threads: immutable once built, so concurrent use is safe.
class Dictionary {
 public:
  int32_t words_size() const { return words_size_; }
  int32_t labels_size() const { return static_cast<int32_t>(entries_.size()) - words_size_; }
  // How many tokens the model was trained on, as it says.
  int64_t tokens_size() const { return tokens_size_; }

  // The row of `word`, or -1 when it is not in the vocabulary; a label is not a
  // word. When the file has a word twice, the last one counts, as in fastText.
  int32_t FindWord(absl::string_view word) const { return FindWord(word, HashOf(word)); }
  // The same, given `hash` == HashOf(word).
  int32_t FindWord(absl::string_view word, uint32_t hash) const;

  // Requires: 0 <= index < words_size(), or labels_size() for labels.
  absl::string_view word(int32_t index) const { return EntryName(index); }
  int64_t count(int32_t index) const { return EntryCount(index); }
  // The label with its prefix, for example "__label__en".
  absl::string_view label(int32_t index) const { return EntryName(words_size_ + index); }
  int64_t label_count(int32_t index) const { return EntryCount(words_size_ + index); }

  // The buckets that n-grams are hashed into, and which of them have a row.
  const KeptBuckets& buckets() const { return buckets_; }
  // The input row of a bucket by its rank. Requires: 0 <= rank < buckets().size().
  int32_t RowOfRank(int32_t rank) const {
    return words_size_ + (kept_rows_.empty() ? rank : kept_rows_[rank]);
  }
  // The input row of an n-gram by its hash, or -1 when the model has none for
  // it: its bucket was pruned away, or there are no buckets.
  int32_t BucketRow(uint32_t hash) const {
    if (buckets_.size() == 0) return -1;
    const int32_t rank = buckets_.RankOf(buckets_.BucketOf(hash));
    return rank < 0 ? -1 : RowOfRank(rank);
  }

 private:
  friend class DictionaryBuilder;

  struct Slot {
    uint32_t hash;
    int32_t entry;  // -1 when the slot is free
  };
  size_t SlotOf(uint32_t hash) const { return (hash * 0x9E3779B97F4A7C15u) >> slot_shift_; }
  absl::string_view EntryName(int32_t entry) const;
  int64_t EntryCount(int32_t entry) const;

  const char* base_ = nullptr;     // NUL-terminated names, each followed by its count
  std::vector<uint32_t> entries_;  // offsets from base_: words, then labels
  int32_t words_size_ = 0;
  int64_t tokens_size_ = 0;
  std::vector<Slot> slots_;
  int slot_shift_ = 63;
  KeptBuckets buckets_;
  std::vector<int32_t> kept_rows_;  // behind the words, by rank; empty unless pruned
};

// Makes a Dictionary out of the parts of a file, refusing what does not fit
// together. Call Entries, then AllBuckets or SomeBuckets, then Build, once each.
class DictionaryBuilder {
 public:
  // `base` is where offsets count from; at each lies a name, a NUL and an int64
  // count. The first `words_size` are words, the others labels.
  absl::Status Entries(const char* base, std::vector<uint32_t> offsets, int32_t words_size,
                       int64_t tokens_size);
  // Every bucket has its row, behind the words.
  void AllBuckets(uint32_t buckets_size);
  // Only these (bucket, index of its row behind the words) are left.
  absl::Status SomeBuckets(uint32_t buckets_size, std::vector<std::pair<int32_t, int32_t>> kept);
  Dictionary Build() { return std::move(dictionary_); }

 private:
  Dictionary dictionary_;
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_DICTIONARY_H_
