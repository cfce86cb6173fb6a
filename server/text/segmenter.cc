// SPDX-License-Identifier: Apache-2.0
//
// Idea. Cut the text into paragraphs (paragraphs.h). Within one, only a mark
// can end a sentence, so jump from mark to mark; read the whole ending there
// (`?..`, `.”`, ` ? »`, `!)`), look at the word before it and the first letter
// after it, and decide.
//
//   He paid 3.5 to Dr. Li of Acme Inc. in «Oh!»  Then... nothing.
//            |       |           |        |          |
//            no space|        small letter|        small letter after an
//                 leads a name            capital: the end   ellipsis
//
// Why not ICU's sentence iterator and repairs behind it. Its classes of
// characters (Unicode's Sentence_Break) and its lists of abbreviations are what
// we go by. But UAX #29 misses ends that no repair behind it sees (in "in 2020.
// 14 men" a number after a full stop, then small letters, never ends), puts
// others in the wrong place (before the "»" of "Quoi ? »"), and with its own
// filter for abbreviations on, which wants UTF-16, never ends a sentence after
// "U.S." at all. A mark-to-mark scan needs fewer words than the repairs would,
// and skips what has no marks.
//
// Cost. Each byte is looked at once by MarkFinder; each mark costs a bounded
// look back and ahead, and an ending of any length is read once.
//
// Where two readings are possible, rather no end: a sentence too long still
// aligns, as one bead; two halves of one need the aligner to merge them.
#include "server/text/segmenter.h"

#include <algorithm>
#include <optional>
#include <string>

#include <unicode/uchar.h>

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/text/cjk_quotation.h"
#include "server/text/code_points.h"
#include "server/text/paragraphs.h"
#include "server/text/sentence_ending.h"
#include "server/text/sentence_marks.h"
#include "server/text/word_shapes.h"

namespace hexapla {
namespace {

// How far to look from a mark. All in bytes but the last.
constexpr size_t kWordMax = 48;
constexpr size_t kPairMax = 256;
constexpr int kSymbolsMax = 32;

constexpr size_t kBytesPerPoll = 1 << 16;
constexpr size_t kMarksPerPoll = 256;

// What comes after an ending, as far as it matters.
struct Following {
  enum class Kind {
    kNothing,    // no word before the next mark or the end of the paragraph
    kCarriesOn,  // a comma or the like
    kLower,
    kUpper,
    kUncased,
    kDigit,
  };
  Kind kind = Kind::kNothing;
  size_t word = 0;  // where the letter or digit stands
};

bool OpensQuotation(UChar32 c) {
  if (c == '"' || c == 0x201E) return true;
  return c >= 0x80 && u_charType(c) == U_INITIAL_PUNCTUATION;
}

bool IsThaiOrLao(UChar32 c) { return c >= 0x0E00 && c < 0x0F00; }

// A Korean verb ends so at the end of a sentence.
bool IsKoreanEnding(UChar32 c) { return c == 0xB2E4 || c == 0xC694; }

// Splits one paragraph.
class ParagraphSplitter {
 public:
  ParagraphSplitter(absl::string_view text, TextRange paragraph, const SegmentationRules& rules,
                    const MarkFinder& finder, std::vector<TextRange>& sentences)
      : text_(text),
        end_(paragraph.end),
        rules_(rules),
        finder_(finder),
        sentences_(sentences),
        paragraph_begin_(paragraph.begin),
        endings_(text, paragraph, rules.extra_mark),
        sentence_begin_(paragraph.begin) {}

