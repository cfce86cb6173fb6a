// SPDX-License-Identifier: Apache-2.0
#include "server/text/paragraphs.h"

#include <algorithm>

#include <unicode/uchar.h>

#include "server/base/status_macros.h"
#include "server/text/code_points.h"

namespace hexapla {
namespace {

// What people and programs wrap at: 65 to 80, with some slack on both sides.
constexpr size_t kMarginMin = 60;
constexpr size_t kMarginMax = 100;
constexpr size_t kLinesPerPoll = 1024;

// One line of a run, without the white space around it. Widths are in code
// points and stop growing just past the margin, so measuring stays cheap.
struct Line {
  TextRange range;
  size_t width = 0;
  size_t first_word_width = 0;
  bool ends_sentence = false;
  bool starts_lower = false;
  bool starts_cased = false;
  bool starts_item = false;
};

void MeasureWidths(absl::string_view text, Line& line) {
  bool in_first_word = true;
  for (size_t i = line.range.begin; i < line.range.end && line.width <= kMarginMax;) {
    const CodePoint c = CodePointAt(text, i);
    if (IsSpace(c.value)) in_first_word = false;
    ++line.width;
    if (in_first_word) ++line.first_word_width;
    i = c.end;
  }
}

bool EndsSentence(absl::string_view text, TextRange range) {
  for (int closers = 0; closers < 4 && !range.empty(); ++closers) {
    const CodePoint c = CodePointBefore(text, range.begin, range.end);
    const int sentence_break = SentenceBreakOf(c.value);
    if (sentence_break == U_SB_ATERM || sentence_break == U_SB_STERM) return true;
    if (sentence_break != U_SB_CLOSE) return c.value == ':' || c.value == 0x2026;
    range.end = c.begin;
  }
  return false;
}

// "- ", "* ", "•", ">", "3.", "3)", "b)".
bool StartsItem(absl::string_view line) {
  const UChar32 first = CodePointAt(line, 0).value;
  if (first == '>' || first == 0x2022 || first == 0x25CF || first == 0x25AA) return true;
  if (line.size() > 1 && (first == '-' || first == '*' || first == '+') && line[1] == ' ') {
    return true;
  }
  size_t digits = 0;
  while (digits < 3 && digits < line.size() && line[digits] >= '0' && line[digits] <= '9') ++digits;
  if (digits == 0 && u_isalpha(first)) digits = 1;
  if (digits == 0 || digits + 1 >= line.size() || line[digits + 1] != ' ') return false;
  return line[digits] == ')' || (line[digits] == '.' && line[0] <= '9');
}

Line MeasureLine(absl::string_view text, TextRange range) {
  Line line{.range = range};
  MeasureWidths(text, line);
  const UChar32 first = CodePointAt(text, range.begin).value;
  line.starts_lower = u_isULowercase(first);
  line.starts_cased = line.starts_lower || u_isUUppercase(first);
  line.starts_item = StartsItem(range.Of(text));
  line.ends_sentence = EndsSentence(text, range);
  return line;
}

bool IsFull(const Line& line, const Line& next, size_t margin) {
  return line.width + 1 + next.first_word_width > margin && !next.starts_item;
}

// The margin of a hard-wrapped run of lines, or 0 if it is not one.
size_t WrapMargin(const std::vector<Line>& lines) {
  if (lines.size() < 2) return 0;
  size_t margin = 0;
  for (const Line& line : lines) margin = std::max(margin, line.width);
  if (margin < kMarginMin || margin > kMarginMax) return 0;
  const size_t breaks = lines.size() - 1;
  size_t full = 0, ended = 0, lower = 0, cased = 0;
  for (size_t i = 0; i < breaks; ++i) {
    full += IsFull(lines[i], lines[i + 1], margin);
    ended += lines[i].ends_sentence;
    lower += lines[i + 1].starts_lower;
    cased += lines[i + 1].starts_cased;
  }
  if (full * 3 < breaks * 2 || ended * 2 >= breaks) return 0;
  const bool wrapped = cased > 0 ? lower * 3 >= breaks : breaks >= 3 && full == breaks;
  return wrapped ? margin : 0;
}

// The end of the line that starts at `begin`, and the start of the next one.
struct LineEnd {
  size_t end;
  size_t next;
};

LineEnd FindLineEnd(absl::string_view text, size_t begin) {
  const size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
  if (end == text.size()) return {end, end};
  const bool crlf = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
  return {end, end + (crlf ? 2 : 1)};
}

// Appends the paragraphs of one run of lines and empties it.
void FlushRun(std::vector<Line>& run, std::vector<TextRange>& paragraphs) {
  const size_t margin = WrapMargin(run);
  for (size_t i = 0; i < run.size(); ++i) {
    const bool joins = i > 0 && margin > 0 && IsFull(run[i - 1], run[i], margin);
    if (joins) {
      paragraphs.back().end = run[i].range.end;
    } else {
      paragraphs.push_back(run[i].range);
    }
  }
  run.clear();
}

}  // namespace

absl::StatusOr<std::vector<TextRange>> SplitIntoParagraphs(absl::string_view text,
                                                           const StopCondition& stop) {
  std::vector<TextRange> paragraphs;
  std::vector<Line> run;
  size_t lines = 0;
  for (size_t begin = 0; begin < text.size();) {
    if (++lines % kLinesPerPoll == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
    const LineEnd line_end = FindLineEnd(text, begin);
    const TextRange range = Trim(text, {begin, line_end.end});
    if (range.empty()) {
      FlushRun(run, paragraphs);
    } else {
      run.push_back(MeasureLine(text, range));
    }
    begin = line_end.next;
  }
  FlushRun(run, paragraphs);
  return paragraphs;
}

}  // namespace hexapla
