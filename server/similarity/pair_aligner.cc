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
    if (shape.targets == 0) return deletions_[row];
    if (shape.sources == 0) return insertions_[column];
    if (!candidates_.Allows(row, column, IndexOf(shape))) return kNever;
    return scorer_(row, column, shape);
  }

  const SearchBand& band() const { return candidates_.band; }

  // To be called whenever the scorer has learned. They score the same wherever
  // between the other side's sentences they stand.
  void ScoreDeletions() {
    const SearchBand& band = candidates_.band;
    deletions_.resize(band.sources());
    insertions_.resize(band.targets());
    for (int s = 0; s < band.sources(); ++s) deletions_[s] = scorer_(s, 0, {1, 0});
    for (int t = 0; t < band.targets(); ++t) insertions_[t] = scorer_(0, t, {0, 1});
  }

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
  std::vector<double> deletions_;  // of source sentences
  std::vector<double> insertions_;
};

int RunSizeMax(const PairOptions& options) { return options.merges ? options.bead_size_max : 1; }

}  // namespace

absl::StatusOr<PairSentences> PairSentences::Create(const CentredDocument& source,
                                                    const CentredDocument& target,
                                                    const PairOptions& options,
                                                    const StopCondition& stop, Parallel& parallel) {
  HEXAPLA_ASSIGN_OR_RETURN(SearchBand band,
                           FindBand(source, target, options.semantic, {}, stop, parallel));
  HEXAPLA_ASSIGN_OR_RETURN(SentenceSimilarity sentences,
                           SentenceSimilarity::Create(source, target, band, RunSizeMax(options),
                                                      options.semantic, stop, parallel));
  return PairSentences{std::move(band), std::move(sentences)};
}

absl::StatusOr<PairAlignment> AlignPair(const CentredDocument& source,
                                        const CentredDocument& target, const PairOptions& options,
                                        const ScoringWeights& weights, const StopCondition& stop,
                                        Parallel& parallel) {
  HEXAPLA_ASSIGN_OR_RETURN(PairSentences sentences,
                           PairSentences::Create(source, target, options, stop, parallel));
  return AlignPair(std::move(sentences), options, weights, stop, parallel);
}

absl::StatusOr<PairAlignment> AlignPair(PairSentences pair, const PairOptions& options,
                                        const ScoringWeights& weights, const StopCondition& stop,
                                        Parallel& parallel) {
  const std::vector<BeadShape> shapes = BeadShapes(options.bead_size_max, options.merges);
  const EvidenceOptions evidence = {.bead_size_max = RunSizeMax(options),
                                    .semantic = options.semantic};
  HEXAPLA_ASSIGN_OR_RETURN(
      CandidateBeads candidates,
      options.semantic ? SketchBeads(pair.sentences, pair.band, shapes, weights, stop, parallel)
                       : absl::StatusOr<CandidateBeads>(AllBeads(std::move(pair.band))));
  HEXAPLA_ASSIGN_OR_RETURN(
      BeadScorer scorer, BeadScorer::Create(std::move(pair.sentences), CellsOf(candidates, shapes),
                                            evidence, weights, stop, parallel));
  CandidateScorer score(scorer, std::move(candidates), shapes);
  score.ScoreDeletions();
  HEXAPLA_ASSIGN_OR_RETURN(const Alignment first, AlignMonotonically(score.band(), shapes, score,
                                                                     stop, kPossible, parallel));
  HEXAPLA_RETURN_IF_ERROR(scorer.Learn(first, stop, parallel));
  score.Narrow(first.likely);
  score.ScoreDeletions();
  PairAlignment result;
  HEXAPLA_ASSIGN_OR_RETURN(result.alignment, AlignMonotonically(score.band(), shapes, score, stop,
                                                                options.likely_from, parallel));
  result.probability = scorer.DocumentProbability(result.alignment);
  for (Bead& bead : result.alignment.beads) {
    bead.probability = scorer.CalibratedProbability(bead.probability);
  }
  return result;
}

}  // namespace hexapla
