// SPDX-License-Identifier: Apache-2.0
//
// Max-marginals of a rough score. Forward, the best path to every node is found;
// backward, the best path from it; together they say of each candidate bead what
// the best alignment that holds it scores. Scores are computed row by row, all
// beads of one shape at once, and by both passes, so that nothing but one number a
// node is kept. The sums of a long document would outgrow the digits of a float, so
// those of a row are kept less an offset of the row.
//
// The passes begin at both ends and meet in the middle, where the score of the best
// path is known from what both have found. From there on each finds the other's
// sums in every row that it comes to, and can mark the beads to keep. So two
// threads run them side by side, and each row is scored twice whoever does.
#include "server/similarity/bead_sketch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
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

// What both passes look at: the documents, what their runs bring to a bead, and the
// places where the sums and the marks of all nodes go.
struct SketchGrid {
  SketchGrid(const SentenceSimilarity& similarity, const SearchBand& search_band,
             const std::vector<BeadShape>& bead_shapes, const ScoringWeights& scoring,
             Runs source_runs, Runs target_runs)
      : sentences(similarity),
        band(search_band),
        shapes(bead_shapes),
        weights(scoring.sketch),
        reach(similarity.run_size_max()),
        source(std::move(source_runs)),
        target(std::move(target_runs)),
        deletions(DeletionScores(similarity.source())),
        insertions(DeletionScores(similarity.target())),
        forward(band.nodes() + kLanesMax, kNever),
        backward(band.nodes() + kLanesMax, kNever),
        forward_offset(band.sources() + 1),
        backward_offset(band.sources() + 1),
        marks(band.nodes()) {
    for (size_t s = 0; s < shapes.size(); ++s) {
      if (shapes[s].two_sided()) index[shapes[s].sources][shapes[s].targets] = static_cast<int>(s);
    }
    for (int row = 0; row <= band.sources(); ++row) {
      widest = std::max<size_t>(widest, band.end(row) - band.begin(row));
    }
  }

  std::vector<float> DeletionScores(const SentenceSimilarity::Side& side) const {
    std::vector<float> scores;
    for (const int32_t length : side.document->lengths) {
      const float relative = RelativeLength(side, length);
      scores.push_back(length == 0 ? 0
                                   : static_cast<float>(weights[kDeletion] +
                                                        weights[kDeletionLength] * relative));
    }
    return scores;
  }

  const SentenceSimilarity& sentences;
  const SearchBand& band;
  const std::vector<BeadShape>& shapes;
  const std::array<double, kBeadFeatures>& weights;
  const int reach;
  const Runs source;
  const Runs target;
  const std::vector<float> deletions;
  const std::vector<float> insertions;
  int index[kSizeMax + 1][kSizeMax + 1] = {};  // [sources][targets] -> shape; 0 also for none
  size_t widest = 0;                           // row, in nodes
  std::vector<float> forward;                  // of nodes, less an offset of their row
  std::vector<float> backward;
  std::vector<double> forward_offset;
  std::vector<double> backward_offset;
  std::vector<uint32_t> marks;
};

// One of the two passes, with what it works in.
class SketchPass {
 public:
  explicit SketchPass(SketchGrid& grid)
      : grid_(grid), stride_(Padded(grid.widest + grid.reach) + kLanesMax) {
    cosines_.resize(stride_ * grid.shapes.size());
    next_cosines_.resize(stride_ * grid.shapes.size());
    scores_.resize(stride_ * grid.shapes.size());
    dots_.resize(stride_);
    column_sums_.resize(stride_ + kLanesMax);
    sums_.resize(stride_);
    highest_.resize(stride_);
  }

  // The best paths to the nodes of rows [begin, end), and on to those below. The
  // rows before are done.
  absl::Status Forward(int begin, int end, const StopCondition& stop) {
    std::vector<double>& offsets = grid_.forward_offset;
    double offset = begin < end ? offsets[begin] : 0;
    for (int row = begin; row < end; ++row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      const int last = std::min(row + grid_.reach, grid_.band.sources());
      offset += Recentre(row, last, grid_.forward);
      std::fill(offsets.begin() + row, offsets.begin() + last + 1, offset);
      FillScores(row);
      ForwardRow(row);
      if (marks_) Mark(row);
    }
    return absl::OkStatus();
  }

