// SPDX-License-Identifier: Apache-2.0
#include "server/text/cjk_quotation.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "absl/strings/match.h"

#include "server/text/code_points.h"

namespace hexapla {
namespace {

// "他笑着对大家大声说道": longer clauses are sentences of their own.
constexpr int kSpeechClauseMax = 12;

bool StartsWithAny(absl::string_view text, std::initializer_list<absl::string_view> prefixes) {
  for (absl::string_view prefix : prefixes) {
    if (absl::StartsWith(text, prefix)) return true;
  }
  return false;
}

// Particles, minus the words that start like one and open sentences.
bool StartsWithParticle(absl::string_view text) {
  if (StartsWithAny(text, {"とても", "ところ", "とにかく", "とりあえず", "のち", "はい", "はじめ",
                           "はたして", "がんば", "もう", "もし", "もちろん", "かつて", "かれ"})) {
    return false;
  }
  return StartsWithAny(text, {"と", "って", "を", "が", "の", "は", "も", "に", "など", "なんて",
                              "という", "か", "だ", "です"});
}

bool IsSpeechVerb(UChar32 c) {
  switch (c) {
    case U'说':
    case U'說':
    case U'道':
    case U'问':
    case U'問':
    case U'喊':
    case U'叫':
    case U'答':
    case U'嚷':
      return true;
    default:
      return false;
  }
}

bool StartsWithSpeechClause(absl::string_view text) {
  UChar32 last = 0, before_last = 0;
  size_t offset = 0;
  for (int letters = 0; letters <= kSpeechClauseMax && offset < text.size(); ++letters) {
    const CodePoint c = CodePointAt(text, offset);
    // "他说：" opens the sentence that it introduces.
    if (c.value == ':' || c.value == 0xFF1A) return false;
    if (!u_isalpha(c.value)) {
      return IsSpeechVerb(last) && !(before_last == U'知' && last == U'道');
    }
    before_last = last;
    last = c.value;
    offset = c.end;
  }
  return false;
}

UScriptCode ScriptOf(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  return uscript_getScript(c, &error);
}

}  // namespace

bool IsCjk(UChar32 c) {
  if (c < 0x1100) return false;
  switch (ScriptOf(c)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_HANGUL:
      return true;
    default:
      return false;
  }
}

bool CjkQuotationCarriesOn(absl::string_view text, size_t begin, size_t end) {
  const absl::string_view rest = text.substr(begin, end - begin);
  switch (ScriptOf(CodePointAt(rest, 0).value)) {
    case USCRIPT_HANGUL:
      return true;
    case USCRIPT_HIRAGANA:
      return StartsWithParticle(rest);
    default:
      return absl::StartsWith(rest, "的") || StartsWithSpeechClause(rest);
  }
}

}  // namespace hexapla
