// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_EMBEDDING_CACHED_EMBEDDER_H_
#define HEXAPLA_SERVER_EMBEDDING_CACHED_EMBEDDER_H_

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "server/base/mutex.h"
#include "server/embedding/embedding_matrix.h"
#include "server/embedding/sentence_embedder.h"

namespace hexapla {

// The vectors of another embedder, of one file, those of lately asked words kept: a
// vector is made of a dozen rows of the model, and most words of a text were in the
// one before.
//
// Words are kept in two generations. One that is asked for goes into the younger;
// when that is full it becomes the older, and what was there is forgotten.
//
// Memory: the vectors and spellings of `words_max` words at most, long words not
// among them. Cost: a hash and a copy for a word that is known.
// Threads: concurrent use is safe; words are spread over shards, each with a lock
// held for the copy only.
class CachedEmbedder final : public SentenceEmbedder {
 public:
  explicit CachedEmbedder(std::unique_ptr<const SentenceEmbedder> embedder,
                          size_t words_max = size_t{1} << 16);

  int dimension() const override { return embedder_->dimension(); }
  const std::vector<std::string>& languages() const override { return embedder_->languages(); }
  bool EmbedWord(absl::string_view word, float* out) const override;
  bool EmbedAsFastText(absl::string_view sentence, float* out) const override {
    return embedder_->EmbedAsFastText(sentence, out);
  }

 private:
  struct Generation {
    struct Entry {
      size_t row;
      bool known;  // to the embedder
    };
    absl::flat_hash_map<std::string, Entry> words;
    EmbeddingMatrix vectors;
  };
  struct Shard {
    Mutex mutex;
    Generation young ABSL_GUARDED_BY(mutex);
    Generation old ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kShards = 16;

  bool Copy(const Generation& generation, absl::string_view word, float* out, bool& known) const;
  void Keep(Shard& shard, absl::string_view word, const float* vector, bool known) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex);

  const std::unique_ptr<const SentenceEmbedder> embedder_;
  const size_t generation_words_max_;  // of one shard
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_EMBEDDING_CACHED_EMBEDDER_H_
