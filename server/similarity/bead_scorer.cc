// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/bead_scorer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

std::vector<int> BlanksBefore(const EmbeddedDocument& document) {
  std::vector<int> blanks(document.size() + 1);
  for (int s = 0; s < document.size(); ++s) {
    blanks[s + 1] = blanks[s] + (document.lengths[s] == 0 ? 1 : 0);
  }
  return blanks;
}

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

BeadScorer::BeadScorer(PairEvidence evidence, const EmbeddedDocument& source,
                       const EmbeddedDocument& target, const ScoringWeights& weights)
    : evidence_(std::move(evidence)),
      weights_(&weights),
      source_blanks_(BlanksBefore(source)),
      target_blanks_(BlanksBefore(target)) {}

absl::StatusOr<BeadScorer> BeadScorer::Create(
    const EmbeddedDocument& source, const EmbeddedDocument& target, const SearchBand& band,
    const EvidenceOptions& options, const ScoringWeights& weights, const StopCondition& stop) {
  HEXAPLA_ASSIGN_OR_RETURN(PairEvidence evidence,
                           PairEvidence::Create(source, target, band, options, stop));
  return BeadScorer(std::move(evidence), source, target, weights);
}

absl::StatusOr<BeadScorer> BeadScorer::Create(SentenceSimilarity sentences, SentenceCells cells,
                                              const EvidenceOptions& options,
                                              const ScoringWeights& weights,
                                              const StopCondition& stop, Parallel& parallel) {
  const EmbeddedDocument& source = *sentences.source().document;
  const EmbeddedDocument& target = *sentences.target().document;
  HEXAPLA_ASSIGN_OR_RETURN(
      PairEvidence evidence,
      PairEvidence::Create(std::move(sentences), std::move(cells), options, stop, parallel));
  return BeadScorer(std::move(evidence), source, target, weights);
}

double BeadScorer::operator()(int source, int target, BeadShape shape) const {
  const int blanks = source_blanks_[source + shape.sources] - source_blanks_[source] +
                     target_blanks_[target + shape.targets] - target_blanks_[target];
  if (blanks > 0) return shape.two_sided() ? kNever : 0;
  const BeadFeatureVector features = evidence_.Features(source, target, shape);
  double score = 0;
  for (int k = 0; k < kBeadFeatures; ++k) score += weights_->bead[k] * features[k];
  return score;
}

double BeadScorer::CalibratedProbability(double posterior) const {
  const double p = std::clamp(posterior, 1e-6, 1 - 1e-6);
  return Logistic(weights_->calibration_slope * std::log(p / (1 - p)) +
                  weights_->calibration_intercept);
}

double BeadScorer::DocumentProbability(const Alignment& alignment) const {
  const DocumentFeatureVector features = evidence_.DocumentFeatures(alignment);
  double sum = 0;
  for (int k = 0; k < kDocumentFeatures; ++k) sum += weights_->document[k] * features[k];
  return Logistic(sum);
}

}  // namespace hexapla
