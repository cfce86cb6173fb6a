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
// Words. Each word looks for its best counterpart among the words of the other
// side: the same spelling is certain, two different numbers are none, else the
// cosine of the word vectors decides. Words count by rarity in their document.
// This tells a merge from a deletion: when a sentence is left over, its words
// find nobody.
//
// Lengths. Gale and Church's deviation: the target's length is expected at the
// source's times the documents' ratio, with a variance that grows with length.
#include "server/similarity/pair_evidence.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/container/flat_hash_map.h"

#include "server/base/status_macros.h"
#include "server/similarity/cosine.h"
#include "server/similarity/word_similarity.h"

namespace hexapla {
namespace {

// The share of the mean that is taken off: tokens / (tokens + this).
constexpr float kMeanTokens = 150;
constexpr uint8_t kIdentical = WordSimilarity::kIdentical;
// A word of this many sentences or fewer, or of a tenth of them, may be a name.
constexpr int kNameSentences = 2;
constexpr size_t kNameBytesMin = 3;
// How many of the nearest sentences make a neighbourhood.
constexpr size_t kNeighbours = 3;
// Usual typical values, and how many pairs of this document outweigh them.
constexpr float kUsualCosine = 0.55F;
constexpr float kUsualCoverage = 0.6F;
constexpr float kUsualPairs = 4;
// Least distance between random and typical.
constexpr float kScaleMin = 0.2F;
// Variance of the length ratio per character (Gale and Church measured 6.8).
constexpr float kLengthVariance = 6.8F;

float PairWeight(BeadShape shape) { return static_cast<float>(shape.sources + shape.targets) / 2; }

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

}  // namespace

PairEvidence::PairEvidence(const EmbeddedDocument& source, const EmbeddedDocument& target,
                           const SearchBand& band, const EvidenceOptions& options)
    : options_(options) {
  PrepareSide(source, target, source_);
  PrepareSide(target, source, target_);
  const int reach = options.bead_size_max;
  const int rows = source.size();
  size_t dots = 0;
  size_t source_bytes = 0;
  size_t target_bytes = 0;
  for (int row = 0; row < rows; ++row) {
    // The cells of any bead that holds this row and stays inside the band.
    const int begin = band.begin(std::max(0, row - reach + 1));
    const int end = std::min(target.size(), band.end(std::min(rows, row + reach)) - 1);
    column_begin_.push_back(begin);
    column_end_.push_back(std::max(begin, end));
    dot_offset_.push_back(dots);
    source_cover_offset_.push_back(source_bytes);
    target_cover_offset_.push_back(target_bytes);
    const size_t columns = column_end_.back() - begin;
    dots += columns;
    source_bytes += columns * source.tokens_of(row);
    target_bytes += target.token_begin[column_end_.back()] - target.token_begin[begin];
  }
  dots_.resize(dots);
  source_cover_.resize(source_bytes);
  target_cover_.resize(target_bytes);
}

void PairEvidence::PrepareSide(const EmbeddedDocument& document, const EmbeddedDocument& other,
                               Side& side) {
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
  absl::flat_hash_map<absl::string_view, int> others;
  for (size_t w = 0; w < other.words.size(); ++w) others.emplace(other.words[w].text, w);
  const int rare = std::max(kNameSentences, size / 10);
  for (const EmbeddedDocument::Word& word : document.words) {
    side.word_weights.push_back(
        std::log(1 + static_cast<float>(size) / static_cast<float>(word.sentences)));
    side.word_is_name.push_back(word.kind == TokenKind::kWord && word.sentences <= rare &&
                                word.text.size() >= kNameBytesMin && others.contains(word.text));
  }
  for (int s = 0; s < size; ++s) {
    float weight = 0;
    for (int t = document.token_begin[s]; t < document.token_begin[s + 1]; ++t) {
      weight += side.word_weights[document.tokens[t]];
    }
    side.token_weights.push_back(weight);
  }
  for (const uint8_t cut : document.cut_after) side.cut_share += cut;
  side.cut_share /= static_cast<float>(std::max(1, size));
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
  PairEvidence evidence(source, target, band, options);
  HEXAPLA_RETURN_IF_ERROR(evidence.FillCosines(stop));
  HEXAPLA_RETURN_IF_ERROR(evidence.FillCoverage(stop));
  evidence.Summarize();
  return evidence;
}

absl::Status PairEvidence::FillCosines(const StopCondition& stop) {
  std::vector<int32_t> columns(target_.document->size());
  for (size_t j = 0; j < columns.size(); ++j) columns[j] = static_cast<int32_t>(j);
  for (int row = 0; row < source_.document->size(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    InnerProducts(source_.vectors.row(row), target_.vectors, columns.data() + column_begin(row),
                  column_end(row) - column_begin(row), dots_.data() + dot_offset_[row]);
  }
  return absl::OkStatus();
}

absl::Status PairEvidence::FillCoverage(const StopCondition& stop) {
  const EmbeddedDocument& source = *source_.document;
  const EmbeddedDocument& target = *target_.document;
  WordSimilarity similarity(source, target, options_.semantic);
  for (int row = 0; row < source.size(); ++row) {
    const int begin = column_begin(row);
    const int end = column_end(row);
    similarity.SetWindow(begin, end);
    for (int a = 0; a < source.tokens_of(row); ++a) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      const uint8_t* similar = similarity.Of(source.tokens[source.token_begin[row] + a]);
      for (int column = begin; column < end; ++column) {
        const int first = target.token_begin[column];
        uint8_t* back =
            target_cover_.data() + target_cover_offset_[row] + (first - target.token_begin[begin]);
        uint8_t best = 0;
        for (int b = 0; b < target.tokens_of(column); ++b) {
          const uint8_t value = similar[target.tokens[first + b]];
          best = std::max(best, value);
          back[b] = std::max(back[b], value);
        }
        source_cover_[source_cover_offset_[row] +
                      static_cast<size_t>(column - begin) * source.tokens_of(row) + a] = best;
      }
    }
  }
  return absl::OkStatus();
}

void PairEvidence::Summarize() {
  const EmbeddedDocument& source = *source_.document;
  const EmbeddedDocument& target = *target_.document;
  std::vector<Highest> rows(source.size());
  std::vector<Highest> columns(target.size());
  std::vector<int> best_column(source.size(), -1);
  std::vector<int> best_row(target.size(), -1);
  source_.best_coverage.resize(source.size());
  target_.best_coverage.resize(target.size());
  double cosine_sum = 0;
  double coverage_sum = 0;
  size_t cells = 0;
  for (int i = 0; i < source.size(); ++i) {
    for (int j = column_begin(i); j < column_end(i); ++j) {
      const float cosine = CellCosine(i, j);
      if (best_column[i] < 0 || cosine > rows[i].Best()) best_column[i] = j;
      if (best_row[j] < 0 || cosine > columns[j].Best()) best_row[j] = i;
      rows[i].Add(cosine);
      columns[j].Add(cosine);
      const float forth = SourceCoverage(i, 1, j, 1).share;
      const float back = TargetCoverage(i, 1, j, 1).share;
      source_.best_coverage[i] = std::max(source_.best_coverage[i], forth);
      target_.best_coverage[j] = std::max(target_.best_coverage[j], back);
      cosine_sum += cosine;
      coverage_sum += (forth + back) / 2;
      ++cells;
    }
  }
  double mutual_cosine = kUsualCosine * kUsualPairs;
  double mutual_coverage = kUsualCoverage * kUsualPairs;
  double mutual = kUsualPairs;
  for (int i = 0; i < source.size(); ++i) {
    const int j = best_column[i];
    if (j < 0 || best_row[j] != i) continue;
    mutual_cosine += rows[i].Best();
    mutual_coverage += (SourceCoverage(i, 1, j, 1).share + TargetCoverage(i, 1, j, 1).share) / 2;
    ++mutual;
  }
  const double count = std::max<double>(1, static_cast<double>(cells));
  const auto scale = [](double random, double typical) {
    return Scale{static_cast<float>(random),
                 static_cast<float>(std::max(typical, random + kScaleMin))};
  };
  cosine_scale_ = scale(std::min(0.3, cosine_sum / count), mutual_cosine / mutual);
  coverage_scale_ = scale(std::min(0.4, coverage_sum / count), mutual_coverage / mutual);
  for (const Highest& row : rows) {
    source_.neighbourhood.push_back(row.Mean());
    source_.best_cosine.push_back(row.Best());
  }
  for (const Highest& column : columns) {
    target_.neighbourhood.push_back(column.Mean());
    target_.best_cosine.push_back(column.Best());
  }
  double source_length = 0;
  double target_length = 0;
  for (const int length : source.lengths) source_length += length;
  for (const int length : target.lengths) target_length += length;
  length_ratio_ = static_cast<float>((target_length + 1) / (source_length + 1));
  mean_source_length_ = static_cast<float>(source_length / std::max(1, source.size())) + 1;
  mean_target_length_ = static_cast<float>(target_length / std::max(1, target.size())) + 1;
}

float PairEvidence::SpanNorm(const Side& side, int begin, int size) const {
  float sum = 0;
  for (int s = begin; s < begin + size; ++s) {
    const float* gram = &side.gram[s * options_.bead_size_max];
    sum += gram[0];
    for (int d = 1; s + d < begin + size; ++d) sum += 2 * gram[d];
  }
  return std::sqrt(std::max(sum, 0.0F)) + 1e-9F;
}

float PairEvidence::SpanDot(int source, int sources, int target, int targets) const {
  float sum = 0;
  for (int i = source; i < source + sources; ++i) {
    for (int j = target; j < target + targets; ++j) sum += dot(i, j);
  }
  return sum;
}

float PairEvidence::SpanCosine(int source, int sources, int target, int targets) const {
  return SpanDot(source, sources, target, targets) /
         (SpanNorm(source_, source, sources) * SpanNorm(target_, target, targets));
}

template <typename CoverOf>
PairEvidence::Coverage PairEvidence::SideCoverage(const Side& side, int begin, int size,
                                                  const CoverOf& cover_of) const {
  Coverage result;
  float covered = 0;
  float weight = 0;
  for (int s = begin; s < begin + size; ++s) {
    const int tokens = side.document->tokens_of(s);
    if (tokens == 0) continue;
    const int32_t* words = &side.document->tokens[side.document->token_begin[s]];
    float own = 0;
    for (int t = 0; t < tokens; ++t) {
      const uint8_t cover = cover_of(s, t);
      own += side.word_weights[words[t]] * static_cast<float>(cover);
      if (side.document->words[words[t]].kind == TokenKind::kNumber) {
        (cover == kIdentical ? result.numbers_matched : result.numbers_unmatched) += 1;
      } else if (cover == kIdentical && side.word_is_name[words[t]]) {
        result.names_matched += 1;
      }
    }
    own /= kIdentical;
    covered += own;
    weight += side.token_weights[s];
    result.weakest = std::min(result.weakest, own / side.token_weights[s]);
  }
  result.share = weight > 0 ? covered / weight : 0;
  return result;
}

PairEvidence::Coverage PairEvidence::SourceCoverage(int source, int sources, int target,
                                                    int targets) const {
  return SideCoverage(source_, source, sources, [&](int s, int token) {
    uint8_t best = 0;
    for (int j = target; j < target + targets; ++j) {
      best = std::max(best, source_cover(s, j)[token]);
    }
    return best;
  });
}

PairEvidence::Coverage PairEvidence::TargetCoverage(int source, int sources, int target,
                                                    int targets) const {
  return SideCoverage(target_, target, targets, [&](int s, int token) {
    uint8_t best = 0;
    for (int i = source; i < source + sources; ++i) {
      best = std::max(best, target_cover(i, s)[token]);
    }
    return best;
  });
}

float PairEvidence::MergeGain(int source, int target, BeadShape shape, float cosine) const {
  const auto [k, l] = shape;
  float highest = -1;
  if (k > 1) {
    highest = std::max(
        {highest, SpanCosine(source + 1, k - 1, target, l), SpanCosine(source, k - 1, target, l)});
  }
  if (l > 1) {
    highest = std::max(
        {highest, SpanCosine(source, k, target + 1, l - 1), SpanCosine(source, k, target, l - 1)});
  }
  return (cosine - highest) / (cosine_scale_.typical - cosine_scale_.random);
}

float PairEvidence::Cuts(const Side& side, int begin, int size) {
  float cuts = 0;
  for (int s = begin; s + 1 < begin + size; ++s) {
    cuts += static_cast<float>(side.document->cut_after[s]) - side.cut_share;
  }
  return cuts;
}

float PairEvidence::LengthDeviation(int source, int target, BeadShape shape) const {
  float source_length = 0;
  float target_length = 0;
  for (int s = source; s < source + shape.sources; ++s) {
    source_length += static_cast<float>(source_.document->lengths[s]);
  }
  for (int s = target; s < target + shape.targets; ++s) {
    target_length += static_cast<float>(target_.document->lengths[s]);
  }
  // Both in characters of the longer language, so that neither side is favoured.
  const float scaled = source_length * length_ratio_;
  const float unit = std::max(1.0F, length_ratio_);
  const float difference = (target_length - scaled) / unit;
  return difference / std::sqrt(kLengthVariance * ((target_length + scaled) / (2 * unit) + 2));
}

void PairEvidence::DeletionFeatures(int source, int target, BeadShape shape,
                                    BeadFeatureVector& f) const {
  const bool from_source = shape.sources > 0;
  const Side& side = from_source ? source_ : target_;
  const int s = from_source ? source : target;
  const float mean = from_source ? mean_source_length_ : mean_target_length_;
  f[kDeletion] = 1;
  f[kDeletionLength] = std::log((static_cast<float>(side.document->lengths[s]) + 3) / (mean + 3));
  f[kDeletionSemantic] = std::clamp(cosine_scale_.Place(side.best_cosine[s]), -1.0F, 2.0F);
  f[kDeletionCoverage] = std::clamp(coverage_scale_.Place(side.best_coverage[s]), -1.0F, 2.0F);
}

BeadFeatureVector PairEvidence::Features(int source, int target, BeadShape shape) const {
  BeadFeatureVector f{};
  if (!shape.two_sided()) {
    DeletionFeatures(source, target, shape, f);
    return f;
  }
  const auto [k, l] = shape;
  const float pairs = PairWeight(shape);
  const float cosine = SpanCosine(source, k, target, l);
  f[kSemantic] = std::clamp(cosine_scale_.Place(cosine), -1.0F, 2.0F) * pairs;
  f[kSemanticLow] = std::min(0.0F, f[kSemantic] - pairs / 2);
  f[kCosine] = cosine * pairs;
  float neighbourhood = 0;
  for (int s = source; s < source + k; ++s) {
    neighbourhood += source_.neighbourhood[s] / static_cast<float>(2 * k);
  }
  for (int s = target; s < target + l; ++s) {
    neighbourhood += target_.neighbourhood[s] / static_cast<float>(2 * l);
  }
  f[kMargin] = (cosine - neighbourhood) * pairs;

  const Coverage forth = SourceCoverage(source, k, target, l);
  const Coverage back = TargetCoverage(source, k, target, l);
  f[kCoverage] =
      std::clamp(coverage_scale_.Place((forth.share + back.share) / 2), -1.0F, 2.0F) * pairs;
  f[kCoverageLow] = std::min(0.0F, f[kCoverage] - pairs / 2);
  f[kCoverageLeast] = std::min(forth.share, back.share) * pairs;
  if (k + l > 2) {
    f[kMergeGain] = MergeGain(source, target, shape, cosine);
    f[kMergeSemantic] = f[kSemantic];
    f[kMergeCoverage] = f[kCoverageLeast];
    f[kCuts] = Cuts(source_, source, k) + Cuts(target_, target, l);
    f[kCoverageWeakest] =
        coverage_scale_.Place(std::min(k > 1 ? forth.weakest : 1.0F, l > 1 ? back.weakest : 1.0F));
  }
  const float half_square = [&] {
    const float z = LengthDeviation(source, target, shape);
    return z * z / 2;
  }();
  f[kLengthNear] = -std::min(half_square, 2.0F);
  f[kLengthFar] = -std::min(half_square, 30.0F);
  int units = 0;
  for (int s = source; s < source + k; ++s) units += source_.document->units[s];
  for (int s = target; s < target + l; ++s) units -= target_.document->units[s];
  f[kSentenceCount] = -static_cast<float>(std::min(std::abs(units), 4));
  f[kNumbersMatched] = std::min((forth.numbers_matched + back.numbers_matched) / 2, 4.0F);
  f[kNumbersUnmatched] = std::min((forth.numbers_unmatched + back.numbers_unmatched) / 2, 4.0F);
  f[kNamesMatched] = std::min((forth.names_matched + back.names_matched) / 2, 4.0F);
  f[ShapeFeature(shape)] = 1;
  return f;
}

DocumentFeatureVector PairEvidence::DocumentFeatures(const Alignment& alignment) const {
  DocumentFeatureVector f{};
  double beads = 0;
  double matched = 0;
  double all = 0;
  for (const Bead& bead : alignment.beads) {
    double length = 0;
    for (int s = bead.source.begin; s < bead.source.end; ++s) {
      length += source_.document->lengths[s] / mean_source_length_;
    }
    for (int s = bead.target.begin; s < bead.target.end; ++s) {
      length += target_.document->lengths[s] / mean_target_length_;
    }
    all += length;
    if (bead.source.empty() || bead.target.empty()) continue;
    matched += length;
    const BeadFeatureVector features =
        Features(bead.source.begin, bead.target.begin, {bead.source.size(), bead.target.size()});
    const double pairs = PairWeight({bead.source.size(), bead.target.size()});
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
