// SPDX-License-Identifier: Apache-2.0
//
// Max-marginals of a rough score. Forward, the best path to every node is found;
// backward, the best path from it; together they say of each candidate bead what
// the best alignment that holds it scores. Scores are computed row by row, all
// beads of one shape at once, and again on the way back, so that nothing but one
// number a node is kept. The sums of a long document would outgrow the digits of a
// float, so those of a row are kept less an offset of the row.
#include "server/similarity/bead_sketch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "server/base/status_macros.h"
#include "server/similarity/sentence_features.h"

// Highway compiles this file once per instruction set and picks at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "server/similarity/bead_sketch.cc"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#ifndef HEXAPLA_SERVER_SIMILARITY_BEAD_SKETCH_TERMS_
#define HEXAPLA_SERVER_SIMILARITY_BEAD_SKETCH_TERMS_
namespace hexapla {

// All buffers below are padded to whole vectors of so many numbers.
inline constexpr size_t kLanesMax = 16;

// What the loops below are given of the beads of one shape that begin at one
// source sentence: the same for all, and one value a target sentence.
struct SketchTerms {
  float source_neighbourhood;
  float source_length;  // in target characters
  float source_units;
  float prior;  // of the shape and this source run
  float pairs;
  float random;
  float inverse_range;
  float semantic;
  float cosine;
  float margin;
  float merge_gain;
  float inverse_unit;  // of lengths
  float length_near;
  float length_deviation;
  float sentence_count;
  const float* cosines;
  const float* highest;  // cosines without an outer sentence; null: no merge
  const float* target_neighbourhood;
  const float* target_length;
  const float* target_units;
  const float* target_prior;
};

}  // namespace hexapla
#endif

HWY_BEFORE_NAMESPACE();
namespace hexapla::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::CappedTag<float, kLanesMax>;

void AddSimd(const float* x, const float* y, size_t size, float* out) {
  const Floats d;
  for (size_t i = 0; i < size; i += hn::Lanes(d)) {
    hn::StoreU(hn::Add(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, out + i);
  }
}

void ProductSimd(float factor, const float* HWY_RESTRICT x, const float* HWY_RESTRICT y,
                 size_t size, float* HWY_RESTRICT out) {
  const Floats d;
  for (size_t i = 0; i < size; i += hn::Lanes(d)) {
    const auto product = hn::Mul(hn::LoadU(d, x + i), hn::LoadU(d, y + i));
    hn::StoreU(hn::Mul(hn::Set(d, factor), product), d, out + i);
  }
}

// out = max(out, x).
void RaiseSimd(const float* HWY_RESTRICT x, size_t size, float* HWY_RESTRICT out) {
  const Floats d;
  for (size_t i = 0; i < size; i += hn::Lanes(d)) {
    hn::StoreU(hn::Max(hn::LoadU(d, out + i), hn::LoadU(d, x + i)), d, out + i);
  }
}

// The same terms as PairEvidence::Features, weighted.
void ScoreSimd(const SketchTerms& t, size_t size, float* HWY_RESTRICT out) {
  const Floats d;
  const auto set = [&](float x) { return hn::Set(d, x); };
  for (size_t i = 0; i < size; i += hn::Lanes(d)) {
    const auto cosine = hn::LoadU(d, t.cosines + i);
    const auto place = hn::Min(
        set(kPlaceMost),
        hn::Max(set(kPlaceLeast), hn::Mul(hn::Sub(cosine, set(t.random)), set(t.inverse_range))));
    const auto around = hn::Mul(
        set(0.5F), hn::Add(set(t.source_neighbourhood), hn::LoadU(d, t.target_neighbourhood + i)));
    auto score = hn::Mul(set(t.semantic), place);
    score = hn::MulAdd(set(t.cosine), cosine, score);
    score = hn::MulAdd(set(t.margin), hn::Sub(cosine, around), score);
    score = hn::MulAdd(set(t.pairs), score, set(t.prior));
    score = hn::Add(score, hn::LoadU(d, t.target_prior + i));
    if (t.highest != nullptr) {
      const auto gain = hn::Sub(cosine, hn::LoadU(d, t.highest + i));
      score = hn::MulAdd(set(t.merge_gain * t.inverse_range), gain, score);
    }
    const auto target_length = hn::LoadU(d, t.target_length + i);
    const auto difference =
        hn::Mul(hn::Sub(target_length, set(t.source_length)), set(t.inverse_unit));
    const auto mean =
        hn::Mul(hn::Add(target_length, set(t.source_length)), set(t.inverse_unit / 2));
    const auto variance = hn::Mul(set(kLengthVariance), hn::Add(mean, set(kLengthUncertain)));
    const auto square = hn::Div(hn::Mul(difference, difference), variance);
    const auto near = hn::Min(set(kLengthNearMost), hn::Mul(set(0.5F), square));
    const auto deviation = hn::Min(set(kLengthDeviationMost), hn::Sqrt(square));
    score = hn::NegMulAdd(set(t.length_near), near, score);
    score = hn::NegMulAdd(set(t.length_deviation), deviation, score);
    const auto units = hn::Abs(hn::Sub(set(t.source_units), hn::LoadU(d, t.target_units + i)));
    score = hn::NegMulAdd(set(t.sentence_count), hn::Min(set(kSentenceCountMost), units), score);
    hn::StoreU(score, d, out + i);
  }
}

// out = max(out, x + y), exactly `size` of them.
void RaiseBySumSimd(const float* HWY_RESTRICT x, const float* HWY_RESTRICT y, size_t size,
                    float* HWY_RESTRICT out) {
  const Floats d;
  size_t i = 0;
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) {
    const auto sum = hn::Add(hn::LoadU(d, x + i), hn::LoadU(d, y + i));
    hn::StoreU(hn::Max(hn::LoadU(d, out + i), sum), d, out + i);
  }
  for (; i < size; ++i) out[i] = std::max(out[i], x[i] + y[i]);
}

