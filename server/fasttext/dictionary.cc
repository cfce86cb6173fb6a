// SPDX-License-Identifier: Apache-2.0
#include "server/fasttext/dictionary.h"

#include <algorithm>
#include <cstring>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"

namespace hexapla::fasttext {
namespace {

// An honest vocabulary in a half-empty table probes some dozens of slots at
// worst; a file made of colliding words would take quadratic time to load.
constexpr int kProbesMax = 1024;

}  // namespace

int32_t Dictionary::FindWord(absl::string_view word, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = SlotOf(hash); slots_[at].entry >= 0; at = (at + 1) & mask) {
    const int32_t entry = slots_[at].entry;
    if (slots_[at].hash == hash && EntryName(entry) == word) {
      return entry < words_size_ ? entry : -1;
    }
  }
  return -1;
}

absl::string_view Dictionary::EntryName(int32_t entry) const { return base_ + entries_[entry]; }

int64_t Dictionary::EntryCount(int32_t entry) const {
  const absl::string_view name = EntryName(entry);
  int64_t count;
  std::memcpy(&count, name.data() + name.size() + 1, sizeof(count));
  return count;
}

absl::Status DictionaryBuilder::Entries(const char* base, std::vector<uint32_t> offsets,
                                        int32_t words_size, int64_t tokens_size) {
  Dictionary& d = dictionary_;
  d.base_ = base;
  d.entries_ = std::move(offsets);
  d.words_size_ = words_size;
  d.tokens_size_ = tokens_size;
  const size_t slots_size = absl::bit_ceil(std::max<size_t>(2, d.entries_.size() * 3 / 2 + 1));
  d.slots_.assign(slots_size, {.hash = 0, .entry = -1});
  d.slot_shift_ = 64 - absl::countr_zero(static_cast<uint64_t>(slots_size));
  for (size_t i = 0; i < d.entries_.size(); ++i) {
    const auto entry = static_cast<int32_t>(i);
    const absl::string_view name = d.EntryName(entry);
    const uint32_t hash = HashOf(name);
    size_t at = d.SlotOf(hash);
    int probes = 0;
    while (d.slots_[at].entry >= 0 &&
           (d.slots_[at].hash != hash || d.EntryName(d.slots_[at].entry) != name)) {
      at = (at + 1) & (slots_size - 1);
      if (++probes > kProbesMax) {
        return absl::DataLossError(
            absl::StrCat("more than ", kProbesMax, " entries share their hash, at entry ", i));
      }
    }
    d.slots_[at] = {.hash = hash, .entry = entry};
  }
  return absl::OkStatus();
}

void DictionaryBuilder::AllBuckets(uint32_t buckets_size) {
  dictionary_.buckets_ = KeptBuckets::All(buckets_size);
}

absl::Status DictionaryBuilder::SomeBuckets(uint32_t buckets_size,
                                            std::vector<std::pair<int32_t, int32_t>> kept) {
  std::sort(kept.begin(), kept.end());
  std::vector<uint32_t> buckets;
  buckets.reserve(kept.size());
  dictionary_.kept_rows_.reserve(kept.size());
  for (const auto& [bucket, row] : kept) {
    if (!buckets.empty() && buckets.back() == static_cast<uint32_t>(bucket)) {
      return absl::DataLossError(absl::StrCat("bucket ", bucket, " was kept twice"));
    }
    buckets.push_back(static_cast<uint32_t>(bucket));
    dictionary_.kept_rows_.push_back(row);
  }
  dictionary_.buckets_ = KeptBuckets::Some(buckets_size, buckets);
  return absl::OkStatus();
}

}  // namespace hexapla::fasttext
