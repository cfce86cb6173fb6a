// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/embedded_document.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/types/span.h"

#include "server/base/status_macros.h"
#include "server/embedding/vector_sum.h"
#include "server/text/code_points.h"

namespace hexapla {
namespace {

constexpr size_t kSentencesBetweenPolls = 64;
constexpr size_t kWordsAtOnce = 64;

// Code points that are no white space: a length that spaces, which some
// languages lack, do not change.
int CountCharacters(absl::string_view text) {
  int count = 0;
  for (int32_t i = 0, size = static_cast<int32_t>(text.size()); i < size;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(text.data(), i, size, c);
    count += c < 0x80 ? c > ' ' : !IsSpace(c);
  }
  return count;
}

bool EndsSentence(UChar32 c) {
  if (c < 0x80) return c == '.' || c == '!' || c == '?';
  return u_hasBinaryProperty(c, UCHAR_S_TERM) || c == 0x2026 /* ellipsis */;
}

// 1, and one more for each run of sentence-ending marks with letters on both
// sides, of which a space or a wide mark parts it from what follows.
int CountUnits(absl::string_view text) {
  int units = 1;
  bool after_mark = false;
  bool wide_mark = false;
  bool spaced = false;
  bool letters_before = false;
  for (int32_t i = 0, size = static_cast<int32_t>(text.size()); i < size;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(text.data(), i, size, c);
    if (EndsSentence(c)) {
      after_mark = letters_before;
      wide_mark = c >= 0x3000;
      spaced = false;
    } else if (c < 0x80 ? absl::ascii_isspace(static_cast<unsigned char>(c)) : IsSpace(c)) {
      spaced = true;
    } else if (c < 0x80 ? absl::ascii_isalnum(static_cast<unsigned char>(c)) : u_isalnum(c) != 0) {
      if (after_mark && (spaced || wide_mark)) ++units;
      after_mark = false;
      letters_before = true;
    }
  }
  return units;
}

bool IsClosing(UChar32 c) {
  const int8_t type = u_charType(c);
  return type == U_END_PUNCTUATION || type == U_FINAL_PUNCTUATION || c == '"' || c == '\'';
}

// Whether the text ends in a full stop or its like, closing marks set aside. A
// colon or semicolon is none.
bool EndsFirmly(absl::string_view text) {
  for (int32_t i = static_cast<int32_t>(text.size()); i > 0;) {
    UChar32 c;
    U8_PREV_OR_FFFD(text.data(), 0, i, c);
    if (u_isUWhiteSpace(c) || IsClosing(c)) continue;
    return EndsSentence(c);
  }
  return false;
}

// Whether the text goes on with what was said before.
bool BeginsSoftly(absl::string_view text) {
  for (int32_t i = 0, size = static_cast<int32_t>(text.size()); i < size;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(text.data(), i, size, c);
    if (u_isUWhiteSpace(c)) continue;
    const int8_t type = u_charType(c);
    return u_islower(c) || type == U_END_PUNCTUATION || type == U_FINAL_PUNCTUATION;
  }
  return false;
}

// The words of a document by their spellings, each kept once.
class WordNumbers {
 public:
  explicit WordNumbers(std::vector<EmbeddedDocument::Word>& words)
      : words_(words), numbers_(0, Hash{&words}, Equal{&words}) {}

  int32_t NumberOf(const Tokens& tokens, size_t token) {
    const absl::string_view text = tokens[token];
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) return *found;
    const auto number = static_cast<int32_t>(words_.size());
    words_.push_back({std::string(text), tokens.token(token).kind, 0});
    numbers_.insert(number);
    return number;
  }

 private:
  struct Spelling {
    using is_transparent = void;
    const std::vector<EmbeddedDocument::Word>* words;
    absl::string_view Of(absl::string_view text) const { return text; }
    absl::string_view Of(int32_t number) const { return (*words)[number].text; }
  };
  struct Hash : Spelling {
    template <typename Word>
    size_t operator()(const Word& word) const {
      return absl::HashOf(Of(word));
    }
  };
  struct Equal : Spelling {
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return Of(a) == Of(b);
    }
  };