  // The best paths from the nodes of rows [begin, end). The rows from `end` on are
  // done, and are left as they are, for the other pass may be looking at them.
  absl::Status Backward(int begin, int end, const StopCondition& stop) {
    std::vector<double>& offsets = grid_.backward_offset;
    double offset = end <= grid_.band.sources() ? offsets[end] : 0;
    for (int row = end - 1; row >= begin; --row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      const int last = row + grid_.reach;
      if (last < end) offset += Recentre(row + 1, last, grid_.backward);
      std::fill(offsets.begin() + row, offsets.begin() + std::min(last + 1, end), offset);
      FillScores(row);
      BackwardRow(row);
      if (marks_) Mark(row);
    }
    return absl::OkStatus();
  }

  // From here on the sums of the other pass are there as well: marks nodes and beads
  // whose best path scores at least `least`.
  void MarkFrom(double least) {
    marks_ = true;
    least_ = least;
  }

 private:
  // Takes the best sum of row `first` off those of [first, last] if it has grown
  // large; returns what was taken.
  double Recentre(int first, int last, std::vector<float>& sums) const {
    const SearchBand& band = grid_.band;
    const auto begin = sums.begin() + band.Node(first, band.begin(first));
    const float best = *std::max_element(begin, begin + (band.end(first) - band.begin(first)));
    if (std::abs(best) < kSumMost) return 0;
    const auto end = sums.begin() + band.Node(last, band.end(last) - 1) + 1;
    for (auto sum = begin; sum != end; ++sum) *sum -= best;
    return best;
  }

  // The cosines of all beads that begin at `row` and the `width` columns from
  // `base`, one stride a shape. Beads outside the band get anything.
  void FillCosines(int row, int base, size_t width, std::vector<float>& cosines) {
    const SentenceCells& cells = grid_.sentences.cells();
    std::fill(column_sums_.begin(), column_sums_.end(), 0.0F);
    for (int k = 1; k <= grid_.reach && row + k <= grid_.band.sources(); ++k) {
      const int cell_row = row + k - 1;
      const int from = std::max(base, cells.begin(cell_row));
      const int to = std::min(base + static_cast<int>(width) + grid_.reach, cells.end(cell_row));
      std::fill(dots_.begin(), dots_.end(), 0.0F);
      if (from < to) {
        const float* dots = grid_.sentences.Dots(cell_row) + (from - cells.begin(cell_row));
        std::copy(dots, dots + (to - from), dots_.begin() + (from - base));
      }
      const size_t size = Padded(width + grid_.reach);
      HWY_DYNAMIC_DISPATCH(AddSimd)(column_sums_.data(), dots_.data(), size, column_sums_.data());
      std::copy(column_sums_.begin(), column_sums_.begin() + size, sums_.begin());
      const float inverse_norm = grid_.source.of(k).inverse_norm[row];
      for (int l = 1; l <= grid_.reach; ++l) {
        if (l > 1) {
          HWY_DYNAMIC_DISPATCH(AddSimd)
          (sums_.data(), column_sums_.data() + (l - 1), Padded(width), sums_.data());
        }
        const int shape = grid_.index[k][l];
        if (shape == 0 && (k > 1 || l > 1)) continue;
        HWY_DYNAMIC_DISPATCH(ProductSimd)
        (inverse_norm, sums_.data(), grid_.target.of(l).inverse_norm.data() + base, Padded(width),
         cosines.data() + stride_ * shape);
      }
    }
  }

