// SPDX-License-Identifier: Apache-2.0
#include "server/text/tokenizer.h"

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <memory>

#include "server/text/normalizer.h"

namespace hexapla {
namespace {

constexpr int kWordCodePointsMax = 40;

// What a code point is to the tokenizer; runs of one class make a run.
enum class CharClass : uint8_t {
  kOther,  // separates
  kDigit,
  kLetter,      // letters and marks of scripts with spaces
  kKatakana,    // a word of its own
  kCharacter,   // Han and hiragana: characters and pairs
  kDictionary,  // Thai, Lao, Khmer, Burmese
  kHangul,      // words, and their pairs of syllables
  kIgnored,     // vanishes: tatweel, vowel marks
};

CharClass Classify(UChar32 c) {
  if (c == 0x640 || (c >= 0x64B && c <= 0x65F) || c == 0x670 || (c >= 0x591 && c <= 0x5BD) ||
      c == 0x5BF || c == 0x5C1 || c == 0x5C2 || c == 0x5C4 || c == 0x5C5 || c == 0x5C7) {
    return CharClass::kIgnored;
  }
  const int8_t type = u_charType(c);
  if (type == U_DECIMAL_DIGIT_NUMBER) return CharClass::kDigit;
  const bool mark = type == U_NON_SPACING_MARK || type == U_COMBINING_SPACING_MARK;
  if (!u_isalpha(c) && !mark) return CharClass::kOther;
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(c, &error)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
      return CharClass::kCharacter;
    case USCRIPT_KATAKANA:
      return CharClass::kKatakana;
    case USCRIPT_HANGUL:
      return CharClass::kHangul;
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
      return CharClass::kDictionary;
    default:
      // The long-vowel mark is «common» to both kana.
      return c == 0x30FC ? CharClass::kKatakana : CharClass::kLetter;
  }
}

// Classes of the Basic Multilingual Plane, looked up instead of worked out.
class CharClasses {
 public:
  static const CharClasses& Get() {
    static const auto* const classes = new CharClasses;
    return *classes;
  }

  CharClass Of(UChar32 c) const { return c < 0x10000 ? table_[c] : Classify(c); }

 private:
  CharClasses() {
    for (UChar32 c = 0; c < 0x10000; ++c) table_[c] = Classify(c);
  }

  std::array<CharClass, 0x10000> table_;
};

// Greek loses its accents: old and new spelling differ in little else.
UChar32 FoldGreek(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2& nfd = *icu::Normalizer2::getNFDInstance(error);
  icu::UnicodeString decomposition;
  return nfd.getDecomposition(c, decomposition) ? decomposition.char32At(0) : c;
}

UChar32 Fold(UChar32 c) {
  if (c < 0x370) return c;
  if ((c >= 0x370 && c < 0x400) || (c >= 0x1F00 && c < 0x2000)) return FoldGreek(c);
  switch (c) {
    case 0x622:
    case 0x623:
    case 0x625:
    case 0x671:
      return 0x627;  // alef
    case 0x649:
    case 0x6CC:
      return 0x64A;  // yeh
    case 0x6A9:
      return 0x643;  // kaf
    default:
      return c;
  }
}

void AppendUtf8(UChar32 c, std::string& out) {
  char buffer[U8_MAX_LENGTH];
  int length = 0;
  U8_APPEND_UNSAFE(buffer, length, c);
  out.append(buffer, length);
}

UChar32 Next(absl::string_view text, size_t& offset) {
  UChar32 c;
  int32_t i = 0;
  const auto* bytes = text.data() + offset;
  U8_NEXT_UNSAFE(bytes, i, c);
  offset += i;
  return c;
}

// The dictionary word breaker of this thread; ICU's iterators are not shared.
icu::BreakIterator& WordBreaker() {
  thread_local const std::unique_ptr<icu::BreakIterator> breaker = [] {
    UErrorCode error = U_ZERO_ERROR;
    return std::unique_ptr<icu::BreakIterator>(
        icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), error));
  }();
  return *breaker;
}

}  // namespace

void Tokens::Append(absl::string_view bytes, TokenKind kind, TextRange normalized) {
  const auto begin = static_cast<uint32_t>(bytes_.size());
  bytes_.append(bytes.data(), bytes.size());
  tokens_.push_back({begin, static_cast<uint32_t>(bytes_.size()), kind, normalized});
}

