// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/embedded_document.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"

#include "server/base/status_macros.h"
#include "server/embedding/vector_sum.h"
#include "server/text/code_points.h"

namespace hexapla {
namespace {

constexpr int kSentencesBetweenPolls = 64;
constexpr size_t kWordsBetweenPolls = 64;
// Of one part of the work. Words of several parts are met, and joined, in each.
constexpr int kSentencesOfPart = 512;
constexpr int kWordsOfPart = 512;

// What a code point is to the form of a sentence; bits.
constexpr uint8_t kVisible = 1;  // no white space, and counts in its length
constexpr uint8_t kSpace = 2;
constexpr uint8_t kEnd = 4;  // a full stop or its like
constexpr uint8_t kLetter = 8;

bool EndsSentence(UChar32 c) {
  if (c < 0x80) return c == '.' || c == '!' || c == '?';
  return u_hasBinaryProperty(c, UCHAR_S_TERM) || c == 0x2026 /* ellipsis */;
}

uint8_t FindForm(UChar32 c) {
  const bool space = c < 0x80 ? absl::ascii_isspace(static_cast<unsigned char>(c)) : IsSpace(c);
  const bool letter =
      c < 0x80 ? absl::ascii_isalnum(static_cast<unsigned char>(c)) : u_isalnum(c) != 0;
  uint8_t form = space ? kSpace : 0;
  if (c < 0x80 ? c > ' ' : !space) form |= kVisible;
  if (letter) form |= kLetter;
  if (EndsSentence(c)) form |= kEnd;
  return form;
}

// Those of most scripts but the Chinese, looked up instead of worked out.
constexpr UChar32 kFormsEnd = 0x3000;

const std::array<uint8_t, kFormsEnd>& Forms() {
  static const auto* const table = [] {
    auto* forms = new std::array<uint8_t, kFormsEnd>;
    for (UChar32 c = 0; c < kFormsEnd; ++c) (*forms)[c] = FindForm(c);
    return forms;
  }();
  return *table;
}

struct SentenceForm {
  // Code points that are no white space: a length that spaces, which some
  // languages lack, do not change.
  int characters = 0;
  // 1, and one more for each run of sentence-ending marks with letters on both
  // sides, of which a space or a wide mark parts it from what follows.
  int units = 1;
};

SentenceForm FormOf(absl::string_view text) {
  const std::array<uint8_t, kFormsEnd>& forms = Forms();
  SentenceForm result;
  bool after_mark = false;
  bool wide_mark = false;
  bool spaced = false;
  bool letters_before = false;
  for (int32_t i = 0, size = static_cast<int32_t>(text.size()); i < size;) {
    UChar32 c;
    U8_NEXT_OR_FFFD(text.data(), i, size, c);
    const uint8_t form = c < kFormsEnd ? forms[c] : FindForm(c);
    result.characters += form & kVisible;
    if ((form & kEnd) != 0) {
      after_mark = letters_before;
      wide_mark = c >= 0x3000;
      spaced = false;
    } else if ((form & kSpace) != 0) {
      spaced = true;
    } else if ((form & kLetter) != 0) {
      if (after_mark && (spaced || wide_mark)) ++result.units;
      after_mark = false;
      letters_before = true;
    }
  }
  return result;
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
  // `words` may hold some already.
  explicit WordNumbers(std::vector<EmbeddedDocument::Word>& words)
      : words_(words), numbers_(0, Hash{&words}, Equal{&words}) {
    for (size_t w = 0; w < words.size(); ++w) numbers_.insert(static_cast<int32_t>(w));
  }

  int32_t NumberOf(absl::string_view text, TokenKind kind) {
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) return *found;
    const auto number = static_cast<int32_t>(words_.size());
    words_.push_back({std::string(text), kind, 0});
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

// The words, tokens and forms of sentences [begin, end), as if they were all.
absl::Status Read(const std::vector<absl::string_view>& sentences, int begin, int end,
                  const StopCondition& stop, EmbeddedDocument& part) {
  part.token_begin.reserve(end - begin + 1);
  part.token_begin.push_back(0);
  WordNumbers numbers(part.words);
  std::vector<int> last_sentence;  // of each word: where it was counted last
  Tokens tokens;
  for (int s = begin; s < end; ++s) {
    if (s % kSentencesBetweenPolls == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
    tokens.Assign(sentences[s]);
    const size_t sampled = std::min(tokens.size(), kSentenceTokensMax);
    for (size_t sample = 0; sample < sampled; ++sample) {
      const size_t i = sample * tokens.size() / sampled;
      const int32_t word = numbers.NumberOf(tokens[i], tokens.token(i).kind);
      last_sentence.resize(part.words.size(), -1);
      if (last_sentence[word] != s) {
        last_sentence[word] = s;
        ++part.words[word].sentences;
      }
      part.tokens.push_back(word);
    }
    part.token_begin.push_back(static_cast<int32_t>(part.tokens.size()));
    const SentenceForm form = FormOf(sentences[s]);
    part.lengths.push_back(form.characters);
    part.units.push_back(form.units);
    part.cut_after.push_back(s + 1 < static_cast<int>(sentences.size()) &&
                             (!EndsFirmly(sentences[s]) || BeginsSoftly(sentences[s + 1])));
  }
  return absl::OkStatus();
}

// Adds a part to the parts before it. Words are numbered as they first occur, just
// as if all had been read as one.
void Append(const EmbeddedDocument& part, WordNumbers& numbers, EmbeddedDocument& document) {
  std::vector<int32_t> number_of;
  number_of.reserve(part.words.size());
  for (const EmbeddedDocument::Word& word : part.words) {
    number_of.push_back(numbers.NumberOf(word.text, word.kind));
    document.words[number_of.back()].sentences += word.sentences;
  }
  const auto tokens = static_cast<int32_t>(document.tokens.size());
  for (const int32_t token : part.tokens) document.tokens.push_back(number_of[token]);
  for (int s = 0; s < part.size(); ++s) {
    document.token_begin.push_back(tokens + part.token_begin[s + 1]);
  }
  const auto append = [](const auto& from, auto& to) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(part.lengths, document.lengths);
  append(part.units, document.units);
  append(part.cut_after, document.cut_after);
}

absl::StatusOr<EmbeddedDocument> ReadInParts(const std::vector<absl::string_view>& sentences,
                                             const StopCondition& stop, Parallel& parallel) {
  const auto size = static_cast<int>(sentences.size());
  // Parts that nobody else reads would have to be joined for nothing.
  const int of_part = &parallel == &Parallel::None() ? std::max(size, 1) : kSentencesOfPart;
  std::vector<EmbeddedDocument> parts(std::max(1, (size + of_part - 1) / of_part));
  parts[0].token_begin = {0};
  HEXAPLA_RETURN_IF_ERROR(RunRows(parallel, size, of_part, [&](int begin, int end) {
    EmbeddedDocument& part = parts[begin / of_part];
    part = EmbeddedDocument();
    return Read(sentences, begin, end, stop, part);
  }));
  EmbeddedDocument document = std::move(parts[0]);
  if (parts.size() == 1) return document;
  WordNumbers numbers(document.words);
  for (size_t i = 1; i < parts.size(); ++i) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    Append(parts[i], numbers, document);
    parts[i] = EmbeddedDocument();
  }
  return document;
}

absl::Status EmbedWordsOf(const SentenceEmbedder& embedder, const StopCondition& stop,
                          Parallel& parallel, EmbeddedDocument& document) {
  document.word_vectors = EmbeddingMatrix(document.words.size(), embedder.dimension());
  const auto words = static_cast<int>(document.words.size());
  return RunRows(parallel, words, kWordsOfPart, [&](size_t word, size_t end) {
    for (; word < end; ++word) {
      if (word % kWordsBetweenPolls == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
      embedder.EmbedWord(document.words[word].text, document.word_vectors.row(word));
    }
    return absl::OkStatus();
  });
}

absl::Status SumSentences(const StopCondition& stop, Parallel& parallel,
                          EmbeddedDocument& document) {
  document.sentence_vectors = EmbeddingMatrix(document.size(), document.word_vectors.dimension());
  return RunRows(parallel, document.size(), [&](int begin, int end) {
    for (int s = begin; s < end; ++s) {
      const int32_t* const tokens = document.tokens.data() + document.token_begin[s];
      SumRows(document.word_vectors, tokens, document.tokens_of(s),
              document.sentence_vectors.row(s));
    }
    return stop.Check();
  });
}

}  // namespace

absl::StatusOr<EmbeddedDocument> EmbedDocument(const std::vector<absl::string_view>& sentences,
                                               const SentenceEmbedder& embedder,
                                               const StopCondition& stop, Parallel& parallel) {
  HEXAPLA_ASSIGN_OR_RETURN(EmbeddedDocument document, ReadInParts(sentences, stop, parallel));
  HEXAPLA_RETURN_IF_ERROR(EmbedWordsOf(embedder, stop, parallel, document));
  HEXAPLA_RETURN_IF_ERROR(SumSentences(stop, parallel, document));
  return document;
}

}  // namespace hexapla
