// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/word_similarity.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

// Highway compiles this file once per instruction set and picks at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/similarity/word_similarity.cc"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#ifndef HEXAPLA_SERVER_SIMILARITY_WORD_SIMILARITY_TOKENS_
#define HEXAPLA_SERVER_SIMILARITY_WORD_SIMILARITY_TOKENS_
namespace hexapla {

// So many source tokens are compared at once; a whole number of all vectors.
inline constexpr size_t kTokensAtOnce = 16;
// Cosines of words under this say nothing.
inline constexpr float kCosineFloor = 0.2F;
// The most that words of different spelling reach.
inline constexpr float kSimilarMost = 250;

}  // namespace hexapla
#endif

HWY_BEFORE_NAMESPACE();
namespace hexapla::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Similarities from cosines. Requires: `size` is a multiple of kTokensAtOnce.
void SimilaritiesSimd(const float* HWY_RESTRICT cosines, size_t size, uint8_t* HWY_RESTRICT out) {
  const hn::CappedTag<float, kTokensAtOnce> d;
  const hn::RebindToSigned<decltype(d)> words;
  const hn::Rebind<uint8_t, decltype(d)> bytes;
  for (size_t i = 0; i < size; i += hn::Lanes(d)) {
    const auto above = hn::Div(hn::Sub(hn::LoadU(d, cosines + i), hn::Set(d, kCosineFloor)),
                               hn::Set(d, 1 - kCosineFloor));
    const auto similar = hn::Min(hn::Set(d, kSimilarMost),
                                 hn::Max(hn::Zero(d), hn::Mul(above, hn::Set(d, kSimilarMost))));
    hn::StoreU(hn::DemoteTo(bytes, hn::ConvertTo(words, similar)), bytes, out + i);
  }
}

// highest[i] = the most of it and of the first `lanes` of row i of kTokensAtOnce
// numbers.
void RaiseByRowsSimd(const float* HWY_RESTRICT rows, size_t size, size_t lanes,
                     float* HWY_RESTRICT highest) {
  const hn::CappedTag<float, kTokensAtOnce> d;
  for (size_t i = 0; i < size; ++i) {
    const float* const row = rows + i * kTokensAtOnce;
    auto most = hn::Set(d, highest[i]);
    for (size_t k = 0; k < lanes; k += hn::Lanes(d)) {
      const auto values = hn::LoadU(d, row + k);
      most = hn::IfThenElse(hn::FirstN(d, lanes - k), hn::Max(most, values), most);
    }
    highest[i] = hn::GetLane(hn::MaxOfLanes(d, most));
  }
}