  std::vector<EmbeddedDocument::Word>& words_;
  absl::flat_hash_set<int32_t, Hash, Equal> numbers_;
};

absl::Status CutIntoTokens(const std::vector<absl::string_view>& sentences,
                           const StopCondition& stop, EmbeddedDocument& document) {
  document.token_begin.reserve(sentences.size() + 1);
  document.token_begin.push_back(0);
  WordNumbers numbers(document.words);
  std::vector<int> last_sentence;  // of each word: where it was counted last
  Tokens tokens;
  for (size_t s = 0; s < sentences.size(); ++s) {
    if (s % kSentencesBetweenPolls == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
    tokens.Assign(sentences[s]);
    const size_t sampled = std::min(tokens.size(), kSentenceTokensMax);
    for (size_t sample = 0; sample < sampled; ++sample) {
      const int32_t word = numbers.NumberOf(tokens, sample * tokens.size() / sampled);
      last_sentence.resize(document.words.size(), -1);
      if (last_sentence[word] != static_cast<int>(s)) {
        last_sentence[word] = static_cast<int>(s);
        ++document.words[word].sentences;
      }
      document.tokens.push_back(word);
    }
    document.token_begin.push_back(static_cast<int32_t>(document.tokens.size()));
  }
  return absl::OkStatus();
}

absl::Status EmbedWordsOf(const SentenceEmbedder& embedder, const StopCondition& stop,
                          EmbeddedDocument& document) {
  document.word_vectors = EmbeddingMatrix(document.words.size(), embedder.dimension());
  std::vector<WordSlot> slots;
  for (size_t word = 0; word < document.words.size();) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    slots.clear();
    for (; word < document.words.size() && slots.size() < kWordsAtOnce; ++word) {
      slots.push_back({document.words[word].text, document.word_vectors.row(word)});
    }
    embedder.EmbedWords(absl::MakeSpan(slots));
  }
  return absl::OkStatus();
}

absl::Status SumSentences(const StopCondition& stop, EmbeddedDocument& document) {
  const int dimension = document.word_vectors.dimension();
  const size_t sentences = document.token_begin.size() - 1;
  document.sentence_vectors = EmbeddingMatrix(sentences, dimension);
  for (size_t s = 0; s < sentences; ++s) {
    if (s % kSentencesBetweenPolls == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
    float* const sum = document.sentence_vectors.row(s);
    for (int32_t i = document.token_begin[s]; i < document.token_begin[s + 1]; ++i) {
      AddVector(document.word_vectors.row(document.tokens[i]), dimension, sum);
    }
  }
  return absl::OkStatus();
}

absl::Status MeasureSentences(const std::vector<absl::string_view>& sentences,
                              const StopCondition& stop, EmbeddedDocument& document) {
  for (size_t s = 0; s < sentences.size(); ++s) {
    if (s % kSentencesBetweenPolls == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
    const TextRange trimmed = Trim(sentences[s], {0, sentences[s].size()});
    document.lengths.push_back(CountCharacters(trimmed.Of(sentences[s])));
    document.units.push_back(CountUnits(sentences[s]));
    document.cut_after.push_back(s + 1 < sentences.size() &&
                                 (!EndsFirmly(sentences[s]) || BeginsSoftly(sentences[s + 1])));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EmbeddedDocument> EmbedDocument(const std::vector<absl::string_view>& sentences,
                                               const SentenceEmbedder& embedder,
                                               const StopCondition& stop) {
  EmbeddedDocument document;
  HEXAPLA_RETURN_IF_ERROR(CutIntoTokens(sentences, stop, document));
  HEXAPLA_RETURN_IF_ERROR(EmbedWordsOf(embedder, stop, document));
  HEXAPLA_RETURN_IF_ERROR(SumSentences(stop, document));
  HEXAPLA_RETURN_IF_ERROR(MeasureSentences(sentences, stop, document));
  return document;
}

}  // namespace hexapla