// bits |= bit where x + y + z >= least, exactly `size` of them.
void MarkSimd(const float* HWY_RESTRICT x, const float* HWY_RESTRICT y, const float* HWY_RESTRICT z,
              float least, uint32_t bit, size_t size, uint32_t* HWY_RESTRICT bits) {
  const Floats d;
  const hn::RebindToUnsigned<Floats> u;
  size_t i = 0;
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d)) {
    const auto sum =
        hn::Add(hn::Add(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), hn::LoadU(d, z + i));
    const auto marks = hn::VecFromMask(u, hn::RebindMask(u, hn::Ge(sum, hn::Set(d, least))));
    hn::StoreU(hn::Or(hn::LoadU(u, bits + i), hn::And(marks, hn::Set(u, bit))), u, bits + i);
  }
  for (; i < size; ++i) {
    if (x[i] + y[i] + z[i] >= least) bits[i] |= bit;
  }
}

}  // namespace
}  // namespace hexapla::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hexapla {
namespace {

HWY_EXPORT(AddSimd);
HWY_EXPORT(ProductSimd);
HWY_EXPORT(RaiseSimd);
HWY_EXPORT(ScoreSimd);
HWY_EXPORT(RaiseBySumSimd);
HWY_EXPORT(MarkSimd);

constexpr float kNever = -std::numeric_limits<float>::infinity();
// Most sentences of a side of a bead.
constexpr int kSizeMax = 8;
// So many neighbours of a candidate's sentences are looked at as well: no fewer than
// WordCoverage::Leak and StraddleAt look at.
constexpr int kAround = 1;
// Sums beyond this are recentred: the digits of a float tell 1e-4 apart there.
constexpr float kSumMost = 1000;
// Of a node's marks: that a kept path passes it.
constexpr uint32_t kNodeKept = uint32_t{1} << 31;
// Blank sentences stand in no bead of both sides.
constexpr float kBlank = -1e4F;

size_t Padded(size_t size) { return (size + kLanesMax - 1) / kLanesMax * kLanesMax; }

// What a side's runs of 1, 2, ... sentences bring to a bead.
class Runs {
 public:
  struct Values {
    std::vector<float> inverse_norm;
    std::vector<float> neighbourhood;
    std::vector<float> length;
    std::vector<float> units;
    std::vector<float> prior;  // cuts; blank sentences
  };

