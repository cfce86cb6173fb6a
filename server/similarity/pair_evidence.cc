// SPDX-License-Identifier: Apache-2.0
//
// Evidence for beads.
//
// Vectors: see sentence_similarity.h. Words: see word_coverage.cc.
//
// A first alignment tells more: what true pairs look like, how long versions of
// each other are when what only one of them has is set aside, how often this
// translator merged or left out sentences, which words belong together.
#include "server/similarity/pair_evidence.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/base/status_macros.h"
#include "server/similarity/lexicon.h"
#include "server/similarity/sentence_features.h"

namespace hexapla {
namespace {

// The usual typical coverage, and how many pairs of this document outweigh it.
constexpr float kUsualCoverage = 0.6F;
constexpr float kUsualPairs = 4;
// Random pairs lie no higher.
constexpr double kRandomCoverageMost = 0.4;
// How many beads of a first alignment outweigh the scale found before it, how
// many characters the length ratio, how many beads the usual rates.
constexpr double kLearnedPairs = 4;
constexpr double kLearnedCharacters = 300;
constexpr double kLearnedBeads = 60;
// The usual share of deletions among all beads and of merges among those of both
// sides. Documents above it are taken as usual: there the words decide.
constexpr double kUsualDeletions = 0.075;
constexpr double kUsualMerges = 0.09;

SentenceRun One(int sentence) { return {sentence, sentence + 1}; }

bool TwoSided(const Bead& bead) { return !bead.source.empty() && !bead.target.empty(); }

int SumOver(const std::vector<int32_t>& values, SentenceRun run) {
  int sum = 0;
  for (int s = run.begin; s < run.end; ++s) sum += values[s];
  return sum;
}

// Log of how much rarer than usual something is, 0 if it is not.
float Rarity(double count, double total, double usual) {
  const double rate = (count + kLearnedBeads * usual) / (total + kLearnedBeads);
  return static_cast<float>(std::min(0.0, std::log(rate / usual)));
}

}  // namespace

PairEvidence::PairEvidence(SentenceSimilarity sentences, WordCoverage coverage,
                           const EvidenceOptions& options)
    : options_(options), sentences_(std::move(sentences)), coverage_(std::move(coverage)) {}

absl::StatusOr<PairEvidence> PairEvidence::Create(const EmbeddedDocument& source,
                                                  const EmbeddedDocument& target,
                                                  const SearchBand& band,
                                                  const EvidenceOptions& options,
                                                  const StopCondition& stop) {
  HEXAPLA_ASSIGN_OR_RETURN(SentenceSimilarity sentences,
                           SentenceSimilarity::Create(source, target, band, options.bead_size_max,
                                                      options.semantic, stop));
  const SentenceCells cells = sentences.cells();
  return Create(std::move(sentences), cells, options, stop);
}

absl::StatusOr<PairEvidence> PairEvidence::Create(SentenceSimilarity sentences, SentenceCells cells,
                                                  const EvidenceOptions& options,
                                                  const StopCondition& stop, Parallel& parallel) {
  HEXAPLA_ASSIGN_OR_RETURN(
      WordCoverage coverage,
      WordCoverage::Create(*sentences.source().document, *sentences.target().document, cells,
                           options.semantic, stop, parallel));
  PairEvidence evidence(std::move(sentences), std::move(coverage), options);
  HEXAPLA_RETURN_IF_ERROR(evidence.Summarize(cells, stop));
  return evidence;
}

absl::Status PairEvidence::Summarize(const SentenceCells& cells, const StopCondition& stop) {
  source_best_coverage_.resize(cells.rows());
  target_best_coverage_.resize(cells.columns());
  double sum = 0;
  for (int i = 0; i < cells.rows(); ++i) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (int j = cells.begin(i); j < cells.end(i); ++j) {
      const float forth = coverage_.Share(Side::kSource, i, j);
      const float back = coverage_.Share(Side::kTarget, j, i);
      source_best_coverage_[i] = std::max(source_best_coverage_[i], forth);
      target_best_coverage_[j] = std::max(target_best_coverage_[j], back);
      sum += (forth + back) / 2;
    }
  }
  double mutual_sum = kUsualCoverage * kUsualPairs;
  double mutual = kUsualPairs;
  for (const SentenceSimilarity::Mutual& pair : sentences_.mutual()) {
    if (!cells.Contains(pair.source, pair.target)) continue;
    mutual_sum += MeanCoverage(One(pair.source), One(pair.target));
    ++mutual;
  }
  const auto count = static_cast<double>(std::max<size_t>(1, cells.size()));
  coverage_scale_.random = static_cast<float>(std::min(kRandomCoverageMost, sum / count));
  coverage_scale_.SetTypical(mutual_sum / mutual);
  return absl::OkStatus();
}

absl::Status PairEvidence::Learn(const Alignment& first, const StopCondition& stop,
                                 Parallel& parallel) {
  // The scales are those of the words' own cover, which the lexicon then raises.
  LearnScales(first);
  LearnRates(first);
  if (!options_.semantic) return absl::OkStatus();
  HEXAPLA_ASSIGN_OR_RETURN(
      const std::vector<WordAssociation> lexicon,
      LearnLexicon(source_document(), target_document(), first, stop, parallel));
  return coverage_.Associate(lexicon, stop, parallel);
}