// Letters and digits, folded; a run without letters is a number.
void Tokens::AppendWord(absl::string_view run, size_t run_begin) {
  const CharClasses& classes = CharClasses::Get();
  size_t offset = 0;
  while (offset < run.size()) {
    const size_t piece_begin = offset;
    const auto token_begin = static_cast<uint32_t>(bytes_.size());
    TokenKind kind = TokenKind::kNumber;
    for (int points = 0; offset < run.size() && points < kWordCodePointsMax; ++points) {
      const size_t begin = offset;
      const UChar32 c = Next(run, offset);
      const CharClass char_class = classes.Of(c);
      if (char_class == CharClass::kIgnored) continue;
      if (char_class == CharClass::kDigit) {
        bytes_.push_back(static_cast<char>('0' + u_charDigitValue(c)));
        continue;
      }
      kind = TokenKind::kWord;
      const UChar32 folded = Fold(c);
      if (folded == c) {
        bytes_.append(run.data() + begin, offset - begin);
      } else {
        AppendUtf8(folded, bytes_);
      }
    }
    if (bytes_.size() == token_begin) continue;
    tokens_.push_back({token_begin,
                       static_cast<uint32_t>(bytes_.size()),
                       kind,
                       {run_begin + piece_begin, run_begin + offset}});
  }
}

void Tokens::AppendCharacters(absl::string_view run, size_t run_begin) {
  size_t previous = 0;
  for (size_t offset = 0; offset < run.size();) {
    const size_t begin = offset;
    Next(run, offset);
    Append(run.substr(begin, offset - begin), TokenKind::kWord,
           {run_begin + begin, run_begin + offset});
    if (begin > 0) {
      Append(run.substr(previous, offset - previous), TokenKind::kWord,
             {run_begin + previous, run_begin + offset});
    }
    previous = begin;
  }
}

void Tokens::AppendSyllablePairs(absl::string_view run, size_t run_begin) {
  size_t offset = 0;
  for (size_t begin = 0, middle = 0; offset < run.size(); begin = middle, middle = offset) {
    Next(run, offset);
    const bool whole_word = begin == 0 && offset == run.size();
    if (middle == begin || whole_word) continue;
    Append(run.substr(begin, offset - begin), TokenKind::kWord,
           {run_begin + begin, run_begin + offset});
  }
}

void Tokens::AppendDictionaryWords(absl::string_view run, size_t run_begin) {
  UErrorCode error = U_ZERO_ERROR;
  UText text = UTEXT_INITIALIZER;
  utext_openUTF8(&text, run.data(), static_cast<int64_t>(run.size()), &error);
  icu::BreakIterator& breaker = WordBreaker();
  breaker.setText(&text, error);
  if (U_FAILURE(error)) {
    AppendWord(run, run_begin);
  } else {
    int32_t begin = breaker.first();
    for (int32_t end = breaker.next(); end != icu::BreakIterator::DONE;
         begin = end, end = breaker.next()) {
      AppendWord(run.substr(begin, end - begin), run_begin + begin);
    }
  }
  utext_close(&text);
}

void Tokens::Assign(absl::string_view text) {
  bytes_.clear();
  tokens_.clear();
  const CharClasses& classes = CharClasses::Get();
  const NormalizedText normalized(text);
  const absl::string_view bytes = normalized.text();
  const auto is_word = [](CharClass c) {
    return c == CharClass::kLetter || c == CharClass::kDigit || c == CharClass::kIgnored;
  };
  for (size_t offset = 0; offset < bytes.size();) {
    const size_t begin = offset;
    const CharClass first = classes.Of(Next(bytes, offset));
    if (first == CharClass::kOther) continue;
    size_t end = offset;
    while (offset < bytes.size()) {
      const CharClass next = classes.Of(Next(bytes, offset));
      if (next != first && !(is_word(first) && is_word(next))) break;
      end = offset;
    }
    offset = end;
    const absl::string_view run = bytes.substr(begin, end - begin);
    switch (first) {
      case CharClass::kCharacter:
        AppendCharacters(run, begin);
        break;
      case CharClass::kHangul:
        AppendWord(run, begin);
        AppendSyllablePairs(run, begin);
        break;
      case CharClass::kDictionary:
        AppendDictionaryWords(run, begin);
        break;
      default:
        AppendWord(run, begin);
    }
  }
}

}  // namespace hexapla