  Runs(const SentenceSimilarity& sentences, const SentenceSimilarity::Side& side, double cuts) {
    const EmbeddedDocument& document = *side.document;
    const int size = document.size();
    const int reach = sentences.run_size_max();
    // Loops may read beyond the end.
    const size_t padded = Padded(size + reach) + 2 * kLanesMax;
    values_.resize(reach);
    for (int k = 1; k <= reach; ++k) {
      Values& values = values_[k - 1];
      for (auto* one : {&values.inverse_norm, &values.neighbourhood, &values.length, &values.units,
                        &values.prior}) {
        one->resize(padded);
      }
      for (int s = 0; s + k <= size; ++s) {
        const SentenceRun run{s, s + k};
        const int last = s + k - 1;
        values.inverse_norm[s] = 1 / sentences.Norm(side, run);
        const auto before = [&](std::vector<float> Values::*what) {
          return k == 1 ? 0 : (values_[k - 2].*what)[s];
        };
        values.length[s] = before(&Values::length) + static_cast<float>(document.lengths[last]);
        values.units[s] = before(&Values::units) + static_cast<float>(document.units[last]);
        values.neighbourhood[s] = SentenceSimilarity::Mean(side.neighbourhood, run);
        values.prior[s] = before(&Values::prior) + (document.lengths[last] == 0 ? kBlank : 0);
        if (k > 1) {
          values.prior[s] += static_cast<float>(cuts) *
                             (static_cast<float>(document.cut_after[last - 1]) - side.cut_share);
        }
      }
    }
  }

  const Values& of(int sentences) const { return values_[sentences - 1]; }

 private:
  std::vector<Values> values_;
};

class Sketch {
 public:
  Sketch(const SentenceSimilarity& sentences, const SearchBand& band,
         const std::vector<BeadShape>& shapes, const ScoringWeights& weights)
      : sentences_(sentences),
        band_(band),
        shapes_(shapes),
        weights_(weights.sketch),
        source_(sentences, sentences.source(), weights_[kCuts]),
        target_(sentences, sentences.target(), weights_[kCuts]),
        forward_(band.nodes() + kLanesMax, kNever),
        forward_offset_(band.sources() + 1),
        backward_(band.nodes() + kLanesMax, kNever),
        marks_(band.nodes()) {
    size_t widest = 0;
    for (int row = 0; row <= band.sources(); ++row) {
      widest = std::max<size_t>(widest, band.end(row) - band.begin(row));
    }
    reach_ = sentences.run_size_max();
    stride_ = Padded(widest + reach_) + kLanesMax;
    cosines_.resize(stride_ * shapes.size());
    next_cosines_.resize(stride_ * shapes.size());
    scores_.resize(stride_ * shapes.size());
    dots_.resize(stride_);
    column_sums_.resize(stride_ + kLanesMax);
    sums_.resize(stride_);
    highest_.resize(stride_);
    deletions_ = DeletionScores(sentences.source());
    insertions_ = DeletionScores(sentences.target());
    for (size_t s = 0; s < shapes.size(); ++s) {
      if (shapes[s].two_sided()) index_[shapes[s].sources][shapes[s].targets] = static_cast<int>(s);
    }
  }

  absl::Status Run(const StopCondition& stop) {
    forward_[0] = 0;
    double offset = 0;
    for (int row = 0; row <= band_.sources(); ++row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      offset += Recentre(row, row + reach_, forward_);
      forward_offset_[row] = offset;
      Forward(row);
    }
    const double best = offset + forward_[band_.nodes() - 1];
    backward_[band_.nodes() - 1] = 0;
    offset = 0;
    for (int row = band_.sources(); row >= 0; --row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      if (row < band_.sources()) offset += Recentre(row + 1, row + reach_, backward_);
      Backward(row, static_cast<float>(best - kSketchSlack - forward_offset_[row] - offset));
    }
    return absl::OkStatus();
  }

