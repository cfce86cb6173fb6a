// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/bead_features.h"

#include <algorithm>

namespace hexapla {

absl::string_view BeadFeatureName(int feature) {
  static constexpr std::array<const char*, kBeadFeatures> kNames = {
      "semantic",
      "semantic_low",
      "cosine",
      "margin",
      "merge_gain",
      "coverage",
      "coverage_low",
      "coverage_least",
      "coverage_weakest",
      "coverage_gain",
      "split_gain",
      "leak",
      "straddle",
      "straddle_both",
      "length_near",
      "length_far",
      "length_deviation",
      "sentence_count",
      "cuts",
      "merge_semantic",
      "merge_coverage",
      "numbers_matched",
      "numbers_unmatched",
      "names_matched",
      "merge_rate",
      "deletion_rate",
      "shape_1_1",
      "shape_1_2",
      "shape_2_2",
      "shape_1_3",
      "shape_2_3",
      "shape_1_4",
      "shape_3_3",
      "shape_2_4",
      "shape_1_5",
      "deletion",
      "deletion_length",
      "deletion_semantic",
      "deletion_coverage",
  };
  return kNames[feature];
}

absl::string_view DocumentFeatureName(int feature) {
  static constexpr std::array<const char*, kDocumentFeatures> kNames = {
      "document_cosine", "document_coverage", "document_matched",
      "document_margin", "document_score",    "document_intercept",
  };
  return kNames[feature];
}

int ShapeFeature(BeadShape shape) {
  const int least = std::min(shape.sources, shape.targets);
  const int most = std::max(shape.sources, shape.targets);
  if (least == 1) {
    static constexpr int kOneToMany[] = {kShape11, kShape12, kShape13, kShape14};
    return most <= 4 ? kOneToMany[most - 1] : kShape15;
  }
  if (least == 2) return most == 2 ? kShape22 : most == 3 ? kShape23 : kShape24;
  return kShape33;
}

}  // namespace hexapla
