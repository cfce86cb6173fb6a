// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/scoring_weights.h"

#include <cmath>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace hexapla {
namespace {

// Every number of the file with its name, in the order of the file.
template <typename Weights>
auto Named(Weights& weights) {
  using Number = decltype(&weights.calibration_slope);
  std::vector<std::pair<std::string, Number>> named;
  for (int i = 0; i < kBeadFeatures; ++i) {
    named.emplace_back(BeadFeatureName(i), &weights.bead[i]);
  }
  for (const int i : kSketchTerms) {
    named.emplace_back(absl::StrCat("sketch_", BeadFeatureName(i)), &weights.sketch[i]);
  }
  for (int i = 0; i < kDocumentFeatures; ++i) {
    named.emplace_back(DocumentFeatureName(i), &weights.document[i]);
  }
  named.emplace_back("calibration_slope", &weights.calibration_slope);
  named.emplace_back("calibration_intercept", &weights.calibration_intercept);
  return named;
}

}  // namespace

absl::StatusOr<ScoringWeights> ScoringWeights::Parse(absl::string_view text,
                                                     absl::string_view name) {
  ScoringWeights weights;
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
    const auto entry = missing.find(fields[0]);
    if (entry == missing.end()) return fault("unknown or repeated name");
    if (!absl::SimpleAtod(fields[1], &value) || !std::isfinite(value)) {
      return fault("the value is no finite number");
    }
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

absl::StatusOr<ScoringWeights> ScoringWeights::Read(absl::string_view path) {
  std::ifstream file{std::string(path)};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return Parse(text.str(), path);
}

std::string ScoringWeights::ToText() const {
  std::string text = "# Fitted weights of the bead score; made by training/fit_weights.\n";
  for (const auto& [key, number] : Named(*this))
    absl::StrAppendFormat(&text, "%s %.5g\n", key, *number);
  return text;
}

}  // namespace hexapla
