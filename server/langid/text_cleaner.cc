// SPDX-License-Identifier: Apache-2.0
//
// One pass over the characters with one look into a table for each. The table
// holds, for the 65,536 characters of the basic plane, what ICU says of them:
// what the pass does with it, its lower case and its script. It is filled at
// the first use, in some milliseconds; other planes ask ICU.
//
// Text that is not in NFC is brought there first. Nearly all text is, and ICU
// sees that quickly.

#include "server/langid/text_cleaner.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <vector>

#include "server/text/utf8.h"

namespace hexapla {
namespace {

constexpr UChar32 kPlaneSize = 0x10000;
constexpr UChar32 kCapitalSigma = 0x3A3;
constexpr UChar32 kFinalSigma = 0x3C2;

enum class Role : uint8_t {
  kSeparator,  // becomes a space
  kLetter,
  kMark,       // kept behind a letter
  kJoiner,     // kept between letters: apostrophes and zero-width (non-)joiners
  kInvisible,  // dropped: soft hyphens, directions
};

struct Character {
  uint16_t lower;
  Role role;
  uint8_t script;
};

Role RoleOf(UChar32 c) {
  if (c == '\'' || c == 0x2019 || c == 0x200C || c == 0x200D) return Role::kJoiner;
  const uint32_t category = U_MASK(u_charType(c));
  if ((category & U_GC_L_MASK) != 0) return Role::kLetter;
  if ((category & U_GC_M_MASK) != 0) return Role::kMark;
  return (category & U_GC_CF_MASK) != 0 ? Role::kInvisible : Role::kSeparator;
}

uint8_t ScriptOf(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &error);
  const bool own = U_SUCCESS(error) && script != USCRIPT_INHERITED && script > 0 && script < 256;
  return static_cast<uint8_t>(own ? script : USCRIPT_COMMON);
}

Character Describe(UChar32 c) {
  return {.lower = static_cast<uint16_t>(u_tolower(c)), .role = RoleOf(c), .script = ScriptOf(c)};
}

const std::vector<Character>& BasicPlane() {
  static const auto* const kPlane = [] {
    auto* plane = new std::vector<Character>;
    plane->reserve(kPlaneSize);
    for (UChar32 c = 0; c < kPlaneSize; ++c) plane->push_back(Describe(c));
    return plane;
  }();
  return *kPlane;
}

bool IsAsciiSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsAsciiAlnum(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

// Runs of these are looked at as a whole: addresses are made of them.
bool IsAddressByte(char c) { return c > ' ' && c <= '~'; }
// No address is without one of these, and few other words have one.
bool IsAddressMark(char c) { return c == '.' || c == '@' || c == ':'; }

bool EndsWithDomain(absl::string_view run) {
  const size_t dot = run.rfind('.');
  if (dot == absl::string_view::npos || dot == 0 || !IsAsciiAlnum(run[dot - 1])) return false;
  const absl::string_view last = run.substr(dot + 1);
  for (const absl::string_view known : {"com", "org", "net", "edu", "gov", "info", "io"}) {
    if (last == known) return true;
  }
  return false;
}

// Whether `run`, printable ASCII between other characters, is an address.
bool IsAddress(absl::string_view run) {
  while (!run.empty() && !IsAsciiAlnum(run.back()) && run.back() != '/') run.remove_suffix(1);
  while (!run.empty() && !IsAsciiAlnum(run.front()) && run.front() != '@') run.remove_prefix(1);
  if (run.size() < 2) return false;
  if (run.find('@') != absl::string_view::npos) return true;
  if (run.find("://") != absl::string_view::npos) return true;
  const absl::string_view head = run.substr(0, 4);
  if (head == "www." || head == "WWW." || head == "Www.") return true;
  return EndsWithDomain(run.substr(0, run.find('/')));
}

// Writes cleaned text: single spaces, joiners only between letters.
class Writer {
 public:
  explicit Writer(CleanedText& out) : out_(out) {}

  void Letter(UChar32 lower, uint8_t script) {
    if (pending_ != 0) {
      if (!out_.text.empty()) Append(pending_);
      pending_ = 0;
    }
    Append(lower);
    if (script != USCRIPT_COMMON) out_.scripts.Add(script);
    in_word_ = true;
  }
  void Mark(UChar32 c) {
    if (in_word_ && pending_ == 0) Append(c);
  }
  void Joiner(UChar32 c) {
    if (in_word_ && pending_ == 0) {
      pending_ = c;
    } else {
      Separator();
    }
  }
  void Separator() {
    pending_ = ' ';
    in_word_ = false;
  }
  // The last letter, of two bytes, becomes `c`, of two bytes.
  void ReplaceLast(UChar32 c) {
    out_.text.resize(out_.text.size() - 2);
    Append(c);
  }

 private:
  void Append(UChar32 c) {
    if (c < 0x80) {
      out_.text.push_back(static_cast<char>(c));
      return;
    }
    char bytes[U8_MAX_LENGTH];
    int32_t size = 0;
    U8_APPEND_UNSAFE(bytes, size, c);
    out_.text.append(bytes, static_cast<size_t>(size));
  }

  CleanedText& out_;
  UChar32 pending_ = 0;
  bool in_word_ = false;
};

class Cleaner {
 public:
  explicit Cleaner(CleanedText& out) : writer_(out), plane_(BasicPlane().data()) {}

  // Cleans `text`, in NFC, behind what was cleaned before.
  void Add(absl::string_view text) {
    writer_.Separator();
    size_t address_checked = 0;
    for (size_t at = 0; at < text.size();) {
      const char byte = text[at];
      if (at >= address_checked && IsAddressByte(byte)) {
        size_t end = at;
        bool may_be_address = false;
        for (; end < text.size() && IsAddressByte(text[end]); ++end) {
          may_be_address = may_be_address || IsAddressMark(text[end]);
        }
        address_checked = end;
        if (may_be_address && IsAddress(text.substr(at, end - at))) {
          at = EndOfAddress(text, end);
          writer_.Separator();
          continue;
        }
      }
      if (static_cast<uint8_t>(byte) < 0x80) {
        AddCharacter(byte, plane_[static_cast<uint8_t>(byte)]);
        ++at;
        continue;
      }
      UChar32 c = 0;
      U8_NEXT_OR_FFFD(reinterpret_cast<const uint8_t*>(text.data()), at, text.size(), c);
      if (c < kPlaneSize) {
        AddCharacter(c, plane_[c]);
      } else {
        AddRare(c);
      }
    }
    EndWord();
  }

 private:
  // An address goes on behind ASCII with letters of alphabets, as paths in
  // other languages do, but not with ideographs, which need no space before.
  static size_t EndOfAddress(absl::string_view text, size_t end) {
    size_t at = end;
    while (at < text.size() && !IsAsciiSpace(text[at])) {
      const size_t begin = at;
      UChar32 c = 0;
      U8_NEXT_OR_FFFD(reinterpret_cast<const uint8_t*>(text.data()), at, text.size(), c);
      if (c >= 0x2000) return begin;
    }
    return at;
  }

  void AddCharacter(UChar32 c, const Character& character) {
    switch (character.role) {
      case Role::kLetter:
        writer_.Letter(character.lower, character.script);
        ends_in_sigma_ = c == kCapitalSigma;
        return;
      case Role::kMark:
        writer_.Mark(c);
        ends_in_sigma_ = false;
        return;
      case Role::kInvisible:
        return;
      case Role::kJoiner:
        EndWord();
        writer_.Joiner(c == 0x2019 ? '\'' : c);
        return;
      case Role::kSeparator:
        EndWord();
        writer_.Separator();
        return;
    }
  }

  void AddRare(UChar32 c) {
    switch (RoleOf(c)) {
      case Role::kLetter:
        writer_.Letter(u_tolower(c), ScriptOf(c));
        ends_in_sigma_ = false;
        return;
      case Role::kMark:
        writer_.Mark(c);
        ends_in_sigma_ = false;
        return;
      default:
        EndWord();
        writer_.Separator();
        return;
    }
  }

  // A capital sigma is lowered by its place in the word.
  void EndWord() {
    if (ends_in_sigma_) writer_.ReplaceLast(kFinalSigma);
    ends_in_sigma_ = false;
  }

  Writer writer_;
  const Character* const plane_;
  bool ends_in_sigma_ = false;
};

// `text` in NFC: itself, or `storage`.
absl::string_view Compose(absl::string_view text, std::string& storage) {
  UErrorCode error = U_ZERO_ERROR;
  static const icu::Normalizer2* const kNfc = icu::Normalizer2::getNFCInstance(error);
  const icu::StringPiece piece(text.data(), static_cast<int32_t>(text.size()));
  if (U_FAILURE(error) || kNfc->isNormalizedUTF8(piece, error)) return text;
  storage.clear();
  icu::StringByteSink<std::string> sink(&storage);
  error = U_ZERO_ERROR;
  kNfc->normalizeUTF8(0, piece, sink, nullptr, error);
  return U_FAILURE(error) ? text : absl::string_view(storage.data(), storage.size());
}

// The first white space in [at, at + 64), else the first character there.
size_t CutNear(absl::string_view text, size_t at) {
  const size_t end = std::min(text.size(), at + 64);
  for (size_t i = at; i < end; ++i) {
    if (IsAsciiSpace(text[i])) return i;
  }
  while (at < text.size() && IsContinuationByte(text[at])) ++at;
  return at;
}

}  // namespace

int ScriptCounts::Dominant() const {
  int dominant = USCRIPT_COMMON;
  for (const uint8_t script : seen_) {
    if (counts_[script] > counts_[dominant]) dominant = script;
  }
  return dominant;
}

void Clean(absl::string_view text, CleanedText& cleaned) {
  thread_local std::string composed;
  cleaned.text.clear();
  cleaned.scripts.Clear();
  Cleaner cleaner(cleaned);
  if (text.size() <= kCleanedBytesMax) {
    cleaner.Add(Compose(text, composed));
    return;
  }
  constexpr size_t kPieces = 8;
  constexpr size_t kPieceBytes = kCleanedBytesMax / kPieces;
  for (size_t i = 0; i < kPieces; ++i) {
    const size_t begin = (text.size() - kPieceBytes) * i / (kPieces - 1);
    const size_t cut = i == 0 ? 0 : CutNear(text, begin);
    const size_t end = i + 1 == kPieces ? text.size() : CutNear(text, begin + kPieceBytes);
    cleaner.Add(Compose(text.substr(cut, end - cut), composed));
  }
}

}  // namespace hexapla
