// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_WORD_SIMILARITY_H_
#define HEXAPLA_SERVER_SIMILARITY_WORD_SIMILARITY_H_

#include <cstdint>
#include <vector>

#include "server/base/parallel.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/cosine.h"

namespace hexapla {

// How well words of the source are rendered by words of the target, as a byte:
// 255 for the same spelling, 0 for two different numbers, else the cosine of
// their vectors above a floor, at most 250. And what the tokens of a sentence find
// at best in each sentence of the other side, their cover.
//
// Words are compared whenever their sentences meet, so that time and memory stay
// linear; a table of a sentence's words against those of all sentences that it
// meets is filled at once.
//
// Lifetime: borrows the documents.
// Threads: Cover may run concurrently with a Scratch for each thread.
class WordSimilarity {
 public:
  static constexpr uint8_t kIdentical = 255;

  // What Cover works in, used again and again.
  class Scratch {
   public:
    explicit Scratch(const WordSimilarity& similarity)
        : place_of_word_(similarity.target_.words.size()),
          window_of_word_(similarity.target_.words.size(), 0) {}

   private:
    friend class WordSimilarity;
    // The distinct target words of the sentences looked at, and where they stand.
    std::vector<int32_t> window_;
    std::vector<int32_t> places_;          // token -> place of its word in window_
    std::vector<int32_t> place_of_word_;   // target word -> place in window_
    std::vector<int32_t> window_of_word_;  // target word -> the last window that held it
    int32_t windows_ = 0;
    // A row of kTokensAtOnce a word of the window.
    std::vector<float> cosines_;
    std::vector<uint8_t> similarities_;
    std::vector<float> highest_cosines_;  // of each word of the window
    std::vector<uint8_t> highest_;
    std::vector<int32_t> identical_;  // places of words that the source spells alike
  };

  // Without `semantic`, words that are not identical have similarity 0.
  WordSimilarity(const EmbeddedDocument& source, const EmbeddedDocument& target, bool semantic,
                 Parallel& parallel = Parallel::None());

  // The covers of source sentence `source`, of n tokens, and of the target sentences
  // [begin, end): forth[(column - begin) * n + a] is what token `a` finds in
  // sentence `column`, back[t] what the t-th token of those sentences finds in the
  // source sentence.
  void Cover(int source, int begin, int end, uint8_t* forth, uint8_t* back, Scratch& scratch) const;

  // Of each source word the target word of the same spelling, or -1.
  const std::vector<int32_t>& same_spelling() const { return same_spelling_; }

 private:
  void SetWindow(int begin, int end, Scratch& scratch) const;
  void CompareSome(const int32_t* words, size_t size, Scratch& scratch) const;

  const EmbeddedDocument& source_;
  const EmbeddedDocument& target_;
  const bool semantic_;
  UnitRows source_vectors_;  // of words
  UnitRows target_vectors_;
  std::vector<int32_t> same_spelling_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_WORD_SIMILARITY_H_