void PairEvidence::LearnScales(const Alignment& first) {
  double cosine = kLearnedPairs * sentences_.scale().typical;
  double coverage = kLearnedPairs * coverage_scale_.typical;
  double count = kLearnedPairs;
  // So split that neither side is favoured.
  const double root = std::sqrt(sentences_.length_ratio());
  double source_length = kLearnedCharacters / root;
  double target_length = kLearnedCharacters * root;
  for (const Bead& bead : first.beads) {
    if (!TwoSided(bead)) continue;
    const double p = bead.probability;
    cosine += p * sentences_.Cosine(bead.source, bead.target);
    coverage += p * MeanCoverage(bead.source, bead.target);
    count += p;
    source_length += p * SumOver(source_document().lengths, bead.source);
    target_length += p * SumOver(target_document().lengths, bead.target);
  }
  sentences_.scale().SetTypical(cosine / count);
  coverage_scale_.SetTypical(coverage / count);
  sentences_.set_length_ratio(static_cast<float>(target_length / source_length));
}

void PairEvidence::LearnRates(const Alignment& first) {
  double deletions = 0;
  double pairs = 0;
  double merges = 0;
  for (const Bead& bead : first.beads) {
    if (!TwoSided(bead)) {
      deletions += bead.probability;
      continue;
    }
    pairs += bead.probability;
    if (bead.source.size() + bead.target.size() > 2) merges += bead.probability;
  }
  deletion_rate_ = Rarity(deletions, deletions + pairs, kUsualDeletions);
  merge_rate_ = Rarity(merges, pairs, kUsualMerges);
}

float PairEvidence::MeanCoverage(SentenceRun source, SentenceRun target) const {
  return (coverage_.Find(Side::kSource, source, target).share +
          coverage_.Find(Side::kTarget, target, source).share) /
         2;
}

float PairEvidence::LeastCoverage(SentenceRun source, SentenceRun target) const {
  return std::min(coverage_.Find(Side::kSource, source, target).share,
                  coverage_.Find(Side::kTarget, target, source).share);
}

void PairEvidence::CoverageFeatures(SentenceRun source, SentenceRun target,
                                    BeadFeatureVector& f) const {
  const float pairs = PairWeight({source.size(), target.size()});
  const WordCoverage::Found forth = coverage_.Find(Side::kSource, source, target);
  const WordCoverage::Found back = coverage_.Find(Side::kTarget, target, source);
  f[kCoverage] =
      std::clamp(coverage_scale_.Place((forth.share + back.share) / 2), -1.0F, 2.0F) * pairs;
  f[kCoverageLow] = std::min(0.0F, f[kCoverage] - pairs / 2);
  f[kCoverageLeast] = std::min(forth.share, back.share) * pairs;
  f[kLeak] = coverage_.Leak(source, target);
  const WordCoverage::Straddle begin = coverage_.StraddleAt(source.begin, target.begin);
  const WordCoverage::Straddle end = coverage_.StraddleAt(source.end, target.end);
  f[kStraddle] = begin.sum + end.sum;
  f[kStraddleBoth] = begin.both + end.both;
  f[kNumbersMatched] = std::min((forth.numbers_matched + back.numbers_matched) / 2, 4.0F);
  f[kNumbersUnmatched] = std::min((forth.numbers_unmatched + back.numbers_unmatched) / 2, 4.0F);
  f[kNamesMatched] = std::min((forth.names_matched + back.names_matched) / 2, 4.0F);
  if (source.size() + target.size() == 2) return;
  f[kMergeCoverage] = f[kCoverageLeast];
  f[kCoverageGain] = coverage_.Gain(source, target);
  f[kCoverageWeakest] = coverage_scale_.Place(
      std::min(source.size() > 1 ? forth.weakest : 1.0F, target.size() > 1 ? back.weakest : 1.0F));
  if (source.size() > 1 && target.size() > 1) f[kSplitGain] = coverage_.SplitGain(source, target);
}

BeadFeatureVector PairEvidence::Features(int source, int target, BeadShape shape) const {
  BeadFeatureVector f = SentenceFeatures(sentences_, source, target, shape);
  if (!shape.two_sided()) {
    const float best_coverage =
        shape.targets == 0 ? source_best_coverage_[source] : target_best_coverage_[target];
    f[kDeletionCoverage] = std::clamp(coverage_scale_.Place(best_coverage), -1.0F, 2.0F);
    f[kDeletionRate] = deletion_rate_;
    return f;
  }
  CoverageFeatures({source, source + shape.sources}, {target, target + shape.targets}, f);
  if (shape.sources + shape.targets > 2) f[kMergeRate] = merge_rate_;
  return f;
}

DocumentFeatureVector PairEvidence::DocumentFeatures(const Alignment& alignment) const {
  DocumentFeatureVector f{};
  double beads = 0;
  double matched = 0;
  double all = 0;
  for (const Bead& bead : alignment.beads) {
    const double length =
        SumOver(source_document().lengths, bead.source) / sentences_.source().mean_length +
        SumOver(target_document().lengths, bead.target) / sentences_.target().mean_length;
    all += length;
    if (!TwoSided(bead)) continue;
    matched += length;
    const BeadShape shape{bead.source.size(), bead.target.size()};
    const BeadFeatureVector features =
        SentenceFeatures(sentences_, bead.source.begin, bead.target.begin, shape);
    const double pairs = PairWeight(shape);
    f[kDocumentCosine] += features[kCosine] / pairs;
    f[kDocumentCoverage] += LeastCoverage(bead.source, bead.target);
    f[kDocumentMargin] += features[kMargin] / pairs;
    ++beads;
  }
  if (beads > 0) {
    f[kDocumentCosine] /= beads;
    f[kDocumentCoverage] /= beads;
    f[kDocumentMargin] /= beads;
  }
  f[kDocumentMatched] = all > 0 ? matched / all : 0;
  f[kDocumentScore] =
      alignment.beads.empty() ? 0 : alignment.score / static_cast<double>(alignment.beads.size());
  f[kDocumentIntercept] = 1;
  return f;
}

}  // namespace hexapla
