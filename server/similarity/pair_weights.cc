// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/pair_weights.h"

#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "server/text/language_tag.h"

namespace hexapla {
namespace {

constexpr absl::string_view kLengthPrefix = "length.";

// Every number but the lengths with its name, in the order of the file.
template <typename Weights>
auto Named(Weights& weights) {
  using Number = decltype(&weights.semantic[0]);
  std::vector<std::pair<std::string, Number>> named;
  for (int i = 0; i < kSentencePairFeatures; ++i) {
    named.emplace_back(absl::StrCat("semantic.", SentencePairFeatureName(i)), &weights.semantic[i]);
  }
  for (int i = 0; i < kSentencePairFeatures; ++i) {
    named.emplace_back(absl::StrCat("plain.", SentencePairFeatureName(i)), &weights.plain[i]);
  }
  return named;
}

std::optional<double> LengthOf(const std::map<std::string, double>& lengths,
                               absl::string_view language) {
  for (const auto& [tag, length] : lengths) {
    if (SameLanguage(tag, language)) return length;
  }
  return std::nullopt;
}

}  // namespace

double PairWeights::LogLengthRatio(absl::string_view source, absl::string_view target) const {
  const std::optional<double> from = LengthOf(lengths, source);
  const std::optional<double> to = LengthOf(lengths, target);
  return from.has_value() && to.has_value() ? *to - *from : 0;
}

absl::StatusOr<PairWeights> PairWeights::Parse(absl::string_view text, absl::string_view name) {
  PairWeights weights;
  absl::flat_hash_map<std::string, double*> missing;
  for (const auto& [key, number] : Named(weights)) missing.emplace(key, number);
  int line_number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    line = line.substr(0, line.find('#'));
    const std::vector<absl::string_view> fields =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (fields.empty()) continue;
    const auto fault = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(name, ":", line_number, ": ", what));
    };
    double value;
    if (fields.size() != 2) return fault("expected a name and a value");
    if (!absl::SimpleAtod(fields[1], &value) || !std::isfinite(value)) {
      return fault("the value is no finite number");
    }
    absl::string_view tag = fields[0];
    if (absl::ConsumePrefix(&tag, kLengthPrefix)) {
      const std::optional<std::string> language = CanonicalLanguageTag(tag);
      if (!language.has_value()) return fault("no language tag");
      if (!weights.lengths.emplace(*language, value).second) return fault("a repeated language");
      continue;
    }
    const auto entry = missing.find(fields[0]);
    if (entry == missing.end()) return fault("unknown or repeated name");
    *entry->second = value;
    missing.erase(entry);
  }
  for (const auto& [key, number] : Named(weights)) {
    if (missing.contains(key)) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": ", key, " is missing"));
    }
  }
  return weights;
}

absl::StatusOr<PairWeights> PairWeights::Read(absl::string_view path) {
  std::ifstream file{std::string(path)};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return Parse(text.str(), path);
}

std::string PairWeights::ToText() const {
  std::string text = "# Fitted weights of the pair score; made by training/fit_pair_weights.\n";
  for (const auto& [key, number] : Named(*this)) {
    absl::StrAppendFormat(&text, "%s %.5g\n", key, *number);
  }
  for (const auto& [tag, length] : lengths) {
    absl::StrAppendFormat(&text, "%s%s %.4g\n", kLengthPrefix, tag, length);
  }
  return text;
}

}  // namespace hexapla
