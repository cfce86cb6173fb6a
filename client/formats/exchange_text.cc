// SPDX-License-Identifier: Apache-2.0
#include "client/formats/exchange_text.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include "absl/strings/str_cat.h"

namespace hexapla {
namespace {

constexpr absl::string_view kReplacement = "\uFFFD";

}  // namespace

bool IsWrittenWithoutSpaces(absl::string_view text) {
  // No character is longer; an index of ICU holds no more than 2 GiB.
  if (text.size() > U8_MAX_LENGTH) text.remove_prefix(text.size() - U8_MAX_LENGTH);
  const auto* data = reinterpret_cast<const uint8_t*>(text.data());
  auto index = static_cast<int32_t>(text.size());
  if (index == 0) return false;
  UChar32 last;
  U8_PREV_OR_FFFD(data, 0, index, last);
  const int width = u_getIntPropertyValue(last, UCHAR_EAST_ASIAN_WIDTH);
  if (width != U_EA_WIDE && width != U_EA_FULLWIDTH) return false;
  // Korean is as wide, and written with spaces.
  return u_getIntPropertyValue(last, UCHAR_SCRIPT) != USCRIPT_HANGUL;
}

std::string JoinSentences(const v1::BeadSide& side) {
  std::string joined;
  for (const std::string& sentence : side.sentences()) {
    const bool space = !joined.empty() && !sentence.empty() && !IsWrittenWithoutSpaces(joined);
    absl::StrAppend(&joined, space ? " " : "", sentence);
  }
  return joined;
}

bool IsXmlCharacter(int32_t code_point) {
  if (code_point < 0x20) return code_point == '\t' || code_point == '\n' || code_point == '\r';
  return code_point != 0xFFFE && code_point != 0xFFFF;
}

void ForEachXmlRun(absl::string_view text,
                   const std::function<void(const std::string& run)>& visit_text,
                   const std::function<void(int32_t code_point)>& visit_other) {
  const auto* data = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int32_t>(text.size());
  std::string run;
  const auto end_run = [&] {
    if (!run.empty()) visit_text(run);
    run.clear();
  };
  for (int32_t next = 0; next < size;) {
    const int32_t begin = next;
    UChar32 code_point;
    U8_NEXT(data, next, size, code_point);
    if (code_point < 0) {
      absl::StrAppend(&run, kReplacement);
    } else if (IsXmlCharacter(code_point)) {
      absl::StrAppend(&run, text.substr(begin, next - begin));
    } else {
      end_run();
      visit_other(code_point);
    }
  }
  end_run();
}

std::string XmlText(absl::string_view text) {
  std::string result;
  ForEachXmlRun(
      text, [&](const std::string& run) { result += run; },
      [&](int32_t) { absl::StrAppend(&result, kReplacement); });
  return result;
}

}  // namespace hexapla
