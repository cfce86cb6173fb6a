// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/cached_embedder.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/types/span.h"

namespace hexapla {
namespace {

// Longer words are rare, and their spellings would take the room of vectors.
constexpr size_t kWordBytesMax = 128;

}  // namespace

CachedEmbedder::CachedEmbedder(std::unique_ptr<const SentenceEmbedder> embedder, size_t words_max)
    : embedder_(std::move(embedder)),
      generation_words_max_(std::max<size_t>(1, words_max / kShards / 2)) {}

void CachedEmbedder::EmbedWords(absl::Span<WordSlot> slots) const {
  std::vector<WordSlot> fresh;
  std::vector<size_t> fresh_at;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (Find(slots[i])) continue;
    fresh.push_back(slots[i]);
    fresh_at.push_back(i);
  }
  embedder_->EmbedWords(absl::MakeSpan(fresh));
  for (size_t i = 0; i < fresh.size(); ++i) {
    slots[fresh_at[i]].known = fresh[i].known;
    if (fresh[i].word.size() > kWordBytesMax) continue;
    Shard& shard = ShardOf(fresh[i].word);
    MutexLock lock(shard.mutex);
    Keep(shard, fresh[i]);
  }
}

bool CachedEmbedder::Find(WordSlot& slot) const {
  if (slot.word.size() > kWordBytesMax) return false;
  Shard& shard = ShardOf(slot.word);
  MutexLock lock(shard.mutex);
  if (Copy(shard.young, slot)) return true;
  if (!Copy(shard.old, slot)) return false;
  Keep(shard, slot);
  return true;
}

CachedEmbedder::Shard& CachedEmbedder::ShardOf(absl::string_view word) const {
  return shards_[absl::HashOf(word) % kShards];
}

bool CachedEmbedder::Copy(const Generation& generation, WordSlot& slot) const {
  const auto found = generation.words.find(slot.word);
  if (found == generation.words.end()) return false;
  std::copy_n(generation.vectors.row(found->second.row), dimension(), slot.vector);
  slot.known = found->second.known;
  return true;
}

void CachedEmbedder::Keep(Shard& shard, const WordSlot& slot) const {
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
  const Generation::Entry entry{young.words.size(), slot.known};
  if (!young.words.try_emplace(slot.word, entry).second) return;
  std::copy_n(slot.vector, dimension(), young.vectors.AddRow());
}

}  // namespace hexapla
