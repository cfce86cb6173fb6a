// SPDX-License-Identifier: Apache-2.0
//
// Near-duplicates by minimal hashes (Broder 1997). Under a random hash of words
// the least value over a document's words is the same for two documents with
// just the probability that is the share of their words in both. Three such
// values make a key; two documents of share 0.7 agree in one key with probability
// 0.34, and in one of the 16 with 0.999; of share 0.2 with 0.12. Documents that
// agree in a key are compared word by word, unless they are in one class already.
#include "server/matching/near_duplicates.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

constexpr int kKeys = 16;
constexpr int kHashesAKey = 3;
// Of the documents with one key, later ones are compared with so many.
constexpr size_t kComparedMax = 64;

// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::vector<int32_t> SortedWords(const HeapDocument& document) {
  std::vector<int32_t> words;
  for (const HeapDocument::Word& word : document.words) words.push_back(word.id);
  std::sort(words.begin(), words.end());
  return words;
}

std::array<uint64_t, kKeys> KeysOf(const std::vector<int32_t>& words) {
  std::array<uint64_t, kKeys> keys{};
  for (int k = 0; k < kKeys; ++k) {
    for (int h = 0; h < kHashesAKey; ++h) {
      const uint64_t seed = Mix(static_cast<uint64_t>(k * kHashesAKey + h));
      uint64_t least = std::numeric_limits<uint64_t>::max();
      for (const int32_t word : words) {
        least = std::min(least, Mix(seed ^ static_cast<uint32_t>(word)));
      }
      keys[k] = Mix(keys[k] ^ least);
    }
    keys[k] = Mix(keys[k] + static_cast<uint64_t>(k));
  }
  return keys;
}

bool NearlyRepeats(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  size_t both = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    both += a[i] == b[j];
    const bool step_a = a[i] <= b[j];
    const bool step_b = b[j] <= a[i];
    i += step_a;
    j += step_b;
  }
  const size_t either = a.size() + b.size() - both;
  return either > 0 &&
         static_cast<double>(both) >= kNearDuplicateShare * static_cast<double>(either);
}

// Classes of documents that grow together; named by their first document.
class Classes {
 public:
  explicit Classes(size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), 0); }

  int32_t Find(int32_t document) {
    while (parent_[document] != document) {
      parent_[document] = parent_[parent_[document]];
      document = parent_[document];
    }
    return document;
  }
  void Join(int32_t a, int32_t b) {
    a = Find(a);
    b = Find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<int32_t> parent_;
};

bool MayRepeat(const HeapDocument& a, const HeapDocument& b) {
  return a.language.tag == "und" || b.language.tag == "und" ||
         SameMatchLanguage(a.language.tag, b.language.tag);
}

}  // namespace

absl::StatusOr<NearDuplicates> FindNearDuplicates(const std::vector<HeapDocument>& documents,
                                                  const StopCondition& stop) {
  Classes classes(documents.size());
  NearDuplicates result;
  result.is_copy.resize(documents.size());
  std::vector<std::vector<int32_t>> words;
  absl::flat_hash_map<uint64_t, std::vector<int32_t>> with_key;
  for (size_t d = 0; d < documents.size(); ++d) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    const auto document = static_cast<int32_t>(d);
    words.push_back(SortedWords(documents[d]));
    for (const uint64_t key : KeysOf(words[d])) {
      if (words[d].empty() || result.is_copy[d]) break;
      std::vector<int32_t>& others = with_key[key];
      for (const int32_t other : others) {
        if (!MayRepeat(documents[other], documents[d])) continue;
        if (words[other] == words[d]) result.is_copy[d] = true;
        if (classes.Find(other) == classes.Find(document)) continue;
        if (NearlyRepeats(words[other], words[d])) classes.Join(other, document);
      }
      if (!result.is_copy[d] && others.size() < kComparedMax) others.push_back(document);
    }
  }
  for (size_t d = 0; d < documents.size(); ++d) {
    result.duplicate_class.push_back(classes.Find(static_cast<int32_t>(d)));
  }
  return result;
}

}  // namespace hexapla
