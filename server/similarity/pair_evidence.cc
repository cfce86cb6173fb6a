// SPDX-License-Identifier: Apache-2.0
//
// Evidence for beads.
//
// Vectors. Every document has a drift of its own (its subject, its language),
// so the mean word vector of a document, times the sentence's number of words,
// is taken off each sentence vector; of a short document only part of it, for
// there the mean is mostly signal. What counts as a high cosine depends on the
// languages and the text, so cosines are also placed on a scale between random
// pairs of this document and its mutually nearest pairs; the latter are pulled
// towards what is usual when there are few.
//
// Words. See word_coverage.cc.
//
// Lengths. Gale and Church's deviation: the target's length is expected at the
// source's times the documents' ratio, with a variance that grows with length.
//
// A first alignment tells more: what true pairs look like, how long versions of
// each other are when what only one of them has is set aside, how often this
// translator merged or left out sentences, which words belong together.
#include "server/similarity/pair_evidence.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "server/base/status_macros.h"
#include "server/similarity/cosine.h"
#include "server/similarity/lexicon.h"

namespace hexapla {
namespace {

// The share of the mean that is taken off: tokens / (tokens + this).
constexpr float kMeanTokens = 150;
// How many of the nearest sentences make a neighbourhood.
constexpr size_t kNeighbours = 3;
// Usual typical values, and how many pairs of this document outweigh them.
constexpr float kUsualCosine = 0.55F;
constexpr float kUsualCoverage = 0.6F;
constexpr float kUsualPairs = 4;
// Random pairs lie no higher.
constexpr double kRandomCosineMost = 0.3;
constexpr double kRandomCoverageMost = 0.4;
// Least distance between random and typical.
constexpr float kScaleMin = 0.2F;
// Variance of the length ratio per character (Gale and Church measured 6.8).
constexpr float kLengthVariance = 6.8F;
// How many beads of a first alignment outweigh the scale found before it, how
// many characters the length ratio, how many beads the usual rates.
constexpr double kLearnedPairs = 4;
constexpr double kLearnedCharacters = 300;
constexpr double kLearnedBeads = 60;
// The usual share of deletions among all beads and of merges among those of both
// sides. Documents above it are taken as usual: there the words decide.
constexpr double kUsualDeletions = 0.075;
constexpr double kUsualMerges = 0.09;

float PairWeight(BeadShape shape) { return static_cast<float>(shape.sources + shape.targets) / 2; }

SentenceRun One(int sentence) { return {sentence, sentence + 1}; }

bool TwoSided(const Bead& bead) { return !bead.source.empty() && !bead.target.empty(); }

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

int SumOver(const std::vector<int32_t>& values, SentenceRun run) {
  int sum = 0;
  for (int s = run.begin; s < run.end; ++s) sum += values[s];
  return sum;
}

// The highest few of the values seen, for neighbourhoods.
class Highest {
 public:
  void Add(float value) {
    if (size_ == kNeighbours && value <= values_[size_ - 1]) return;
    size_t at = size_ < kNeighbours ? size_++ : size_ - 1;
    for (; at > 0 && values_[at - 1] < value; --at) values_[at] = values_[at - 1];
    values_[at] = value;
  }
  float Mean() const {
    float sum = 0;
    for (size_t i = 0; i < size_; ++i) sum += values_[i];
    return size_ == 0 ? 0 : sum / static_cast<float>(size_);
  }
  float Best() const { return size_ == 0 ? 0 : values_[0]; }

