// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_WORD_SIMILARITY_H_
#define HEXAPLA_SERVER_SIMILARITY_WORD_SIMILARITY_H_

#include <cstdint>
#include <vector>

#include "server/embedding/embedded_document.h"
#include "server/similarity/cosine.h"

namespace hexapla {

// How well a word of the source is rendered by a word of the target, as a byte:
// 255 for the same spelling, 0 for two different numbers, else the cosine of
// their vectors above a floor, at most 250.
//
// A word is compared with those of a window, each time it is asked for, so that
// time and memory stay linear.
//
// Lifetime: borrows the documents.
// Threads: not safe; one thread uses it at a time.
class WordSimilarity {
 public:
  static constexpr uint8_t kIdentical = 255;

  // Without `semantic`, words that are not identical have similarity 0.
  WordSimilarity(const EmbeddedDocument& source, const EmbeddedDocument& target, bool semantic);

  // Chooses the target sentences [begin, end) whose words matter next.
  void SetWindow(int begin, int end);

  // The similarities of a source word to the target words of the window, by the
  // number of the target word; other places hold anything. Valid until the next
  // call of a method.
  const uint8_t* Of(int32_t word);

 private:
  const EmbeddedDocument& source_;
  const EmbeddedDocument& target_;
  const bool semantic_;
  const UnitRows source_vectors_;  // of words
  const UnitRows target_vectors_;
  std::vector<int32_t> same_spelling_;  // source word -> target word or -1
  std::vector<int32_t> window_;         // target words
  std::vector<int> window_of_word_;     // target word -> the last window that held it
  int windows_ = 0;
  std::vector<uint8_t> similarities_;  // of one word, by target word
  std::vector<float> cosines_;         // by place in the window
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_WORD_SIMILARITY_H_
