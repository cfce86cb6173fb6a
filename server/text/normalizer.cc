// SPDX-License-Identifier: Apache-2.0
#include "server/text/normalizer.h"

#include <unicode/bytestream.h>
#include <unicode/edits.h>
#include <unicode/normalizer2.h>

#include <algorithm>

#include "absl/strings/ascii.h"

namespace hexapla {
namespace {

const icu::Normalizer2& NfkcCasefold() {
  static const icu::Normalizer2* const instance = [] {
    UErrorCode error = U_ZERO_ERROR;
    return icu::Normalizer2::getNFKCCasefoldInstance(error);
  }();
  return *instance;
}

bool IsAscii(absl::string_view text) {
  unsigned char seen = 0;
  for (const char byte : text) seen |= static_cast<unsigned char>(byte);
  return seen < 0x80;
}

}  // namespace

NormalizedText::NormalizedText(absl::string_view text) {
  if (IsAscii(text)) {
    text_ = absl::AsciiStrToLower(text);
    return;
  }
  text_.reserve(text.size() + text.size() / 8);
  icu::StringByteSink<std::string> sink(&text_);
  icu::Edits edits;
  UErrorCode error = U_ZERO_ERROR;
  NfkcCasefold().normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<int32_t>(text.size())),
                               sink, &edits, error);
  if (!edits.hasChanges()) return;
  for (auto edit = edits.getFineIterator(); edit.next(error);) {
    runs_.push_back({.normalized = static_cast<size_t>(edit.destinationIndex()),
                     .original = static_cast<size_t>(edit.sourceIndex()),
                     .changed = edit.hasChange() != 0});
  }
  runs_.push_back({.normalized = text_.size(), .original = text.size(), .changed = false});
}

const NormalizedText::Run& NormalizedText::RunAt(size_t normalized_offset) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), normalized_offset,
                       [](size_t offset, const Run& run) { return offset < run.normalized; });
  return *(after - 1);
}

TextRange NormalizedText::Original(TextRange range) const {
  if (runs_.empty()) return range;
  const Run& first = RunAt(range.begin);
  const size_t begin =
      first.changed ? first.original : first.original + (range.begin - first.normalized);
  if (range.empty()) return {begin, begin};
  const Run& last = RunAt(range.end - 1);
  const size_t end =
      last.changed ? (&last + 1)->original : last.original + (range.end - last.normalized);
  return {begin, end};
}

}  // namespace hexapla
