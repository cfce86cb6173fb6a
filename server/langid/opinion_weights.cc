// SPDX-License-Identifier: Apache-2.0
#include "server/langid/opinion_weights.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"

namespace hexapla {
namespace {

// A file beyond this holds no weights; it is refused before it fills the memory.
constexpr size_t kFileBytesMax = size_t{1} << 20;

constexpr absl::string_view kStages[] = {"models", "everyone"};

OpinionWeights::Stage& StageOf(size_t index, OpinionWeights& weights) {
  return index == 0 ? weights.models : weights.everyone;
}

// Where each line of a file, but for those of biases, puts its values.
std::map<std::string, absl::Span<float>> Destinations(OpinionWeights& weights) {
  std::map<std::string, absl::Span<float>> all;
  all["certain"] = absl::MakeSpan(&weights.certain, 1);
  all["alone letters"] = absl::MakeSpan(&weights.alone.letters, 1);
  all["alone probability"] = absl::MakeSpan(&weights.alone.probability, 1);
  all["alone confidence"] = absl::MakeSpan(&weights.alone.confidence, 1);
  for (size_t i = 0; i < std::size(kStages); ++i) {
    OpinionWeights::Stage& stage = StageOf(i, weights);
    const auto add = [&](absl::string_view curve, OpinionWeights::Curve& values) {
      all[absl::StrCat(kStages[i], " ", curve)] = absl::MakeSpan(values);
    };
    add("first", stage.first);
    add("second", stage.second);
    add("absent", stage.absent);
    add("vote", stage.vote);
  }
  return all;
}

// Reads `words` into `values`, which are as many.
bool ReadNumbers(absl::Span<const std::string> words, absl::Span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!absl::SimpleAtof(words[i], &values[i]) || !std::isfinite(values[i])) return false;
  }
  return true;
}

}  // namespace

OpinionWeights::Place OpinionWeights::PlaceOf(uint32_t letters) {
  constexpr size_t kLast = kLetters.size() - 2;
  if (letters <= kLetters.front()) return {.knot = 0, .share = 0};
  if (letters >= kLetters.back()) return {.knot = kLast, .share = 1};
  size_t knot = 0;
  while (letters >= kLetters[knot + 1]) ++knot;
  const float ratio = static_cast<float>(letters) / static_cast<float>(kLetters[knot]);
  return {.knot = knot, .share = std::log2(ratio)};  // each is twice the one before
}

absl::StatusOr<OpinionWeights> OpinionWeights::Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is longer than ", kFileBytesMax, " bytes"));
  }
  return Parse(text, path);
}

absl::StatusOr<OpinionWeights> OpinionWeights::Parse(absl::string_view text,
                                                     absl::string_view name) {
  OpinionWeights weights;
  const std::map<std::string, absl::Span<float>> destinations = Destinations(weights);
  std::set<std::string> seen;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = line.substr(0, line.find('#'));
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    const auto error = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(name, ":", number, ": ", what));
    };
    // How many words name the line's values.
    size_t named = 2;
    if (words[0] == "of" || words[0] == "certain") named = 1;
    if (words.size() > 1 && words[1] == "bias") named = 3;
    if (words.size() < named) return error("has too few words");
    const auto names_end = words.begin() + static_cast<std::ptrdiff_t>(named);
    const std::string key = absl::StrJoin(words.begin(), names_end, " ");
    if (!seen.insert(key).second) return error("the name is there twice");
    const absl::Span<const std::string> rest = absl::MakeSpan(words).subspan(named);
    if (key == "of") {
      if (rest.size() != 2) return error("must name two models");
      weights.first_model = rest[0];
      weights.second_model = rest[1];
      continue;
    }
    absl::Span<float> values;
    for (size_t i = 0; i < std::size(kStages) && named == 3; ++i) {
      if (kStages[i] != absl::string_view(words[0])) continue;
      values = absl::MakeSpan(&StageOf(i, weights).biases[words[2]], 1);
    }
    const auto destination = destinations.find(key);
    if (destination != destinations.end()) values = destination->second;
    if (values.empty()) return error("the name is not known");
    if (rest.size() != values.size()) {
      return error(absl::StrCat("has ", rest.size(), " values; it must have ", values.size()));
    }
    if (!ReadNumbers(rest, values)) return error("a value is not a finite number");
  }
  if (!seen.contains("of")) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": of is missing"));
  }
  for (const auto& [key, values] : destinations) {
    if (!seen.contains(key)) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": ", key, " is missing"));
    }
  }
  if (weights.alone.confidence < 0 || weights.alone.confidence >= 1) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": the confidence of alone is ",
                                                   weights.alone.confidence,
                                                   "; it must be at least 0 and under 1"));
  }
  return weights;
}

std::string OpinionWeights::ToText() const {
  std::string text = absl::StrCat(
      "# How several opinions on a language become one; made by training/fit_identifier.\n"
      "# The values of a curve are for texts of ",
      absl::StrJoin(kLetters, ", "), " letters.\n", "of ", first_model, " ", second_model, "\n");
  OpinionWeights copy = *this;
  for (const auto& [key, values] : Destinations(copy)) {
    absl::StrAppend(&text, key);
    for (const float value : values) absl::StrAppendFormat(&text, " %.4f", value);
    absl::StrAppend(&text, "\n");
  }
  for (size_t i = 0; i < std::size(kStages); ++i) {
    for (const auto& [language, value] : StageOf(i, copy).biases) {
      absl::StrAppendFormat(&text, "%s bias %s %.4f\n", kStages[i], language, value);
    }
  }
  return text;
}

}  // namespace hexapla
