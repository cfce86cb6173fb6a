// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/pair_aligner.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "server/base/status_macros.h"
#include "server/similarity/band_finder.h"
#include "server/similarity/bead_scorer.h"

namespace hexapla {
namespace {

// Beads that the first pass gives less are not looked at again.
constexpr double kPossible = 1e-5;
// Low enough that no path with such a bead survives, high enough to add up.
constexpr double kForbidden = -1e4;

// A score for those beads that a first alignment found possible.
class PossibleBeads {
 public:
  PossibleBeads(const BeadScorer& scorer, const std::vector<LikelyBead>& likely)
      : scorer_(scorer), likely_(likely) {}

  // Called in the order of `likely`: by source, then by target.
  double Score(int source, int target, BeadShape shape) {
    if (!shape.two_sided()) return scorer_(source, target, shape);
    const auto before = [&](const LikelyBead& bead) {
      return std::pair(bead.source, bead.target) < std::pair(source, target);
    };
    while (next_ < likely_.size() && before(likely_[next_])) ++next_;
    for (size_t i = next_; i < likely_.size(); ++i) {
      if (likely_[i].source != source || likely_[i].target != target) break;
      if (likely_[i].shape == shape) return scorer_(source, target, shape);
    }
    return kForbidden;
  }

 private:
  const BeadScorer& scorer_;
  const std::vector<LikelyBead>& likely_;
  size_t next_ = 0;
};

}  // namespace

absl::StatusOr<PairAlignment> AlignPair(const EmbeddedDocument& source,
                                        const EmbeddedDocument& target, const PairOptions& options,
                                        const ScoringWeights& weights, const StopCondition& stop) {
  HEXAPLA_ASSIGN_OR_RETURN(const SearchBand band, FindBand(source, target, {}, stop));
  const EvidenceOptions evidence = {.bead_size_max = options.merges ? options.bead_size_max : 1,
                                    .semantic = options.semantic};
  HEXAPLA_ASSIGN_OR_RETURN(BeadScorer scorer,
                           BeadScorer::Create(source, target, band, evidence, weights, stop));
  const std::vector<BeadShape> shapes = BeadShapes(options.bead_size_max, options.merges);
  HEXAPLA_ASSIGN_OR_RETURN(const Alignment first,
                           AlignMonotonically(band, shapes, scorer, stop, kPossible));
  HEXAPLA_RETURN_IF_ERROR(scorer.Learn(first, stop));
  PairAlignment result;
  PossibleBeads possible(scorer, first.likely);
  HEXAPLA_ASSIGN_OR_RETURN(result.alignment, AlignMonotonically(
                                                 band, shapes,
                                                 [&](int row, int column, BeadShape shape) {
                                                   return possible.Score(row, column, shape);
                                                 },
                                                 stop, options.likely_from));
  result.probability = scorer.DocumentProbability(result.alignment);
  for (Bead& bead : result.alignment.beads) {
    bead.probability = scorer.CalibratedProbability(bead.probability);
  }
  return result;
}

}  // namespace hexapla
