// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_TOKENIZER_H_
#define HEXAPLA_SERVER_TEXT_TOKENIZER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "server/text/text_range.h"

namespace hexapla {

enum class TokenKind : uint8_t {
  kWord,    // letters, with the digits among them
  kNumber,  // digits alone, in ASCII whatever the script: "٥٧" is "57"
};

// The words of a text as the embedding space knows them: the same function
// serves training and inference, for a vector means nothing under any other.
//
// On top of NFKC_Casefold, Arabic and Hebrew vowel marks and tatweel are
// dropped, the forms of alef, yeh and kaf unified, Greek loses its accents, and
// digits are made ASCII.
// Scripts without spaces: a run of Han or hiragana yields its characters and
// its overlapping pairs of characters ("中国人" -> 中 国 人 中国 国人), katakana
// stays whole, and Thai, Lao, Khmer and Burmese go by ICU's dictionaries. A word
// in Hangul is followed by its pairs of syllables, for stems mostly have two.
// Words over 40 code points are cut, so that a line without spaces stays cheap.
//
// Cost: linear; about 100 ns a token, the dictionary scripts several times that.
// Threads: compatible; use one per thread and reuse it, it keeps its buffers.
class Tokens {
 public:
  struct Token {
    uint32_t begin;  // in bytes()
    uint32_t end;
    TokenKind kind;
    // The bytes of the normalised text that it came from; see NormalizedText.
    TextRange normalized;
  };

  // Replaces the content by the tokens of `text` (valid UTF-8).
  void Assign(absl::string_view text);

  size_t size() const { return tokens_.size(); }
  absl::string_view operator[](size_t i) const {
    return absl::string_view(bytes_).substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin);
  }
  const Token& token(size_t i) const { return tokens_[i]; }

 private:
  void Append(absl::string_view bytes, TokenKind kind, TextRange normalized);
  void AppendDictionaryWords(absl::string_view run, size_t run_begin);
  void AppendCharacters(absl::string_view run, size_t run_begin);
  void AppendSyllablePairs(absl::string_view run, size_t run_begin);
  void AppendWord(absl::string_view run, size_t run_begin);

  std::string bytes_;
  std::vector<Token> tokens_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_TOKENIZER_H_