  // The scores of all two-sided beads that begin in `row`, one stride a shape.
  void FillScores(int row) {
    const int base = grid_.band.begin(row);
    const size_t width = grid_.band.end(row) - base;
    FillCosines(row, base, width + 1, cosines_);
    FillCosines(row + 1, base, width, next_cosines_);
    const float ratio = grid_.sentences.length_ratio();
    for (size_t s = 0; s < grid_.shapes.size(); ++s) {
      const auto [k, l] = grid_.shapes[s];
      if (!grid_.shapes[s].two_sided() || row + k > grid_.band.sources()) continue;
      const Runs::Values& source = grid_.source.of(k);
      const Runs::Values& target = grid_.target.of(l);
      if (k + l > 2) FindHighest(grid_.shapes[s], Padded(width));
      const SketchTerms terms = {
          .source_neighbourhood = source.neighbourhood[row],
          .source_length = source.length[row] * ratio,
          .source_units = source.units[row],
          .prior =
              source.prior[row] + static_cast<float>(grid_.weights[ShapeFeature(grid_.shapes[s])]),
          .pairs = static_cast<float>(k + l) / 2,
          .random = grid_.sentences.scale().random,
          .inverse_range = 1 / grid_.sentences.scale().range(),
          .semantic = static_cast<float>(grid_.weights[kSemantic]),
          .cosine = static_cast<float>(grid_.weights[kCosine]),
          .margin = static_cast<float>(grid_.weights[kMargin]),
          .merge_gain = static_cast<float>(grid_.weights[kMergeGain]),
          .inverse_unit = 1 / std::max(1.0F, ratio),
          .length_near = static_cast<float>(grid_.weights[kLengthNear]),
          .length_deviation = static_cast<float>(grid_.weights[kLengthDeviation]),
          .sentence_count = static_cast<float>(grid_.weights[kSentenceCount]),
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
      const size_t rest = stride_ * grid_.index[shape.sources - 1][shape.targets];
      raise(next_cosines_.data() + rest);
      raise(cosines_.data() + rest);
    }
    if (shape.targets > 1) {
      const size_t rest = stride_ * grid_.index[shape.sources][shape.targets - 1];
      raise(cosines_.data() + rest + 1);
      raise(cosines_.data() + rest);
    }
  }

  // Calls visit(shape, from, to, scores, size) for the runs of nodes of `row`
  // from which a bead of the shape stays inside the band: their numbers, those
  // that they lead to, and their scores.
  template <typename Visit>
  void ForEachShape(int row, const Visit& visit) {
    for (size_t s = 0; s < grid_.shapes.size(); ++s) {
      const auto [k, l] = grid_.shapes[s];
      if (!grid_.shapes[s].two_sided() || row + k > grid_.band.sources()) continue;
      const int begin = std::max(grid_.band.begin(row), grid_.band.begin(row + k) - l);
      const int end = std::min(grid_.band.end(row), grid_.band.end(row + k) - l);
      if (begin >= end) continue;
      visit(s, grid_.band.Node(row, begin), grid_.band.Node(row + k, begin + l),
            scores_.data() + stride_ * s + (begin - grid_.band.begin(row)), end - begin);
    }
  }

  void ForwardRow(int row) {
    const SearchBand& band = grid_.band;
    std::vector<float>& forward = grid_.forward;
    const int begin = band.begin(row);
    const int end = band.end(row);
    float* const best = forward.data() + band.Node(row, begin);
    for (int column = begin; column + 1 < end; ++column) {
      best[column + 1 - begin] =
          std::max(best[column + 1 - begin], best[column - begin] + grid_.insertions[column]);
    }
    if (row == band.sources()) return;
    for (int column = std::max(begin, band.begin(row + 1)); column < end; ++column) {
      float& below = forward[band.Node(row + 1, column)];
      below = std::max(below, best[column - begin] + grid_.deletions[row]);
    }
    ForEachShape(row, [&](size_t, size_t from, size_t to, const float* scores, size_t size) {
      HWY_DYNAMIC_DISPATCH(RaiseBySumSimd)(&forward[from], scores, size, &forward[to]);
    });
  }

  void BackwardRow(int row) {
    const SearchBand& band = grid_.band;
    std::vector<float>& backward = grid_.backward;
    const int begin = band.begin(row);
    const int end = band.end(row);
    float* const best = backward.data() + band.Node(row, begin);
    if (row < band.sources()) {
      for (int column = std::max(begin, band.begin(row + 1)); column < end; ++column) {
        best[column - begin] = std::max(
            best[column - begin], backward[band.Node(row + 1, column)] + grid_.deletions[row]);
      }
    }
    ForEachShape(row, [&](size_t, size_t from, size_t to, const float* scores, size_t size) {
      HWY_DYNAMIC_DISPATCH(RaiseBySumSimd)(&backward[to], scores, size, &backward[from]);
    });
    for (int column = end - 2; column >= begin; --column) {
      best[column - begin] =
          std::max(best[column - begin], best[column + 1 - begin] + grid_.insertions[column]);
    }
  }

  void Mark(int row) {
    const SearchBand& band = grid_.band;
    const std::vector<float>& forward = grid_.forward;
    const std::vector<float>& backward = grid_.backward;
    const auto least = [&](int to_row) {
      return static_cast<float>(least_ - grid_.forward_offset[row] - grid_.backward_offset[to_row]);
    };
    ForEachShape(row, [&](size_t shape, size_t from, size_t to, const float* scores, size_t size) {
      HWY_DYNAMIC_DISPATCH(MarkSimd)
      (&forward[from], scores, &backward[to], least(row + grid_.shapes[shape].sources),
       uint32_t{1} << shape, size, &grid_.marks[from]);
    });
    const float least_here = least(row);
    for (int column = band.begin(row); column < band.end(row); ++column) {
      const size_t node = band.Node(row, column);
      if (forward[node] + backward[node] >= least_here) grid_.marks[node] |= kNodeKept;
    }
  }

  SketchGrid& grid_;
  bool marks_ = false;
  double least_ = 0;
  // Of one row, `stride_` floats each, or a shape.
  const size_t stride_;
  std::vector<float> cosines_;
  std::vector<float> next_cosines_;
  std::vector<float> scores_;
  std::vector<float> dots_;
  std::vector<float> column_sums_;
  std::vector<float> sums_;
  std::vector<float> highest_;
};

// The score of the best path, when forward sums are known of the rows before
// `middle` and backward sums of all others: the best over the nodes to which a bead
// leads from the former to the latter.
double BestScore(const SketchGrid& grid, int middle) {
  double best = -std::numeric_limits<double>::infinity();
  const int last = std::min(middle + grid.reach - 1, grid.band.sources());
  for (int row = middle; row <= last; ++row) {
    const double offset = grid.forward_offset[row] + grid.backward_offset[row];
    for (int column = grid.band.begin(row); column < grid.band.end(row); ++column) {
      const size_t node = grid.band.Node(row, column);
      best = std::max(best, offset + grid.forward[node] + grid.backward[node]);
    }
  }
  return best;
}

absl::Status RunPasses(SketchGrid& grid, const StopCondition& stop, Parallel& parallel) {
  const int rows = grid.band.sources() + 1;
  const int middle = rows / 2;
  SketchPass forward(grid);
  SketchPass backward(grid);
  grid.forward.front() = 0;
  grid.backward[grid.band.nodes() - 1] = 0;
  HEXAPLA_RETURN_IF_ERROR(RunParts(parallel, 2, [&](size_t part) {
    return part == 0 ? forward.Forward(0, middle, stop) : backward.Backward(middle, rows, stop);
  }));
  const double least = BestScore(grid, middle) - kSketchSlack;
  forward.MarkFrom(least);
  backward.MarkFrom(least);
  return RunParts(parallel, 2, [&](size_t part) {
    return part == 0 ? forward.Forward(middle, rows, stop) : backward.Backward(0, middle, stop);
  });
}

// The band of the nodes that were marked, and in it the beads.
CandidateBeads KeptOf(const SketchGrid& grid) {
  const SearchBand& band = grid.band;
  std::vector<int> begin(band.sources() + 1, band.targets() + 1);
  std::vector<int> end(band.sources() + 1, 0);
  for (int row = 0; row <= band.sources(); ++row) {
    for (int column = band.begin(row); column < band.end(row); ++column) {
      if ((grid.marks[band.Node(row, column)] & kNodeKept) == 0) continue;
      begin[row] = std::min(begin[row], column);
      end[row] = column + 1;
    }
  }
  CandidateBeads kept{SearchBand::OfRows(std::move(begin), std::move(end)), {}};
  kept.allowed.resize(kept.band.nodes());
  for (int row = 0; row <= band.sources(); ++row) {
    for (int column = kept.band.begin(row); column < kept.band.end(row); ++column) {
      kept.allowed[kept.band.Node(row, column)] = grid.marks[band.Node(row, column)] & ~kNodeKept;
    }
  }
  return kept;
}

}  // namespace

absl::StatusOr<CandidateBeads> SketchBeads(const SentenceSimilarity& sentences,
                                           const SearchBand& band,
                                           const std::vector<BeadShape>& shapes,
                                           const ScoringWeights& weights, const StopCondition& stop,
                                           Parallel& parallel) {
  const double cuts = weights.sketch[kCuts];
  std::optional<Runs> source;
  std::optional<Runs> target;
  RunBoth(
      parallel, [&] { source.emplace(sentences, sentences.source(), cuts); },
      [&] { target.emplace(sentences, sentences.target(), cuts); });
  SketchGrid grid(sentences, band, shapes, weights, *std::move(source), *std::move(target));
  HEXAPLA_RETURN_IF_ERROR(RunPasses(grid, stop, parallel));
  return KeptOf(grid);
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
