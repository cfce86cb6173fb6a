// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_SUBWORDS_H_
#define HEXAPLA_SERVER_FASTTEXT_SUBWORDS_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/fasttext/dictionary.h"
#include "server/fasttext/model_reader.h"

namespace hexapla::fasttext {

// Whether `c` parts words in fastText: space, tab, newline, carriage return,
// vertical tab, form feed or NUL.
inline bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

// Calls visit(hash) for every character n-gram of `bracketed`, a word between
// "<" and ">", in fastText's order: by start, then by length from `minn` to
// `maxn` code points, without the lone "<" and ">". Bytes are grouped into code
// points by their leading bits, so text that is not UTF-8 has n-grams too.
// Cost: O(bytes * maxn).
template <typename Visitor>
void VisitNgramHashes(absl::string_view bracketed, int minn, int maxn, Visitor&& visit) {
  const char* const text = bracketed.data();
  const char* const text_end = text + bracketed.size();
  const auto continues = [](char byte) { return (byte & 0xC0) == 0x80; };
  for (const char* begin = text; begin < text_end; ++begin) {
    if (continues(*begin)) continue;
    uint32_t hash = kHashSeed;
    const char* end = begin;
    for (int length = 1; end < text_end && length <= maxn; ++length) {
      hash = ContinueHash(hash, *end++);
      while (end < text_end && continues(*end)) hash = ContinueHash(hash, *end++);
      if (length >= minn && !(length == 1 && (begin == text || end == text_end))) visit(hash);
    }
  }
}

// Appends the input rows of the character n-grams of `word`, bracketed here;
// n-grams that pruning left no row are skipped.
void AppendNgramRows(const Model& model, absl::string_view word, std::vector<int32_t>& rows);

// Appends the input rows that make up `word` in fastText: its own row when it
// is in the vocabulary, then those of its n-grams. "</s>" has no n-grams. A
// label is treated as a word outside the vocabulary.
void AppendSubwordRows(const Model& model, absl::string_view word, std::vector<int32_t>& rows);

// out[0, model.dim()) = the mean of the rows of `word`, which is fastText's
// word vector; zeros when it has no rows. Returns whether it has any.
bool WordVector(const Model& model, absl::string_view word, float* out);

// sum[0, model.dim()) += scale * the word's vector made one long. Adds nothing, and
// returns false, when it has no length.
bool AddUnitWordVector(const Model& model, absl::string_view word, float scale, float* sum);

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_SUBWORDS_H_