  CandidateBeads Kept() const {
    std::vector<int> begin(band_.sources() + 1, band_.targets() + 1);
    std::vector<int> end(band_.sources() + 1, 0);
    for (int row = 0; row <= band_.sources(); ++row) {
      for (int column = band_.begin(row); column < band_.end(row); ++column) {
        const size_t node = band_.Node(row, column);
        if ((marks_[node] & kNodeKept) == 0) continue;
        begin[row] = std::min(begin[row], column);
        end[row] = column + 1;
      }
    }
    CandidateBeads kept{SearchBand::OfRows(std::move(begin), std::move(end)), {}};
    kept.allowed.resize(kept.band.nodes());
    for (int row = 0; row <= band_.sources(); ++row) {
      for (int column = kept.band.begin(row); column < kept.band.end(row); ++column) {
        kept.allowed[kept.band.Node(row, column)] = marks_[band_.Node(row, column)] & ~kNodeKept;
      }
    }
    return kept;
  }

 private:
  std::vector<float> DeletionScores(const SentenceSimilarity::Side& side) const {
    std::vector<float> scores;
    for (const int32_t length : side.document->lengths) {
      const float relative = RelativeLength(side, length);
      scores.push_back(length == 0 ? 0
                                   : static_cast<float>(weights_[kDeletion] +
                                                        weights_[kDeletionLength] * relative));
    }
    return scores;
  }

  // Takes the best sum of row `first` off those of [first, last] if it has grown
  // large; returns what was taken.
  double Recentre(int first, int last, std::vector<float>& sums) const {
    const auto begin = sums.begin() + band_.Node(first, band_.begin(first));
    const float best = *std::max_element(begin, begin + (band_.end(first) - band_.begin(first)));
    if (std::abs(best) < kSumMost) return 0;
    last = std::min(last, band_.sources());
    const auto end = sums.begin() + band_.Node(last, band_.end(last) - 1) + 1;
    for (auto sum = begin; sum != end; ++sum) *sum -= best;
    return best;
  }

  // The cosines of all beads that begin at `row` and the `width` columns from
  // `base`, one stride a shape. Beads outside the band get anything.
  void FillCosines(int row, int base, size_t width, std::vector<float>& cosines) {
    const SentenceCells& cells = sentences_.cells();
    std::fill(column_sums_.begin(), column_sums_.end(), 0.0F);
    for (int k = 1; k <= reach_ && row + k <= band_.sources(); ++k) {
      const int cell_row = row + k - 1;
      const int from = std::max(base, cells.begin(cell_row));
      const int to = std::min(base + static_cast<int>(width) + reach_, cells.end(cell_row));
      std::fill(dots_.begin(), dots_.end(), 0.0F);
      if (from < to) {
        const float* dots = sentences_.Dots(cell_row) + (from - cells.begin(cell_row));
        std::copy(dots, dots + (to - from), dots_.begin() + (from - base));
      }
      const size_t size = Padded(width + reach_);
      HWY_DYNAMIC_DISPATCH(AddSimd)(column_sums_.data(), dots_.data(), size, column_sums_.data());
      std::copy(column_sums_.begin(), column_sums_.begin() + size, sums_.begin());
      const float inverse_norm = source_.of(k).inverse_norm[row];
      for (int l = 1; l <= reach_; ++l) {
        if (l > 1) {
          HWY_DYNAMIC_DISPATCH(AddSimd)
          (sums_.data(), column_sums_.data() + (l - 1), Padded(width), sums_.data());
        }
        const int shape = index_[k][l];
        if (shape == 0 && (k > 1 || l > 1)) continue;
        HWY_DYNAMIC_DISPATCH(ProductSimd)
        (inverse_norm, sums_.data(), target_.of(l).inverse_norm.data() + base, Padded(width),
         cosines.data() + stride_ * shape);
      }
    }
  }