// out = the most of rows which[0, size) of kTokensAtOnce bytes, lane by lane.
void MostOfRowsSimd(const uint8_t* HWY_RESTRICT rows, const int32_t* HWY_RESTRICT which,
                    size_t size, uint8_t* HWY_RESTRICT out) {
  const hn::CappedTag<uint8_t, kTokensAtOnce> d;
  for (size_t k = 0; k < kTokensAtOnce; k += hn::Lanes(d)) {
    auto most = hn::Zero(d);
    for (size_t i = 0; i < size; ++i) {
      most = hn::Max(most, hn::LoadU(d, rows + which[i] * kTokensAtOnce + k));
    }
    hn::StoreU(most, d, out + k);
  }
}

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {
namespace {

HWY_EXPORT(SimilaritiesSimd);
HWY_EXPORT(RaiseByRowsSimd);
HWY_EXPORT(MostOfRowsSimd);

// Of words that have nothing in common: under the floor.
constexpr float kNothing = -1;

}  // namespace

WordSimilarity::WordSimilarity(const EmbeddedDocument& source, const EmbeddedDocument& target,
                               bool semantic, Parallel& parallel)
    : source_(source),
      target_(target),
      semantic_(semantic),
      source_vectors_(0, 0),
      target_vectors_(0, 0),
      same_spelling_(source.words.size(), -1) {
  if (semantic) {
    RunBoth(
        parallel, [&] { source_vectors_ = UnitRows(source.word_vectors); },
        [&] { target_vectors_ = UnitRows(target.word_vectors); });
  }
  absl::flat_hash_map<absl::string_view, int32_t> spellings;
  for (size_t w = 0; w < target.words.size(); ++w) spellings.emplace(target.words[w].text, w);
  for (size_t w = 0; w < source.words.size(); ++w) {
    const auto found = spellings.find(source.words[w].text);
    if (found != spellings.end()) same_spelling_[w] = found->second;
  }
}

void WordSimilarity::SetWindow(int begin, int end, Scratch& scratch) const {
  scratch.window_.clear();
  scratch.places_.clear();
  ++scratch.windows_;
  for (int t = target_.token_begin[begin]; t < target_.token_begin[end]; ++t) {
    const int32_t word = target_.tokens[t];
    if (scratch.window_of_word_[word] != scratch.windows_) {
      scratch.window_of_word_[word] = scratch.windows_;
      scratch.place_of_word_[word] = static_cast<int32_t>(scratch.window_.size());
      scratch.window_.push_back(word);
    }
    scratch.places_.push_back(scratch.place_of_word_[word]);
  }
  const size_t padded =
      (scratch.window_.size() + kTokensAtOnce - 1) / kTokensAtOnce * kTokensAtOnce;
  scratch.cosines_.resize(scratch.window_.size() * kTokensAtOnce, kNothing);
  scratch.similarities_.resize(scratch.cosines_.size());
  scratch.highest_cosines_.assign(padded, kNothing);
  scratch.highest_.resize(padded);
}

// Fills similarities_ with those of up to kTokensAtOnce source words, and raises
// highest_cosines_.
void WordSimilarity::CompareSome(const int32_t* words, size_t size, Scratch& scratch) const {
  if (semantic_) {
    UnitRows::CosineTable(target_vectors_, scratch.window_, source_vectors_, words, size,
                          scratch.cosines_.data(), kTokensAtOnce);
  }
  for (size_t a = 0; a < size; ++a) {
    if (source_.words[words[a]].kind != TokenKind::kNumber) continue;
    for (size_t i = 0; i < scratch.window_.size(); ++i) {
      if (target_.words[scratch.window_[i]].kind == TokenKind::kNumber) {
        scratch.cosines_[i * kTokensAtOnce + a] = kNothing;
      }
    }
  }
  HWY_DYNAMIC_DISPATCH(SimilaritiesSimd)
  (scratch.cosines_.data(), scratch.cosines_.size(), scratch.similarities_.data());
  HWY_DYNAMIC_DISPATCH(RaiseByRowsSimd)
  (scratch.cosines_.data(), scratch.window_.size(), size, scratch.highest_cosines_.data());
}

void WordSimilarity::Cover(int source, int begin, int end, uint8_t* forth, uint8_t* back,
                           Scratch& scratch) const {
  SetWindow(begin, end, scratch);
  const int32_t* const words = source_.tokens.data() + source_.token_begin[source];
  const size_t tokens = source_.tokens_of(source);
  scratch.identical_.clear();
  for (size_t first = 0; first < tokens; first += kTokensAtOnce) {
    const size_t size = std::min(kTokensAtOnce, tokens - first);
    CompareSome(words + first, size, scratch);
    for (size_t a = 0; a < size; ++a) {
      const int32_t same = same_spelling_[words[first + a]];
      if (same < 0 || scratch.window_of_word_[same] != scratch.windows_) continue;
      scratch.similarities_[scratch.place_of_word_[same] * kTokensAtOnce + a] = kIdentical;
      scratch.identical_.push_back(scratch.place_of_word_[same]);
    }
    for (int column = begin; column < end; ++column) {
      uint8_t most[kTokensAtOnce];
      HWY_DYNAMIC_DISPATCH(MostOfRowsSimd)
      (scratch.similarities_.data(),
       scratch.places_.data() + (target_.token_begin[column] - target_.token_begin[begin]),
       target_.tokens_of(column), most);
      std::copy(most, most + size, forth + (column - begin) * tokens + first);
    }
  }
  HWY_DYNAMIC_DISPATCH(SimilaritiesSimd)
  (scratch.highest_cosines_.data(), scratch.highest_cosines_.size(), scratch.highest_.data());
  for (const int32_t place : scratch.identical_) scratch.highest_[place] = kIdentical;
  for (size_t t = 0; t < scratch.places_.size(); ++t)
    back[t] = scratch.highest_[scratch.places_[t]];
}

}  // namespace hexapla
#endif  // HWY_ONCE
