// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_SCORING_WEIGHTS_H_
#define HEXAPLA_SERVER_SIMILARITY_SCORING_WEIGHTS_H_

#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/similarity/bead_features.h"

namespace hexapla {

// The fitted numbers of the bead score and of the probabilities, kept in a text
// file beside the model so that refitting never rewrites the model.
//
// The file has one `name value` pair a line; `#` starts a comment. Every name
// must be there once and no other.
struct ScoringWeights {
  // One a bead feature, in their order; the score of a bead is the inner product.
  std::array<double, kBeadFeatures> bead{};
  // Those of the first look (server/similarity/bead_sketch.h): kSketchTerms, the
  // others 0. In the file with the prefix "sketch_".
  std::array<double, kBeadFeatures> sketch{};
  // Of the logistic that says whether two versions are versions of one another:
  // one a document feature, the last the intercept.
  std::array<double, kDocumentFeatures> document{};
  // P(bead is right) = 1 / (1 + exp(-(slope * logit(posterior) + intercept))).
  double calibration_slope = 1;
  double calibration_intercept = 0;

  // Errors name the file and the line: NotFound, InvalidArgument.
  static absl::StatusOr<ScoringWeights> Read(absl::string_view path);
  static absl::StatusOr<ScoringWeights> Parse(absl::string_view text, absl::string_view name);
  std::string ToText() const;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_SCORING_WEIGHTS_H_
