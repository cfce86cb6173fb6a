// SPDX-License-Identifier: Apache-2.0
#include "client/text_layout.h"

#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/ubidi.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/unistr.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace hexapla {
namespace {

constexpr UChar32 kEmojiPresentation = 0xFE0F;

icu::StringPiece Piece(absl::string_view text) {
  return icu::StringPiece(text.data(), static_cast<int32_t>(text.size()));
}

// Calls visit(code_point, bytes) for each code point.
template <typename Visit>
void ForEachCodePoint(absl::string_view text, const Visit& visit) {
  const auto* data = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  for (int32_t next = 0; next < size;) {
    const int32_t begin = next;
    UChar32 code_point;
    U8_NEXT_OR_FFFD(data, next, size, code_point);
    visit(code_point, text.substr(begin, next - begin));
  }
}

bool HasRightToLeftLetter(absl::string_view text) {
  bool found = false;
  ForEachCodePoint(text, [&](UChar32 code_point, absl::string_view) {
    const UCharDirection direction = u_charDirection(code_point);
    found = found || direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC;
  });
  return found;
}

bool IsDirectionSwitch(UChar32 code_point) {
  return (code_point >= 0x202A && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

int CodePointWidth(UChar32 code_point) {
  switch (u_charType(code_point)) {
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK:
    case U_FORMAT_CHAR:
    case U_CONTROL_CHAR:
      return 0;
    default:
      break;
  }
  // Vowels and final consonants that join the Hangul syllable before them.
  if (code_point >= 0x1160 && code_point <= 0x11FF) return 0;
  const int width = u_getIntPropertyValue(code_point, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

// A cluster is drawn as one glyph, which no terminal gives more than two columns.
int ClusterWidth(absl::string_view cluster) {
  int width = 0;
  ForEachCodePoint(cluster, [&](UChar32 code_point, absl::string_view) {
    width += code_point == kEmojiPresentation ? 1 : CodePointWidth(code_point);
  });
  return std::min(width, 2);
}

// An ICU iterator over UTF-8, opened once and moved from text to text.
class Breaks {
 public:
  explicit Breaks(icu::BreakIterator* iterator) : iterator_(iterator) {}
  ~Breaks() { utext_close(&text_); }
  Breaks(const Breaks&) = delete;
  Breaks& operator=(const Breaks&) = delete;

  // Calls visit(piece) for each piece between two breaks until it returns false.
  template <typename Visit>
  void ForEach(absl::string_view text, const Visit& visit) {
    UErrorCode error = U_ZERO_ERROR;
    utext_openUTF8(&text_, text.data(), static_cast<int64_t>(text.size()), &error);
    iterator_->setText(&text_, error);
    // Without the rules or the memory there are no breaks: one piece.
    if (U_FAILURE(error)) {
      visit(text);
      return;
    }
    int32_t begin = 0;
    for (int32_t end = iterator_->next(); end != icu::BreakIterator::DONE;
         end = iterator_->next()) {
      if (!visit(text.substr(begin, end - begin))) return;
      begin = end;
    }
  }

 private:
  const std::unique_ptr<icu::BreakIterator> iterator_;
  UText text_ = UTEXT_INITIALIZER;
};

}  // namespace

struct TextLayout::Iterators {
  UErrorCode error = U_ZERO_ERROR;
  Breaks clusters{icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), error)};
  Breaks lines{icu::BreakIterator::createLineInstance(icu::Locale::getRoot(), error)};
};

TextLayout::TextLayout() : iterators_(std::make_unique<Iterators>()) {}
TextLayout::~TextLayout() = default;

int TextLayout::DisplayWidth(absl::string_view text) {
  int width = 0;
  iterators_->clusters.ForEach(text, [&](absl::string_view cluster) {
    width += ClusterWidth(cluster);
    return true;
  });
  return width;
}

std::string TextLayout::FittingPrefix(absl::string_view text, int columns) {
  size_t bytes = 0;
  iterators_->clusters.ForEach(text, [&](absl::string_view cluster) {
    columns -= ClusterWidth(cluster);
    if (columns < 0) return false;
    bytes += cluster.size();
    return true;
  });
  return std::string(text.substr(0, bytes));
}

std::vector<std::string> TextLayout::Wrap(absl::string_view text, int columns) {
  std::vector<std::string> lines = {""};
  int used = 0;
  iterators_->lines.ForEach(text, [&](absl::string_view piece) {
    // The space that ends a piece may hang over the margin.
    if (used + DisplayWidth(absl::StripTrailingAsciiWhitespace(piece)) > columns && used > 0) {
      lines.emplace_back();
      used = 0;
    }
    while (DisplayWidth(absl::StripTrailingAsciiWhitespace(piece)) > columns) {
      const std::string prefix = FittingPrefix(piece, columns);
      // A cluster wider than the line would never fit: let it hang over.
      if (prefix.empty()) break;
      lines.back() = prefix;
      lines.emplace_back();
      piece.remove_prefix(prefix.size());
    }
    absl::StrAppend(&lines.back(), piece);
    used += DisplayWidth(piece);
    return true;
  });
  for (std::string& line : lines) absl::StripTrailingAsciiWhitespace(&line);
  return lines;
}

std::string TextLayout::Pad(absl::string_view text, int columns, Justify justify) {
  const std::string fill(std::max(0, columns - DisplayWidth(text)), ' ');
  return justify == Justify::kLeft ? absl::StrCat(text, fill) : absl::StrCat(fill, text);
}

std::string TextLayout::Truncate(absl::string_view text, int columns) {
  if (DisplayWidth(text) <= columns) return std::string(text);
  return absl::StrCat(FittingPrefix(text, columns - 1), "…");
}

std::string Printable(absl::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  ForEachCodePoint(text, [&](UChar32 code_point, absl::string_view bytes) {
    if (IsDirectionSwitch(code_point)) return;
    if (u_isUWhiteSpace(code_point) && u_charType(code_point) != U_SPACE_SEPARATOR) {
      printable += ' ';
    } else if (u_charType(code_point) == U_CONTROL_CHAR) {
      printable += "\uFFFD";
    } else {
      absl::StrAppend(&printable, bytes);
    }
  });
  return printable;
}

bool IsRightToLeft(absl::string_view language, absl::string_view sample) {
  std::array<char, ULOC_FULLNAME_CAPACITY> locale = {};
  UErrorCode error = U_ZERO_ERROR;
  uloc_forLanguageTag(std::string(language).c_str(), locale.data(), locale.size(), nullptr, &error);
  if (U_SUCCESS(error) && locale[0] != '\0' && language != "und") {
    return uloc_isRightToLeft(locale.data()) != 0;
  }
  const icu::UnicodeString utf16 = icu::UnicodeString::fromUTF8(Piece(sample));
  return ubidi_getBaseDirection(utf16.getBuffer(), utf16.length()) == UBIDI_RTL;
}

std::string Isolate(absl::string_view text, bool right_to_left) {
  if (!right_to_left && !HasRightToLeftLetter(text)) return std::string(text);
  return absl::StrCat(right_to_left ? "\u2067" : "\u2066", text, "\u2069");
}

}  // namespace hexapla