  // The scores of all two-sided beads that begin in `row`, one stride a shape.
  void FillScores(int row) {
    const int base = band_.begin(row);
    const size_t width = band_.end(row) - base;
    FillCosines(row, base, width + 1, cosines_);
    FillCosines(row + 1, base, width, next_cosines_);
    const float ratio = sentences_.length_ratio();
    for (size_t s = 0; s < shapes_.size(); ++s) {
      const auto [k, l] = shapes_[s];
      if (!shapes_[s].two_sided() || row + k > band_.sources()) continue;
      const Runs::Values& source = source_.of(k);
      const Runs::Values& target = target_.of(l);
      if (k + l > 2) FindHighest(shapes_[s], Padded(width));
      const SketchTerms terms = {
          .source_neighbourhood = source.neighbourhood[row],
          .source_length = source.length[row] * ratio,
          .source_units = source.units[row],
          .prior = source.prior[row] + static_cast<float>(weights_[ShapeFeature(shapes_[s])]),
          .pairs = static_cast<float>(k + l) / 2,
          .random = sentences_.scale().random,
          .inverse_range = 1 / sentences_.scale().range(),
          .semantic = static_cast<float>(weights_[kSemantic]),
          .cosine = static_cast<float>(weights_[kCosine]),
          .margin = static_cast<float>(weights_[kMargin]),
          .merge_gain = static_cast<float>(weights_[kMergeGain]),
          .inverse_unit = 1 / std::max(1.0F, ratio),
          .length_near = static_cast<float>(weights_[kLengthNear]),
          .length_deviation = static_cast<float>(weights_[kLengthDeviation]),
          .sentence_count = static_cast<float>(weights_[kSentenceCount]),
          .cosines = cosines_.data() + stride_ * s,
          .highest = k + l > 2 ? highest_.data() : nullptr,
          .target_neighbourhood = target.neighbourhood.data() + base,
          .target_length = target.length.data() + base,
          .target_units = target.units.data() + base,
          .target_prior = target.prior.data() + base,
      };
      HWY_DYNAMIC_DISPATCH(ScoreSimd)(terms, Padded(width), scores_.data() + stride_ * s);
    }
  }

  // The highest cosine of a bead without one of its outer sentences.
  void FindHighest(BeadShape shape, size_t size) {
    std::fill(highest_.begin(), highest_.begin() + size, -1.0F);
    const auto raise = [&](const float* cosines) {
      HWY_DYNAMIC_DISPATCH(RaiseSimd)(cosines, size, highest_.data());
    };
    if (shape.sources > 1) {
      const size_t rest = stride_ * index_[shape.sources - 1][shape.targets];
      raise(next_cosines_.data() + rest);
      raise(cosines_.data() + rest);
    }
    if (shape.targets > 1) {
      const size_t rest = stride_ * index_[shape.sources][shape.targets - 1];
      raise(cosines_.data() + rest + 1);
      raise(cosines_.data() + rest);
    }
  }

  // Calls visit(shape, from, to, scores, size) for the runs of nodes of `row`
  // from which a bead of the shape stays inside the band: their numbers, those
  // that they lead to, and their scores.
  template <typename Visit>
  void ForEachShape(int row, const Visit& visit) {
    for (size_t s = 0; s < shapes_.size(); ++s) {
      const auto [k, l] = shapes_[s];
      if (!shapes_[s].two_sided() || row + k > band_.sources()) continue;
      const int begin = std::max(band_.begin(row), band_.begin(row + k) - l);
      const int end = std::min(band_.end(row), band_.end(row + k) - l);
      if (begin >= end) continue;
      visit(s, band_.Node(row, begin), band_.Node(row + k, begin + l),
            scores_.data() + stride_ * s + (begin - band_.begin(row)), end - begin);
    }
  }

  void Forward(int row) {
    FillScores(row);
    const int begin = band_.begin(row);
    const int end = band_.end(row);
    float* const best = forward_.data() + band_.Node(row, begin);
    for (int column = begin; column + 1 < end; ++column) {
      best[column + 1 - begin] =
          std::max(best[column + 1 - begin], best[column - begin] + insertions_[column]);
    }
    if (row == band_.sources()) return;
    for (int column = std::max(begin, band_.begin(row + 1)); column < end; ++column) {
      float& below = forward_[band_.Node(row + 1, column)];
      below = std::max(below, best[column - begin] + deletions_[row]);
    }
    ForEachShape(row, [&](size_t, size_t from, size_t to, const float* scores, size_t size) {
      HWY_DYNAMIC_DISPATCH(RaiseBySumSimd)(&forward_[from], scores, size, &forward_[to]);
    });
  }

