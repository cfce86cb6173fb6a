// SPDX-License-Identifier: Apache-2.0
#include "client/formats/encoding.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>
#include <unicode/ucsdet.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

#include "server/base/status_macros.h"
#include "server/text/utf8.h"

namespace hexapla {
namespace {

constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";
// The detector looks at no more; its answers do not change beyond.
constexpr size_t kDetectedBytesMax = 256 << 10;
// Of 100; less is a guess among all encodings.
constexpr int kConfidenceMin = 10;
constexpr char kNameIt[] =
    "; name the encoding with --encoding=NAME, or guess it with --encoding=auto";

struct Mark {
  absl::string_view bytes;
  const char* encoding;
};
// The longer before those that begin like them.
constexpr std::array kMarks = {
    Mark{absl::string_view("\xFF\xFE\0\0", 4), "UTF-32LE"},
    Mark{absl::string_view("\0\0\xFE\xFF", 4), "UTF-32BE"},
    Mark{absl::string_view("\xFF\xFE", 2), "UTF-16LE"},
    Mark{absl::string_view("\xFE\xFF", 2), "UTF-16BE"},
};

absl::StatusOr<DecodedText> DecodeUtf8(std::string bytes, absl::string_view advice) {
  if (const std::optional<size_t> offset = FirstInvalidUtf8(bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid UTF-8 at byte offset ", *offset, advice));
  }
  if (absl::StartsWith(bytes, kByteOrderMark)) bytes.erase(0, kByteOrderMark.size());
  return DecodedText{.text = std::move(bytes)};
}

absl::StatusOr<icu::LocalUConverterPointer> OpenConverter(const std::string& name) {
  UErrorCode error = U_ZERO_ERROR;
  icu::LocalUConverterPointer converter(ucnv_open(name.c_str(), &error));
  if (name.empty() || U_FAILURE(error)) {
    return absl::InvalidArgumentError(absl::StrCat("unknown encoding \"", name, "\""));
  }
  ucnv_setToUCallBack(converter.getAlias(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr,
                      &error);
  return converter;
}

absl::StatusOr<std::string> Convert(const std::string& bytes, const std::string& name) {
  HEXAPLA_ASSIGN_OR_RETURN(const icu::LocalUConverterPointer converter, OpenConverter(name));
  std::string text;
  icu::StringByteSink<std::string> sink(&text);
  const char* next = bytes.data();
  const char* const end = next + bytes.size();
  UErrorCode error = U_BUFFER_OVERFLOW_ERROR;
  // A pair of surrogates may be cut by the end of the block.
  icu::UnicodeString rest;
  while (error == U_BUFFER_OVERFLOW_ERROR) {
    std::array<UChar, 1 << 14> block;
    UChar* out = block.data();
    error = U_ZERO_ERROR;
    ucnv_toUnicode(converter.getAlias(), &out, block.data() + block.size(), &next, end, nullptr,
                   /*flush=*/true, &error);
    rest.append(block.data(), static_cast<int32_t>(out - block.data()));
    const bool cut = !rest.isEmpty() && U16_IS_LEAD(rest.charAt(rest.length() - 1));
    const icu::UnicodeString whole(rest, 0, rest.length() - (cut ? 1 : 0));
    whole.toUTF8(sink);
    rest.remove(0, whole.length());
  }
  if (U_FAILURE(error)) {
    std::array<char, 32> bad = {};
    auto bad_size = static_cast<int8_t>(bad.size());
    UErrorCode ignored = U_ZERO_ERROR;
    ucnv_getInvalidChars(converter.getAlias(), bad.data(), &bad_size, &ignored);
    const auto offset = static_cast<int64_t>(next - bytes.data()) - bad_size;
    return absl::InvalidArgumentError(
        absl::StrCat("invalid ", name, " at byte offset ", std::max<int64_t>(0, offset)));
  }
  if (absl::StartsWith(text, kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return text;
}

// What ICU takes the bytes for, the likeliest first.
std::vector<std::string> Detect(absl::string_view bytes) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::LocalUCharsetDetectorPointer detector(ucsdet_open(&error));
  bytes = bytes.substr(0, kDetectedBytesMax);
  ucsdet_setText(detector.getAlias(), bytes.data(), static_cast<int32_t>(bytes.size()), &error);
  int32_t count = 0;
  const UCharsetMatch** matches = ucsdet_detectAll(detector.getAlias(), &count, &error);
  std::vector<std::string> names;
  for (int32_t i = 0; U_SUCCESS(error) && i < count; ++i) {
    if (ucsdet_getConfidence(matches[i], &error) < kConfidenceMin) break;
    names.emplace_back(ucsdet_getName(matches[i], &error));
  }
  return names;
}

// Whether the bytes that are NUL lie as in UTF-16, where they are nearly always the
// same half of a character, or UTF-32, where they are the first or last byte of each.
bool NulsMayBelong(absl::string_view bytes) {
  constexpr size_t kTimes = 8;
  std::array<size_t, 4> counts = {};
  for (size_t i = 0; i < bytes.size(); ++i) counts[i % 4] += bytes[i] == '\0' ? 1 : 0;
  const size_t even = counts[0] + counts[2];
  const size_t odd = counts[1] + counts[3];
  return kTimes * std::min(even, odd) <= std::max(even, odd) ||
         std::max(counts[0], counts[3]) == bytes.size() / 4;
}

absl::StatusOr<DecodedText> Guess(std::string bytes, const std::string& declared) {
  for (const Mark& mark : kMarks) {
    if (!absl::StartsWith(bytes, mark.bytes)) continue;
    HEXAPLA_ASSIGN_OR_RETURN(std::string text, Convert(bytes, mark.encoding));
    return DecodedText{.text = std::move(text), .guessed = mark.encoding};
  }
  // UTF-16 of Latin letters is valid UTF-8 too, with NUL between them.
  const bool has_nul = absl::StrContains(bytes, absl::string_view("\0", 1));
  if (!has_nul && !FirstInvalidUtf8(bytes).has_value()) return DecodeUtf8(std::move(bytes), "");
  std::vector<std::string> names;
  if (NulsMayBelong(bytes)) names = Detect(bytes);
  if (!declared.empty()) names.insert(names.begin(), declared);
  for (const std::string& name : names) {
    absl::StatusOr<std::string> text = Convert(bytes, name);
    // No encoding of text has NUL in it: such a file is something else.
    if (!text.ok() || absl::StrContains(*text, absl::string_view("\0", 1))) continue;
    return DecodedText{.text = *std::move(text), .guessed = name};
  }
  return absl::InvalidArgumentError("its encoding cannot be told; name it with --encoding=NAME");
}

}  // namespace

absl::StatusOr<DecodedText> Decode(std::string bytes, const std::string& encoding,
                                   const std::string& declared) {
  if (encoding == kEncodingAuto) return Guess(std::move(bytes), declared);
  if (encoding.empty()) return DecodeUtf8(std::move(bytes), kNameIt);
  // ICU's own decoder would tell other offsets.
  if (ucnv_compareNames(encoding.c_str(), "UTF-8") == 0) return DecodeUtf8(std::move(bytes), "");
  HEXAPLA_ASSIGN_OR_RETURN(std::string text, Convert(bytes, encoding));
  return DecodedText{.text = std::move(text)};
}

absl::Status CheckEncoding(const std::string& encoding) {
  if (encoding == kEncodingAuto) return absl::OkStatus();
  return OpenConverter(encoding).status();
}

}  // namespace hexapla
