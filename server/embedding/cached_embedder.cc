// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/cached_embedder.h"

#include <algorithm>

#include "absl/hash/hash.h"

namespace hexapla {
namespace {

// Longer words are rare, and their spellings would take the room of vectors.
constexpr size_t kWordBytesMax = 128;

}  // namespace

CachedEmbedder::CachedEmbedder(std::unique_ptr<const SentenceEmbedder> embedder, size_t words_max)
    : embedder_(std::move(embedder)),
      generation_words_max_(std::max<size_t>(1, words_max / kShards / 2)) {}

bool CachedEmbedder::EmbedWord(absl::string_view word, float* out) const {
  if (word.size() > kWordBytesMax) return embedder_->EmbedWord(word, out);
  Shard& shard = shards_[absl::HashOf(word) % kShards];
  bool known = false;
  {
    MutexLock lock(shard.mutex);
    if (Copy(shard.young, word, out, known)) return known;
    if (Copy(shard.old, word, out, known)) {
      Keep(shard, word, out, known);
      return known;
    }
  }
  known = embedder_->EmbedWord(word, out);
  MutexLock lock(shard.mutex);
  Keep(shard, word, out, known);
  return known;
}

bool CachedEmbedder::Copy(const Generation& generation, absl::string_view word, float* out,
                          bool& known) const {
  const auto found = generation.words.find(word);
  if (found == generation.words.end()) return false;
  std::copy_n(generation.vectors.row(found->second.row), dimension(), out);
  known = found->second.known;
  return true;
}

void CachedEmbedder::Keep(Shard& shard, absl::string_view word, const float* vector,
                          bool known) const {
  if (shard.young.words.size() >= generation_words_max_) {
    std::swap(shard.old, shard.young);
    shard.young.words.clear();
    shard.young.vectors = EmbeddingMatrix();
  }
  Generation& young = shard.young;
  if (young.vectors.dimension() == 0) {
    young.vectors = EmbeddingMatrix(0, dimension());
    young.vectors.Reserve(generation_words_max_);
  }
  // Two threads may have asked at once.
  if (!young.words.try_emplace(word, Generation::Entry{young.words.size(), known}).second) return;
  std::copy_n(vector, dimension(), young.vectors.AddRow());
}

}  // namespace hexapla