  absl::Status Split(const StopCondition& stop) {
    size_t marks = 0;
    for (size_t offset = sentence_begin_; offset < end_;) {
      const size_t limit = std::min(end_, offset + kBytesPerPoll);
      const size_t mark = finder_.Find(text_, offset, limit);
      if (mark == limit || ++marks % kMarksPerPoll == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
      offset = mark == limit ? limit : SplitAt(mark);
    }
    EndSentence(end_, end_);
    return absl::OkStatus();
  }

 private:
  // Ends the sentence at `mark` if it is an end; returns where to search on.
  size_t SplitAt(size_t mark) {
    const CodePoint c = CodePointAt(text_, mark);
    if (endings_.MarkAt(c.value) == MarkKind::kSeparator) {
      EndSentence(mark, c.end);
      return c.end;
    }
    const Ending ending = endings_.Read(mark);
    if (IsEnd(ending)) EndSentence(ending.end, ending.next);
    return ending.next;
  }

  void EndSentence(size_t end, size_t next) {
    // Between separators in a row there is nothing.
    if (end <= sentence_begin_) return;
    sentences_.push_back(Trim(text_, {sentence_begin_, end}));
    sentence_begin_ = SkipSpaces(text_, next, end_);
  }

  UChar32 ValueAt(size_t offset) const {
    return offset < end_ ? CodePointAt(text_, offset).value : U_SENTINEL;
  }

  UChar32 ValueBefore(size_t offset) const {
    if (offset <= paragraph_begin_) return U_SENTINEL;
    return CodePointBefore(text_, paragraph_begin_, offset).value;
  }

  // --- Looking ahead ---

  Following ReadFollowing(const Ending& ending) const {
    size_t offset = ending.next;
    if (IsCarryingOn(ValueAt(offset))) return {.kind = Following::Kind::kCarriesOn};
    for (int symbols = 0; symbols < kSymbolsMax && offset < end_; ++symbols) {
      const CodePoint c = CodePointAt(text_, offset);
      if (IsLetterOrDigit(c.value)) return {.kind = CaseAt(c), .word = offset};
      const MarkKind mark = endings_.MarkAt(c.value);
      if (mark != MarkKind::kNone && mark != MarkKind::kStop) break;
      offset = c.end;
    }
    return {};
  }

  Following::Kind CaseAt(const CodePoint& c) const {
    if (!IsLetter(c.value)) return Following::Kind::kDigit;
    switch (SentenceBreakOf(c.value)) {
      case U_SB_LOWER:
        // "iPhone", "eBay".
        return SentenceBreakOf(ValueAt(c.end)) == U_SB_UPPER ? Following::Kind::kUpper
                                                             : Following::Kind::kLower;
      case U_SB_UPPER:
        return Following::Kind::kUpper;
      default:
        return Following::Kind::kUncased;
    }
  }

  absl::string_view WordAt(size_t begin) const {
    const size_t limit = std::min(end_, begin + kWordMax);
    size_t end = begin;
    while (end < limit) {
      const CodePoint c = CodePointAt(text_, end);
      if (!IsLetterOrDigit(c.value) && !IsMarkOrFormat(c.value)) break;
      end = c.end;
    }
    return text_.substr(begin, end - begin);
  }

  // "K." in "J. K. Rowling".
  bool IsInitialAt(size_t begin) const {
    const absl::string_view word = WordAt(begin);
    const size_t end = begin + word.size();
    return IsOneLetter(word) && end < end_ && text_[end] == '.';
  }

  bool OpensSentence(const Following& following) const {
    return !IsInitialAt(following.word) && rules_.openers.contains(WordAt(following.word));
  }

  // --- Looking back ---

  // The word that ends at `end`; empty if it is too long to be short for
  // anything.
  TextRange WordBefore(size_t end) const {
    size_t begin = end;
    while (begin > sentence_begin_) {
      const CodePoint c = CodePointBefore(text_, sentence_begin_, begin);
      if (!IsWordPart(c.value)) break;
      begin = c.begin;
      if (end - begin > kWordMax) return {end, end};
    }
    while (begin < end && (text_[begin] == '-' || text_[begin] == '.')) ++begin;
    return {begin, end};
  }

  // `word` with the lone letters before it: "z.B" for the "B" of "z. B.".
  std::string WithLettersBefore(TextRange word) const {
    std::string joined(word.Of(text_));
    for (int letters = 0; letters < 3; ++letters) {
      size_t dot = word.begin;
      while (dot > sentence_begin_ && IsSpace(ValueBefore(dot))) {
        dot = CodePointBefore(text_, sentence_begin_, dot).begin;
      }
      if (dot == word.begin || dot <= sentence_begin_ || text_[dot - 1] != '.') break;
      word = WordBefore(dot - 1);
      if (!IsOneLetter(word.Of(text_))) break;
      joined = absl::StrCat(absl::string_view(word.Of(text_)), ".", joined);
    }
    return joined;
  }

  bool IsItemMarker(TextRange range) const {
    const absl::string_view word = range.Of(text_);
    for (size_t i = sentence_begin_; i < range.begin;) {
      const CodePoint c = CodePointAt(text_, i);
      if (IsLetterOrDigit(c.value) || i > sentence_begin_ + 8) return false;
      i = c.end;
    }
    return IsItemNumber(word) || IsOneLetter(word) || (word.size() <= 5 && IsRomanNumeral(word));
  }

  bool IsOrdinal(TextRange range) const {
    if (!rules_.has_ordinals) return false;
    const absl::string_view word = range.Of(text_);
    if (IsRomanNumeral(word)) return true;
    const UChar32 before = ValueBefore(range.begin);
    return IsNumber(word) && word.size() <= 3 && (before == U_SENTINEL || IsSpace(before));
  }

  AbbreviationKind KindOfWord(TextRange range, const Following& following) const {
    if (range.empty()) return AbbreviationKind::kNone;
    if (IsItemMarker(range)) return AbbreviationKind::kLeading;
    const absl::string_view word = range.Of(text_);
    if (const auto kind = rules_.Find(WithLettersBefore(range)); kind != AbbreviationKind::kNone) {
      return kind;
    }
    if (IsOneLetter(word) && IsInitialAt(following.word)) return AbbreviationKind::kLeading;
    if (const auto kind = rules_.Find(word); kind != AbbreviationKind::kNone) return kind;
    if (IsInitial(word) || IsDottedAcronym(word) || IsOrdinal(range)) {
      return AbbreviationKind::kMedial;
    }
    return AbbreviationKind::kNone;
  }

  // Whether the sentence has a word before `end`: "!!!" alone is none.
  bool HasWordBefore(size_t end) const {
    size_t offset = sentence_begin_;
    for (int symbols = 0; symbols < kSymbolsMax && offset < end; ++symbols) {
      const CodePoint c = CodePointAt(text_, offset);
      if (IsLetterOrDigit(c.value)) return true;
      offset = c.end;
    }
    return offset < end;
  }

  // --- Deciding ---

  bool IsEnd(const Ending& ending) {
    const Following following = ReadFollowing(ending);
    if (following.kind == Following::Kind::kNothing ||
        following.kind == Following::Kind::kCarriesOn || !HasWordBefore(ending.begin)) {
      return false;
    }
    if (ending.closes_parenthesis && IsWithinSentence(ending)) return false;
    if (ending.closes_quotation && SpeechCarriesOn(ending, following)) return false;
    switch (ending.kind) {
      case MarkKind::kFullStop:
        return !IsBetweenDigits(ending);
      case MarkKind::kQuestion:
        return ending.spaced() ? IsEndBefore(following, ending.closes_quotation)
                               : IsBetweenCjk(ending, following);
      case MarkKind::kStop:
        return IsStopEnd(ending, following);
      case MarkKind::kEllipsis:
        return ending.spaced() &&
               (following.kind == Following::Kind::kUpper ||
                (following.kind == Following::Kind::kUncased && ending.closes_quotation));
      case MarkKind::kNone:
      case MarkKind::kSeparator:
        return false;
    }
    return false;
  }

  bool IsStopEnd(const Ending& ending, const Following& following) {
    const UChar32 before = ValueBefore(ending.begin);
    if (IsThaiOrLao(before)) return false;
    if (!ending.spaced()) return IsBetweenCjk(ending, following);
    switch (KindOfWord(WordBefore(ending.begin), following)) {
      case AbbreviationKind::kLeading:
        return false;
      case AbbreviationKind::kBeforeNumber:
        if (following.kind == Following::Kind::kDigit) return false;
        if (IsRomanNumeral(WordAt(following.word))) return false;
        break;
      case AbbreviationKind::kMedial:
        return OpensSentence(following) ||
               (OpensQuotation(ValueAt(ending.next)) && following.kind == Following::Kind::kUpper);
      case AbbreviationKind::kFinal:
      case AbbreviationKind::kNone:
        break;
    }
    return IsEndBefore(following, ending.closes_quotation);
  }

  // Small letters carry on, save where the writer uses no capitals at all.
  bool IsEndBefore(const Following& following, bool closes_quotation) {
    if (following.kind != Following::Kind::kLower) return true;
    return !closes_quotation && !HasCapitals();
  }

  bool SpeechCarriesOn(const Ending& ending, const Following& following) const {
    const absl::string_view word = WordAt(following.word);
    if (rules_.quotation_particles.contains(word)) return true;
    if (ending.asks && rules_.speech_verbs.contains(word)) return true;
    return !ending.spaced() && following.word == ending.next && IsCjk(ValueAt(following.word)) &&
           CjkQuotationCarriesOn(text_, following.word, end_);
  }

  // Whether the parenthesis that the ending closes opened after the sentence
  // began: "He (really!) went".
  bool IsWithinSentence(const Ending& ending) const {
    const size_t floor = std::max(sentence_begin_, ending.begin - std::min(ending.begin, kPairMax));
    const absl::string_view before = text_.substr(floor, ending.begin - floor);
    const size_t half = before.rfind('(');
    const size_t full = before.rfind("（");
    const size_t open = half == absl::string_view::npos   ? full
                        : full == absl::string_view::npos ? half
                                                          : std::max(half, full);
    return open != absl::string_view::npos && floor + open > sentence_begin_;
  }

  bool IsBetweenCjk(const Ending& ending, const Following& following) const {
    const UChar32 before = ValueBefore(ending.begin);
    if (!IsCjk(before) || !IsCjk(ValueAt(following.word))) return false;
    return ending.kind != MarkKind::kStop || !u_isalpha(before) || before < 0xAC00 ||
           before > 0xD7A3 || IsKoreanEnding(before);
  }

  // "３．５".
  bool IsBetweenDigits(const Ending& ending) const {
    return u_isdigit(ValueBefore(ending.begin)) && u_isdigit(ValueAt(ending.end));
  }

  // Looked up at most once a paragraph.
  bool HasCapitals() {
    if (has_capitals_.has_value()) return *has_capitals_;
    has_capitals_ = false;
    for (size_t i = paragraph_begin_; i < end_ && !*has_capitals_;) {
      const CodePoint c = CodePointAt(text_, i);
      has_capitals_ = c.value >= 0 && u_isUUppercase(c.value);
      i = c.end;
    }
    return *has_capitals_;
  }

  const absl::string_view text_;
  const size_t end_;
  const SegmentationRules& rules_;
  const MarkFinder& finder_;
  std::vector<TextRange>& sentences_;
  const size_t paragraph_begin_;
  EndingReader endings_;
  size_t sentence_begin_;
  std::optional<bool> has_capitals_;
};

// Every alignment has a Segmenter of its own.
const SegmentationRuleSet& AllRules() {
  static const auto& rules = *new SegmentationRuleSet;
  return rules;
}

}  // namespace

Segmenter::Segmenter() : rules_(AllRules()) {}

absl::StatusOr<std::vector<TextRange>> Segmenter::Split(absl::string_view text,
                                                        absl::string_view language,
                                                        const StopCondition& stop) const {
  const SegmentationRules& rules = rules_.For(language);
  const MarkFinder finder(rules.extra_mark);
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<TextRange> paragraphs,
                           SplitIntoParagraphs(text, stop));
  std::vector<TextRange> sentences;
  size_t polled = 0;
  for (const TextRange& paragraph : paragraphs) {
    if (paragraph.end - polled > kBytesPerPoll) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      polled = paragraph.end;
    }
    ParagraphSplitter splitter(text, paragraph, rules, finder, sentences);
    HEXAPLA_RETURN_IF_ERROR(splitter.Split(stop));
  }
  return sentences;
}

}  // namespace hexapla
