// SPDX-License-Identifier: Apache-2.0
#include "client/span_writer.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "client/json_text.h"
#include "client/output_writer.h"

namespace hexapla {
namespace {

absl::string_view TextOf(const SpansOfText& spans, const v1::LanguageSpan& span) {
  return spans.text.substr(static_cast<size_t>(span.begin()),
                           static_cast<size_t>(span.end() - span.begin()));
}

void WriteRow(const std::vector<std::string>& fields, std::ostream& output) {
  output << absl::StrJoin(fields, "\t", [](std::string* row, const std::string& field) {
    absl::StrAppend(row, EscapeTsv(field));
  }) << '\n';
}

}  // namespace

void SpanWriter::Begin(int top) {
  top_ = top;
  if (format_ != OutputFormat::kTsv) return;
  std::vector<std::string> header = {"#file",     "line",       "begin",    "end",
                                     "language",  "confidence", "reliable", "script",
                                     "raw_label", "model",      "text"};
  for (int guess = 2; guess <= top; ++guess) {
    header.push_back(absl::StrCat("language_", guess));
    header.push_back(absl::StrCat("confidence_", guess));
  }
  WriteRow(header, output_);
}

void SpanWriter::Write(const SpansOfText& spans) {
  if (format_ == OutputFormat::kTsv) return WriteTsv(spans);
  if (format_ == OutputFormat::kJsonl) return WriteJson(spans);
  WriteTable(spans);
}

void SpanWriter::WriteTsv(const SpansOfText& spans) {
  for (const v1::LanguageSpan& span : spans.response.spans()) {
    const v1::LanguageDetection& detection = span.detection();
    std::vector<std::string> fields = {spans.file,
                                       spans.line.has_value() ? absl::StrCat(*spans.line) : "",
                                       absl::StrCat(span.begin()),
                                       absl::StrCat(span.end()),
                                       detection.language(),
                                       absl::StrFormat("%.4f", detection.confidence()),
                                       detection.reliable() ? "true" : "false",
                                       detection.script(),
                                       detection.raw_label(),
                                       detection.model(),
                                       std::string(TextOf(spans, span))};
    for (int guess = 0; guess < top_ - 1; ++guess) {
      const bool present = guess < detection.alternatives_size();
      fields.push_back(present ? detection.alternatives(guess).language() : "");
      fields.push_back(present ? absl::StrFormat("%.4f", detection.alternatives(guess).confidence())
                               : "");
    }
    WriteRow(fields, output_);
  }
}

void SpanWriter::WriteJson(const SpansOfText& spans) {
  output_ << "{\"file\":" << JsonString(spans.file);
  if (spans.line.has_value()) output_ << ",\"line\":" << *spans.line;
  // The response is an object that is never empty; its fields continue ours.
  output_ << ',' << ToJson(spans.response).substr(1) << '\n';
}

void SpanWriter::WriteTable(const SpansOfText& spans) {
  output_ << Printable(spans.file);
  if (spans.line.has_value()) output_ << ':' << *spans.line;
  if (spans.response.shares_size() > 1) {
    const char* separator = "  ";
    for (const v1::LanguageShare& share : spans.response.shares()) {
      output_ << separator << absl::StrFormat("%s %.0f %%", share.language(), 100 * share.share());
      separator = ", ";
    }
  }
  output_ << '\n';
  for (const v1::LanguageSpan& span : spans.response.spans()) {
    const v1::LanguageDetection& detection = span.detection();
    std::string line = absl::StrFormat("  %7d  ", span.begin());
    absl::StrAppend(&line, layout_.Pad(LanguageName(detection.language()), 24, Justify::kLeft),
                    absl::StrFormat("  %4.2f", detection.confidence()),
                    detection.reliable() ? " " : "?");
    for (const v1::LanguageGuess& guess : detection.alternatives()) {
      absl::StrAppendFormat(&line, "  %s %4.2f", guess.language(), guess.confidence());
    }
    const int room = terminal_.columns - layout_.DisplayWidth(line) - 2;
    const std::string text = layout_.Truncate(
        Printable(std::string(absl::StripAsciiWhitespace(TextOf(spans, span)))), std::max(room, 2));
    if (room > 10) absl::StrAppend(&line, "  ", Isolate(text, IsRightToLeft("und", text)));
    absl::StripTrailingAsciiWhitespace(&line);
    output_ << line << '\n';
  }
}

}  // namespace hexapla
