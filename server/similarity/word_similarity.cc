// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/word_similarity.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace hexapla {
namespace {

// Cosines of words under this say nothing.
constexpr float kCosineFloor = 0.2F;
// The most that words of different spelling reach.
constexpr float kSimilarMost = 250;

}  // namespace

WordSimilarity::WordSimilarity(const EmbeddedDocument& source, const EmbeddedDocument& target,
                               bool semantic)
    : source_(source),
      target_(target),
      semantic_(semantic),
      source_vectors_(source.word_vectors),
      target_vectors_(target.word_vectors),
      same_spelling_(source.words.size(), -1),
      window_of_word_(target.words.size(), 0),
      similarities_(target.words.size()),
      cosines_(target.words.size()) {
  absl::flat_hash_map<absl::string_view, int32_t> spellings;
  for (size_t w = 0; w < target.words.size(); ++w) spellings.emplace(target.words[w].text, w);
  for (size_t w = 0; w < source.words.size(); ++w) {
    const auto found = spellings.find(source.words[w].text);
    if (found != spellings.end()) same_spelling_[w] = found->second;
  }
}

void WordSimilarity::SetWindow(int begin, int end) {
  window_.clear();
  ++windows_;
  for (int t = target_.token_begin[begin]; t < target_.token_begin[end]; ++t) {
    int& last = window_of_word_[target_.tokens[t]];
    if (last == windows_) continue;
    last = windows_;
    window_.push_back(target_.tokens[t]);
  }
}

const uint8_t* WordSimilarity::Of(int32_t word) {
  uint8_t* const out = similarities_.data();
  if (semantic_) {
    UnitRows::Cosines(source_vectors_, word, target_vectors_, window_.data(), window_.size(),
                      cosines_.data());
  }
  const bool number = source_.words[word].kind == TokenKind::kNumber;
  for (size_t i = 0; i < window_.size(); ++i) {
    const bool two_numbers = number && target_.words[window_[i]].kind == TokenKind::kNumber;
    const float above = (cosines_[i] - kCosineFloor) / (1 - kCosineFloor);
    out[window_[i]] =
        two_numbers ? 0
                    : static_cast<uint8_t>(std::clamp(above * kSimilarMost, 0.0F, kSimilarMost));
  }
  if (same_spelling_[word] >= 0) out[same_spelling_[word]] = kIdentical;
  return out;
}

}  // namespace hexapla
