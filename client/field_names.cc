// SPDX-License-Identifier: Apache-2.0
#include "client/field_names.h"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "client/text_layout.h"

namespace hexapla {
namespace {

bool IsFieldCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '[' ||
         c == ']';
}

// Takes "[7]" off the front of `field`.
std::optional<size_t> ConsumeIndex(absl::string_view& field) {
  if (!absl::ConsumePrefix(&field, "[")) return std::nullopt;
  const size_t end = field.find(']');
  size_t index = 0;
  if (end == absl::string_view::npos || !absl::SimpleAtoi(field.substr(0, end), &index)) {
    return std::nullopt;
  }
  field.remove_prefix(end + 1);
  return index;
}

// The same for the index of an entry of a list of this size.
std::optional<size_t> ConsumeIndexUnder(size_t size, absl::string_view& field) {
  const std::optional<size_t> index = ConsumeIndex(field);
  return index.has_value() && *index < size ? index : std::nullopt;
}

// The flag for an option of the request; `flags` are pairs of option and flag.
std::string FlagFor(absl::string_view option,
                    const std::vector<std::pair<absl::string_view, const char*>>& flags) {
  for (const auto& [name, flag] : flags) {
    if (name == option) return flag;
  }
  return "";
}

std::string NameVersionField(const AlignCommand& command, absl::string_view field) {
  const std::optional<size_t> version = ConsumeIndexUnder(command.files.size(), field);
  if (!version.has_value()) return "";
  const std::string& file = command.files[*version];
  if (field.empty() || field == ".text" || field == ".sentences") return file;
  if (field == ".language" && *version < command.languages.size()) {
    return absl::StrCat("--languages: \"", Printable(command.languages[*version]), "\" for ", file);
  }
  if (!absl::ConsumePrefix(&field, ".sentences")) return "";
  const std::optional<size_t> sentence = ConsumeIndex(field);
  if (!sentence.has_value()) return "";
  // Of a cue, or of what the server found, there is no line to name.
  const bool is_line = command.input.format == InputFormat::kLines;
  return absl::StrCat(file, is_line ? ": line " : ": sentence ", *sentence + 1);
}

// "options.hints[1]" as the entry of its flag; "" for another field.
std::string NameEntry(absl::string_view option, const char* flag,
                      const std::vector<std::string>& entries, absl::string_view field) {
  if (!absl::ConsumePrefix(&field, option)) return "";
  const std::optional<size_t> index = ConsumeIndexUnder(entries.size(), field);
  if (!index.has_value()) return "";
  return absl::StrCat(flag, ": \"", Printable(entries[*index]), "\"");
}

}  // namespace

std::string ReplaceFields(absl::string_view message, const FieldNamer& name) {
  std::string result;
  while (!message.empty()) {
    size_t end = 0;
    while (end < message.size() && IsFieldCharacter(message[end])) ++end;
    // A full stop ends a sentence, not a field.
    const absl::string_view field = absl::StripSuffix(message.substr(0, end), ".");
    const std::string words = field.empty() ? "" : name(field);
    absl::StrAppend(&result, words.empty() ? field : words);
    message.remove_prefix(field.size());
    if (message.empty()) break;
    result.push_back(message.front());
    message.remove_prefix(1);
  }
  return result;
}

std::string NamePlace(const std::string& message, const std::string& place,
                      const FieldNamer& name) {
  std::string text = ReplaceFields(message, name);
  if (place.empty() || text != message) return text;
  return absl::StrCat(place, ": ", message);
}

absl::Status NameFields(const absl::Status& status, const FieldNamer& name) {
  return absl::Status(status.code(), ReplaceFields(status.message(), name));
}

FieldNamer NamerFor(const AlignCommand& command) {
  return [&command](absl::string_view field) {
    if (absl::ConsumePrefix(&field, "versions")) return NameVersionField(command, field);
    return FlagFor(field, {{"options.min_probability", "--min_probability"},
                           {"options.max_bead_size", "--max_bead_size"},
                           {"options.no_merges", "--no_merges"}});
  };
}

FieldNamer NamerFor(const DetectCommand& command) {
  return [&command](absl::string_view field) {
    const std::string candidate =
        NameEntry("options.candidates", "--candidates", command.candidates, field);
    if (!candidate.empty()) return candidate;
    const std::string hint = NameEntry("options.hints", "--hints", command.hints, field);
    if (!hint.empty()) return hint;
    return FlagFor(field, {{"options.candidates", "--candidates"},
                           {"options.hints", "--hints"},
                           {"options.model", "--model"},
                           {"options.top_k", "--top"}});
  };
}

}  // namespace hexapla
