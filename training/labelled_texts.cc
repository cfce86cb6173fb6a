// SPDX-License-Identifier: Apache-2.0
#include "training/labelled_texts.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/langid/label_table.h"
#include "server/text/language_tag.h"
#include "training/xz_lines.h"

namespace hexapla::training {

std::string LanguageOfLabel(absl::string_view label) {
  const std::vector<std::string> parts = absl::StrSplit(label, absl::ByAnyChar("-_"));
  const std::string language(LanguageSubtag(MeaningOfLabel(parts[0]).language));
  if (parts.size() == 1 || language == "zh" || parts[1] == "Hang") return language;
  const std::vector<std::string> scripts = MeaningOfLabel(language).scripts;
  const bool usual = std::find(scripts.begin(), scripts.end(), parts[1]) != scripts.end();
  return scripts.empty() || usual ? language : "";
}

absl::StatusOr<LabelledTexts> ReadLabelledTexts(const std::string& path) {
  XzLines lines(path);
  std::string line;
  if (!lines.ok() || !lines.Next(line)) return absl::NotFoundError(path + ": unreadable");
  const std::vector<std::string> header = absl::StrSplit(line, '\t');
  if (header.size() < 3) return absl::DataLossError(path + ": has too few columns");
  LabelledTexts all;
  all.identifiers.assign(header.begin() + 2, header.end() - 1);
  std::map<std::string, std::string> languages;  // of labels
  while (lines.Next(line)) {
    std::vector<std::string> cells = absl::StrSplit(line, '\t');
    if (cells.size() != header.size()) {
      return absl::DataLossError(absl::StrCat(path, ": a line has ", cells.size(),
                                              " columns; the first has ", header.size()));
    }
    const auto [language, is_new] = languages.try_emplace(cells[1]);
    if (is_new) language->second = LanguageOfLabel(cells[1]);
    if (language->second.empty()) continue;
    all.texts.push_back({.set = cells[0],
                         .code = cells[1].substr(0, cells[1].find_first_of("-_")),
                         .language = language->second,
                         .answers = {cells.begin() + 2, cells.end() - 1},
                         .text = std::move(cells.back())});
  }
  if (!lines.ok()) return absl::DataLossError(path + ": damaged");
  return all;
}

std::vector<std::string> ReadCodes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> codes;
  for (const absl::string_view part : absl::StrSplit(json, '"')) {
    if (part.size() == 3) codes.emplace_back(part);
  }
  return codes;
}

}  // namespace hexapla::training
