// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/pair_aligner.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "server/base/status_macros.h"
#include "server/similarity/band_finder.h"
#include "server/similarity/bead_scorer.h"
#include "server/similarity/bead_sketch.h"

namespace hexapla {
namespace {

// Beads that the first pass gives less are not looked at again.
constexpr double kPossible = 1e-5;
constexpr double kNever = -std::numeric_limits<double>::infinity();

// The scores of candidates; the other beads of both sides score -infinity.
class CandidateScorer {
 public:
  CandidateScorer(const BeadScorer& scorer, CandidateBeads candidates,
                  const std::vector<BeadShape>& shapes)
      : scorer_(scorer), candidates_(std::move(candidates)) {
    for (size_t s = 0; s < shapes.size(); ++s) index_[shapes[s].sources][shapes[s].targets] = s;
  }

  double operator()(int row, int column, BeadShape shape) const {
    if (shape.two_sided() && !candidates_.Allows(row, column, IndexOf(shape))) return kNever;
    return scorer_(row, column, shape);
  }

  const SearchBand& band() const { return candidates_.band; }

  // From here on only those that a first alignment found possible.
  void Narrow(const std::vector<LikelyBead>& possible) {
    std::fill(candidates_.allowed.begin(), candidates_.allowed.end(), 0);
    for (const LikelyBead& bead : possible) {
      candidates_.allowed[candidates_.band.Node(bead.source, bead.target)] |=
          uint32_t{1} << IndexOf(bead.shape);
    }
  }

 private:
  size_t IndexOf(BeadShape shape) const { return index_[shape.sources][shape.targets]; }

  const BeadScorer& scorer_;
  CandidateBeads candidates_;
  size_t index_[9][9] = {};
};

int RunSizeMax(const PairOptions& options) { return options.merges ? options.bead_size_max : 1; }

}  // namespace

absl::StatusOr<PairSentences> PairSentences::Create(const CentredDocument& source,
                                                    const CentredDocument& target,
                                                    const PairOptions& options,
                                                    const StopCondition& stop) {
  HEXAPLA_ASSIGN_OR_RETURN(SearchBand band, FindBand(source, target, options.semantic, {}, stop));
  HEXAPLA_ASSIGN_OR_RETURN(SentenceSimilarity sentences,
                           SentenceSimilarity::Create(source, target, band, RunSizeMax(options),
                                                      options.semantic, stop));
  return PairSentences{std::move(band), std::move(sentences)};
}

absl::StatusOr<PairAlignment> AlignPair(const CentredDocument& source,
                                        const CentredDocument& target, const PairOptions& options,
                                        const ScoringWeights& weights, const StopCondition& stop) {
  HEXAPLA_ASSIGN_OR_RETURN(PairSentences sentences,
                           PairSentences::Create(source, target, options, stop));
  return AlignPair(std::move(sentences), options, weights, stop);
}

absl::StatusOr<PairAlignment> AlignPair(PairSentences pair, const PairOptions& options,
                                        const ScoringWeights& weights, const StopCondition& stop) {
  const std::vector<BeadShape> shapes = BeadShapes(options.bead_size_max, options.merges);
  const EvidenceOptions evidence = {.bead_size_max = RunSizeMax(options),
                                    .semantic = options.semantic};
  HEXAPLA_ASSIGN_OR_RETURN(CandidateBeads candidates,
                           options.semantic
                               ? SketchBeads(pair.sentences, pair.band, shapes, weights, stop)
                               : absl::StatusOr<CandidateBeads>(AllBeads(std::move(pair.band))));
  HEXAPLA_ASSIGN_OR_RETURN(
      BeadScorer scorer, BeadScorer::Create(std::move(pair.sentences), CellsOf(candidates, shapes),
                                            evidence, weights, stop));
  CandidateScorer score(scorer, std::move(candidates), shapes);
  HEXAPLA_ASSIGN_OR_RETURN(const Alignment first,
                           AlignMonotonically(score.band(), shapes, score, stop, kPossible));
  HEXAPLA_RETURN_IF_ERROR(scorer.Learn(first, stop));
  score.Narrow(first.likely);
  PairAlignment result;
  HEXAPLA_ASSIGN_OR_RETURN(
      result.alignment, AlignMonotonically(score.band(), shapes, score, stop, options.likely_from));
  result.probability = scorer.DocumentProbability(result.alignment);
  for (Bead& bead : result.alignment.beads) {
    bead.probability = scorer.CalibratedProbability(bead.probability);
  }
  return result;
}

}  // namespace hexapla