  // `least`: what forward and backward sums must add up to.
  void Backward(int row, float least) {
    FillScores(row);
    const int begin = band_.begin(row);
    const int end = band_.end(row);
    float* const best = backward_.data() + band_.Node(row, begin);
    if (row < band_.sources()) {
      for (int column = std::max(begin, band_.begin(row + 1)); column < end; ++column) {
        best[column - begin] = std::max(best[column - begin],
                                        backward_[band_.Node(row + 1, column)] + deletions_[row]);
      }
    }
    ForEachShape(row, [&](size_t shape, size_t from, size_t to, const float* scores, size_t size) {
      HWY_DYNAMIC_DISPATCH(RaiseBySumSimd)(&backward_[to], scores, size, &backward_[from]);
      HWY_DYNAMIC_DISPATCH(MarkSimd)
      (&forward_[from], scores, &backward_[to], least, uint32_t{1} << shape, size, &marks_[from]);
    });
    for (int column = end - 2; column >= begin; --column) {
      best[column - begin] =
          std::max(best[column - begin], best[column + 1 - begin] + insertions_[column]);
    }
    for (size_t node = band_.Node(row, begin); node < band_.Node(row, end - 1) + 1; ++node) {
      if (forward_[node] + backward_[node] >= least) marks_[node] |= kNodeKept;
    }
  }

  const SentenceSimilarity& sentences_;
  const SearchBand& band_;
  const std::vector<BeadShape>& shapes_;
  const std::array<double, kBeadFeatures>& weights_;
  const Runs source_;
  const Runs target_;
  std::vector<float> deletions_;
  std::vector<float> insertions_;
  int reach_ = 0;
  int index_[kSizeMax + 1][kSizeMax + 1] = {};  // [sources][targets] -> shape; 0 also for none
  std::vector<float> forward_;                  // of nodes, less an offset of their row
  std::vector<double> forward_offset_;
  std::vector<float> backward_;
  std::vector<uint32_t> marks_;
  // Of one row, `stride_` floats each, or a shape.
  size_t stride_ = 0;
  std::vector<float> cosines_;
  std::vector<float> next_cosines_;
  std::vector<float> scores_;
  std::vector<float> dots_;
  std::vector<float> column_sums_;
  std::vector<float> sums_;
  std::vector<float> highest_;
};

}  // namespace

absl::StatusOr<CandidateBeads> SketchBeads(const SentenceSimilarity& sentences,
                                           const SearchBand& band,
                                           const std::vector<BeadShape>& shapes,
                                           const ScoringWeights& weights,
                                           const StopCondition& stop) {
  Sketch sketch(sentences, band, shapes, weights);
  HEXAPLA_RETURN_IF_ERROR(sketch.Run(stop));
  return sketch.Kept();
}

CandidateBeads AllBeads(SearchBand band) {
  const size_t nodes = band.nodes();
  return {std::move(band), std::vector<uint32_t>(nodes, ~uint32_t{0})};
}

SentenceCells CellsOf(const CandidateBeads& candidates, const std::vector<BeadShape>& shapes) {
  const SearchBand& band = candidates.band;
  const int rows = band.sources();
  const int columns = band.targets();
  std::vector<int> begin(rows, columns);
  std::vector<int> end(rows, 0);
  for (int row = 0; row < rows; ++row) {
    // The columns of the beads that begin here, by their sentences.
    SentenceRun reached[kSizeMax + 1];
    for (SentenceRun& run : reached) run = {columns, 0};
    for (int column = band.begin(row); column < band.end(row); ++column) {
      if (candidates.allowed[band.Node(row, column)] == 0) continue;
      for (size_t s = 0; s < shapes.size(); ++s) {
        if (!shapes[s].two_sided() || !candidates.Allows(row, column, s)) continue;
        SentenceRun& run = reached[shapes[s].sources];
        run.begin = std::min(run.begin, column);
        run.end = std::max(run.end, column + shapes[s].targets);
      }
    }
    for (int k = 1; k <= kSizeMax; ++k) {
      if (reached[k].begin >= reached[k].end) continue;
      for (int r = std::max(0, row - kAround); r < std::min(rows, row + k + kAround); ++r) {
        begin[r] = std::min(begin[r], std::max(0, reached[k].begin - kAround));
        end[r] = std::max(end[r], std::min(columns, reached[k].end + kAround));
      }
    }
  }
  return SentenceCells(std::move(begin), std::move(end), columns);
}

}  // namespace hexapla
#endif  // HWY_ONCE