 private:
  float values_[kNeighbours] = {};
  size_t size_ = 0;
};

// Log of how much rarer than usual something is, 0 if it is not.
float Rarity(double count, double total, double usual) {
  const double rate = (count + kLearnedBeads * usual) / (total + kLearnedBeads);
  return static_cast<float>(std::min(0.0, std::log(rate / usual)));
}

}  // namespace

void PairEvidence::Scale::SetTypical(double mean) {
  typical = std::max(static_cast<float>(mean), random + kScaleMin);
}

PairEvidence::PairEvidence(const EmbeddedDocument& source, const EmbeddedDocument& target,
                           SentenceCells cells, WordCoverage coverage,
                           const EvidenceOptions& options)
    : options_(options),
      cells_(std::move(cells)),
      coverage_(std::move(coverage)),
      dots_(cells_.size()) {
  PrepareSide(source, source_);
  PrepareSide(target, target_);
}

void PairEvidence::PrepareSide(const EmbeddedDocument& document, SideEvidence& side) const {
  side.document = &document;
  const int size = document.size();
  const int dimension = document.sentence_vectors.dimension();
  side.vectors = options_.semantic ? document.sentence_vectors
                                   : EmbeddingMatrix(document.sentence_vectors.rows(), dimension);
  if (options_.semantic && !document.tokens.empty()) {
    std::vector<float> mean(dimension);
    for (int s = 0; s < size; ++s) {
      for (int k = 0; k < dimension; ++k) mean[k] += side.vectors.row(s)[k];
    }
    const auto tokens = static_cast<float>(document.tokens.size());
    for (float& x : mean) x /= tokens + kMeanTokens;
    for (int s = 0; s < size; ++s) {
      const auto share = static_cast<float>(document.tokens_of(s));
      for (int k = 0; k < dimension; ++k) side.vectors.row(s)[k] -= share * mean[k];
    }
  }
  for (const uint8_t cut : document.cut_after) side.cut_share += cut;
  side.cut_share /= static_cast<float>(std::max(1, size));
  side.mean_length = static_cast<float>(SumOver(document.lengths, {0, size})) /
                         static_cast<float>(std::max(1, size)) +
                     1;
  const int reach = options_.bead_size_max;
  side.gram.resize(static_cast<size_t>(size) * reach);
  for (int s = 0; s < size; ++s) {
    for (int d = 0; d < reach && s + d < size; ++d) {
      side.gram[s * reach + d] =
          InnerProduct(side.vectors.row(s), side.vectors.row(s + d), dimension);
    }
  }
}

absl::StatusOr<PairEvidence> PairEvidence::Create(const EmbeddedDocument& source,
                                                  const EmbeddedDocument& target,
                                                  const SearchBand& band,
                                                  const EvidenceOptions& options,
                                                  const StopCondition& stop) {
  const SentenceCells cells(band, options.bead_size_max);
  HEXAPLA_ASSIGN_OR_RETURN(WordCoverage coverage,
                           WordCoverage::Create(source, target, cells, options.semantic, stop));
  PairEvidence evidence(source, target, cells, std::move(coverage), options);
  HEXAPLA_RETURN_IF_ERROR(evidence.FillCosines(stop));
  HEXAPLA_RETURN_IF_ERROR(evidence.Summarize(stop));
  return evidence;
}

absl::Status PairEvidence::FillCosines(const StopCondition& stop) {
  std::vector<int32_t> columns(cells_.columns());
  for (size_t j = 0; j < columns.size(); ++j) columns[j] = static_cast<int32_t>(j);
  for (int row = 0; row < cells_.rows(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    const int begin = cells_.begin(row);
    InnerProducts(source_.vectors.row(row), target_.vectors, columns.data() + begin,
                  cells_.end(row) - begin, dots_.data() + cells_.Index(row, begin));
  }
  return absl::OkStatus();
}

absl::Status PairEvidence::Summarize(const StopCondition& stop) {
  const int sources = cells_.rows();
  const int targets = cells_.columns();
  std::vector<Highest> rows(sources);
  std::vector<Highest> columns(targets);
  std::vector<int> best_column(sources, -1);
  std::vector<int> best_row(targets, -1);
  source_.best_coverage.resize(sources);
  target_.best_coverage.resize(targets);
  double cosine_sum = 0;
  double coverage_sum = 0;
  for (int i = 0; i < sources; ++i) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (int j = cells_.begin(i); j < cells_.end(i); ++j) {
      const float cosine = SpanCosine(One(i), One(j));
      if (best_column[i] < 0 || cosine > rows[i].Best()) best_column[i] = j;
      if (best_row[j] < 0 || cosine > columns[j].Best()) best_row[j] = i;
      rows[i].Add(cosine);
      columns[j].Add(cosine);
      const float forth = coverage_.Find(Side::kSource, One(i), One(j)).share;
      const float back = coverage_.Find(Side::kTarget, One(j), One(i)).share;
      source_.best_coverage[i] = std::max(source_.best_coverage[i], forth);
      target_.best_coverage[j] = std::max(target_.best_coverage[j], back);
      cosine_sum += cosine;
      coverage_sum += (forth + back) / 2;
    }
  }
  double mutual_cosine = kUsualCosine * kUsualPairs;
  double mutual_coverage = kUsualCoverage * kUsualPairs;
  double mutual = kUsualPairs;
  for (int i = 0; i < sources; ++i) {
    const int j = best_column[i];
    if (j < 0 || best_row[j] != i) continue;
    mutual_cosine += rows[i].Best();
    mutual_coverage += MeanCoverage(One(i), One(j));
    ++mutual;
  }
  const auto count = static_cast<double>(std::max<size_t>(1, cells_.size()));
  cosine_scale_.random = static_cast<float>(std::min(kRandomCosineMost, cosine_sum / count));
  cosine_scale_.SetTypical(mutual_cosine / mutual);
  coverage_scale_.random = static_cast<float>(std::min(kRandomCoverageMost, coverage_sum / count));
  coverage_scale_.SetTypical(mutual_coverage / mutual);
  for (const Highest& row : rows) {
    source_.neighbourhood.push_back(row.Mean());
    source_.best_cosine.push_back(row.Best());
  }
  for (const Highest& column : columns) {
    target_.neighbourhood.push_back(column.Mean());
    target_.best_cosine.push_back(column.Best());
  }
  const auto source_length = static_cast<float>(SumOver(source_.document->lengths, {0, sources}));
  const auto target_length = static_cast<float>(SumOver(target_.document->lengths, {0, targets}));
  length_ratio_ = (target_length + 1) / (source_length + 1);
  return absl::OkStatus();
}

absl::Status PairEvidence::Learn(const Alignment& first, const StopCondition& stop) {
  // The scales are those of the words' own cover, which the lexicon then raises.
  LearnScales(first);
  LearnRates(first);
  if (!options_.semantic) return absl::OkStatus();
  return coverage_.Associate(LearnLexicon(*source_.document, *target_.document, first), stop);
}

void PairEvidence::LearnScales(const Alignment& first) {
  double cosine = kLearnedPairs * cosine_scale_.typical;
  double coverage = kLearnedPairs * coverage_scale_.typical;
  double count = kLearnedPairs;
  // So split that neither side is favoured.
  const double root = std::sqrt(length_ratio_);
  double source_length = kLearnedCharacters / root;
  double target_length = kLearnedCharacters * root;
  for (const Bead& bead : first.beads) {
    if (!TwoSided(bead)) continue;
    const double p = bead.probability;
    cosine += p * SpanCosine(bead.source, bead.target);
    coverage += p * MeanCoverage(bead.source, bead.target);
    count += p;
    source_length += p * SumOver(source_.document->lengths, bead.source);
    target_length += p * SumOver(target_.document->lengths, bead.target);
  }
  cosine_scale_.SetTypical(cosine / count);
  coverage_scale_.SetTypical(coverage / count);
  length_ratio_ = static_cast<float>(target_length / source_length);
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

float PairEvidence::SpanNorm(const SideEvidence& side, SentenceRun run) const {
  float sum = 0;
  for (int s = run.begin; s < run.end; ++s) {
    const float* gram = &side.gram[s * options_.bead_size_max];
    sum += gram[0];
    for (int d = 1; s + d < run.end; ++d) sum += 2 * gram[d];
  }
  return std::sqrt(std::max(sum, 0.0F)) + 1e-9F;
}

float PairEvidence::SpanCosine(SentenceRun source, SentenceRun target) const {
  float sum = 0;
  for (int i = source.begin; i < source.end; ++i) {
    for (int j = target.begin; j < target.end; ++j) sum += dots_[cells_.Index(i, j)];
  }
  return sum / (SpanNorm(source_, source) * SpanNorm(target_, target));
}

float PairEvidence::MeanCoverage(SentenceRun source, SentenceRun target) const {
  return (coverage_.Find(Side::kSource, source, target).share +
          coverage_.Find(Side::kTarget, target, source).share) /
         2;
}

float PairEvidence::MergeGain(SentenceRun source, SentenceRun target, float cosine) const {
  float highest = -1;
  if (source.size() > 1) {
    highest = std::max({highest, SpanCosine({source.begin + 1, source.end}, target),
                        SpanCosine({source.begin, source.end - 1}, target)});
  }
  if (target.size() > 1) {
    highest = std::max({highest, SpanCosine(source, {target.begin + 1, target.end}),
                        SpanCosine(source, {target.begin, target.end - 1})});
  }
  return (cosine - highest) / (cosine_scale_.typical - cosine_scale_.random);
}

float PairEvidence::Cuts(const SideEvidence& side, SentenceRun run) {
  float cuts = 0;
  for (int s = run.begin; s + 1 < run.end; ++s) {
    cuts += static_cast<float>(side.document->cut_after[s]) - side.cut_share;
  }
  return cuts;
}

float PairEvidence::LengthDeviation(SentenceRun source, SentenceRun target) const {
  const auto source_length = static_cast<float>(SumOver(source_.document->lengths, source));
  const auto target_length = static_cast<float>(SumOver(target_.document->lengths, target));
  // Both in characters of the longer language, so that neither side is favoured.
  const float scaled = source_length * length_ratio_;
  const float unit = std::max(1.0F, length_ratio_);
  const float difference = (target_length - scaled) / unit;
  return difference / std::sqrt(kLengthVariance * ((target_length + scaled) / (2 * unit) + 2));
}

void PairEvidence::DeletionFeatures(const SideEvidence& side, int sentence,
                                    BeadFeatureVector& f) const {
  const auto length = static_cast<float>(side.document->lengths[sentence]);
  f[kDeletion] = 1;
  f[kDeletionLength] = std::log((length + 3) / (side.mean_length + 3));
  f[kDeletionSemantic] = std::clamp(cosine_scale_.Place(side.best_cosine[sentence]), -1.0F, 2.0F);
  f[kDeletionCoverage] =
      std::clamp(coverage_scale_.Place(side.best_coverage[sentence]), -1.0F, 2.0F);
  f[kDeletionRate] = deletion_rate_;
}

void PairEvidence::SemanticFeatures(SentenceRun source, SentenceRun target,
                                    BeadFeatureVector& f) const {
  const float pairs = PairWeight({source.size(), target.size()});
  const float cosine = SpanCosine(source, target);
  f[kSemantic] = std::clamp(cosine_scale_.Place(cosine), -1.0F, 2.0F) * pairs;
  f[kSemanticLow] = std::min(0.0F, f[kSemantic] - pairs / 2);
  f[kCosine] = cosine * pairs;
  const auto mean = [](const std::vector<float>& values, SentenceRun run) {
    float sum = 0;
    for (int s = run.begin; s < run.end; ++s) sum += values[s];
    return sum / static_cast<float>(run.size());
  };
  const float neighbourhood =
      (mean(source_.neighbourhood, source) + mean(target_.neighbourhood, target)) / 2;
  f[kMargin] = (cosine - neighbourhood) * pairs;
  if (source.size() + target.size() == 2) return;
  f[kMergeGain] = MergeGain(source, target, cosine);
  f[kMergeSemantic] = f[kSemantic];
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

void PairEvidence::FormFeatures(SentenceRun source, SentenceRun target,
                                BeadFeatureVector& f) const {
  const float deviation = std::abs(LengthDeviation(source, target));
  const float half_square = deviation * deviation / 2;
  f[kLengthNear] = -std::min(half_square, 2.0F);
  f[kLengthFar] = -std::min(half_square, 30.0F);
  f[kLengthDeviation] = -std::min(deviation, 8.0F);
  const int units =
      SumOver(source_.document->units, source) - SumOver(target_.document->units, target);
  f[kSentenceCount] = -static_cast<float>(std::min(std::abs(units), 4));
  const BeadShape shape{source.size(), target.size()};
  f[ShapeFeature(shape)] = 1;
  if (shape.sources + shape.targets == 2) return;
  f[kCuts] = Cuts(source_, source) + Cuts(target_, target);
  f[kMergeRate] = merge_rate_;
}

BeadFeatureVector PairEvidence::Features(int source, int target, BeadShape shape) const {
  BeadFeatureVector f{};
  if (shape.targets == 0) {
    DeletionFeatures(source_, source, f);
  } else if (shape.sources == 0) {
    DeletionFeatures(target_, target, f);
  } else {
    const SentenceRun sources{source, source + shape.sources};
    const SentenceRun targets{target, target + shape.targets};
    SemanticFeatures(sources, targets, f);
    CoverageFeatures(sources, targets, f);
    FormFeatures(sources, targets, f);
  }
  return f;
}

DocumentFeatureVector PairEvidence::DocumentFeatures(const Alignment& alignment) const {
  DocumentFeatureVector f{};
  double beads = 0;
  double matched = 0;
  double all = 0;
  for (const Bead& bead : alignment.beads) {
    const double length = SumOver(source_.document->lengths, bead.source) / source_.mean_length +
                          SumOver(target_.document->lengths, bead.target) / target_.mean_length;
    all += length;
    if (!TwoSided(bead)) continue;
    matched += length;
    const BeadShape shape{bead.source.size(), bead.target.size()};
    const BeadFeatureVector features = Features(bead.source.begin, bead.target.begin, shape);
    const double pairs = PairWeight(shape);
    f[kDocumentCosine] += features[kCosine] / pairs;
    f[kDocumentCoverage] += features[kCoverageLeast] / pairs;
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
