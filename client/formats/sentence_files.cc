// SPDX-License-Identifier: Apache-2.0
#include "client/formats/sentence_files.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"

#include "client/formats/paragraphs.h"
#include "client/input_file.h"
#include "server/base/status_macros.h"

namespace hexapla {
namespace {

using Json = nlohmann::json;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

// Takes "00:01:02,345" off the front; fractions may follow a point or be absent.
bool ConsumeTime(absl::string_view& text) {
  const auto consume_digits = [&text] {
    const size_t before = text.size();
    while (!text.empty() && IsDigit(text.front())) text.remove_prefix(1);
    return text.size() < before;
  };
  for (int colons = 0; colons < 2; ++colons) {
    if (!consume_digits() || !absl::ConsumePrefix(&text, ":")) return false;
  }
  if (!consume_digits()) return false;
  if (absl::ConsumePrefix(&text, ",") || absl::ConsumePrefix(&text, ".")) return consume_digits();
  return true;
}

// "00:01:02,345 --> 00:01:04,000", with whatever after it.
bool IsTimes(absl::string_view line) {
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!ConsumeTime(line)) return false;
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "-->")) return false;
  line = absl::StripLeadingAsciiWhitespace(line);
  return ConsumeTime(line);
}

// The length of the tag at the front of `text`; 0 if there is none.
size_t TagSize(absl::string_view text) {
  if (text.size() < 3) return 0;
  const bool brace = text[0] == '{' && text[1] == '\\';
  const bool angle = text[0] == '<' &&
                     (text[1] == '/' || absl::ascii_isalpha(static_cast<unsigned char>(text[1])));
  if (!brace && !angle) return 0;
  const size_t end = text.find(brace ? '}' : '>');
  return end == absl::string_view::npos ? 0 : end + 1;
}

std::string WithoutTags(absl::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (const size_t size = TagSize(text); size > 0) {
      text.remove_prefix(size);
      continue;
    }
    plain.push_back(text.front());
    text.remove_prefix(1);
  }
  return plain;
}

absl::Status LineError(size_t line, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", problem));
}

// Appends what the value of a line says.
absl::Status AddSentences(Json& json, std::vector<std::string>& sentences) {
  const auto add = [&sentences](Json& value) {
    if (value.is_string()) sentences.push_back(std::move(value.get_ref<std::string&>()));
    return value.is_string();
  };
  if (add(json)) return absl::OkStatus();
  if (json.is_object()) {
    for (const char* name : {"text", "sentence"}) {
      const auto found = json.find(name);
      if (found != json.end() && add(*found)) return absl::OkStatus();
    }
    const auto found = json.find("sentences");
    if (found != json.end() && found->is_array() &&
        std::all_of(found->begin(), found->end(), add)) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      "must be a JSON string, or an object with a string \"text\" or \"sentence\", or with "
      "\"sentences\", an array of strings");
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SubtitleCues(absl::string_view srt) {
  const std::vector<absl::string_view> lines = SplitLines(srt);
  std::vector<std::string> cues;
  Paragraphs text;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (IsTimes(lines[i])) {
      if (!cues.empty()) cues.back() = text.Take();
      cues.emplace_back();
      continue;
    }
    const absl::string_view line = absl::StripAsciiWhitespace(lines[i]);
    const bool is_cue_number = IsNumber(line) && i + 1 < lines.size() && IsTimes(lines[i + 1]);
    if (line.empty() || is_cue_number) continue;
    if (cues.empty()) return LineError(i + 1, "expected a cue's number or its times, as in SubRip");
    text.AddText(WithoutTags(line));
    text.AddText("\n");
  }
  if (cues.empty()) return absl::InvalidArgumentError("no cue found; is it a SubRip file?");
  cues.back() = text.Take();
  return cues;
}

absl::StatusOr<std::vector<std::string>> JsonSentences(absl::string_view jsonl) {
  std::vector<std::string> sentences;
  size_t number = 0;
  for (const absl::string_view line : SplitLines(jsonl)) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) {
      sentences.emplace_back();
      continue;
    }
    try {
      Json json = Json::parse(line.begin(), line.end());
      const absl::Status status = AddSentences(json, sentences);
      if (!status.ok()) return LineError(number, status.message());
    } catch (const Json::exception& error) {
      // Its own message quotes the text.
      const auto* parse_error = dynamic_cast<const Json::parse_error*>(&error);
      return LineError(number, parse_error == nullptr
                                   ? "not JSON"
                                   : absl::StrCat("not JSON at byte ", parse_error->byte));
    }
  }
  return sentences;
}

}  // namespace hexapla
