// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/sentence_similarity.h"

#include <cmath>
#include <numeric>

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// How many of the nearest sentences make a neighbourhood.
constexpr size_t kNeighbours = 3;
// The usual typical cosine, and how many pairs of this document outweigh it.
constexpr float kUsualCosine = 0.55F;
constexpr float kUsualPairs = 4;
// Random pairs lie no higher.
constexpr double kRandomCosineMost = 0.3;
// Least distance between random and typical.
constexpr float kScaleMin = 0.2F;

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

float SumOver(const std::vector<int32_t>& values, SentenceRun run) {
  return static_cast<float>(
      std::accumulate(values.begin() + run.begin, values.begin() + run.end, int32_t{0}));
}

}  // namespace

void SimilarityScale::SetTypical(double mean) {
  typical = std::max(static_cast<float>(mean), random + kScaleMin);
}

SentenceSimilarity::SentenceSimilarity(const EmbeddedDocument& source,
                                       const EmbeddedDocument& target, const SearchBand& band,
                                       int run_size_max, bool semantic)
    : run_size_max_(run_size_max),
      semantic_(semantic),
      cells_(band, run_size_max),
      dots_(cells_.size()) {
  const auto prepare = [&](const EmbeddedDocument& document, Side& side) {
    const int size = document.size();
    side.document = &document;
    side.gram.resize(static_cast<size_t>(size) * run_size_max);
    for (const uint8_t cut : document.cut_after) side.cut_share += cut;
    side.cut_share /= static_cast<float>(std::max(1, size));
    side.mean_length =
        SumOver(document.lengths, {0, size}) / static_cast<float>(std::max(1, size)) + 1;
  };
  prepare(source, source_);
  prepare(target, target_);
}

absl::StatusOr<SentenceSimilarity> SentenceSimilarity::Create(
    const CentredDocument& source, const CentredDocument& target, const SearchBand& band,
    int run_size_max, bool semantic, const StopCondition& stop, Parallel& parallel) {
  SentenceSimilarity similarity(source.document(), target.document(), band, run_size_max, semantic);
  if (semantic) {
    HEXAPLA_RETURN_IF_ERROR(
        similarity.FillGram(source.vectors(), stop, parallel, similarity.source_));
    HEXAPLA_RETURN_IF_ERROR(
        similarity.FillGram(target.vectors(), stop, parallel, similarity.target_));
    HEXAPLA_RETURN_IF_ERROR(
        similarity.FillDots(source.vectors(), target.vectors(), stop, parallel));
  }
  HEXAPLA_RETURN_IF_ERROR(similarity.Summarize(stop));
  return similarity;
}

absl::Status SentenceSimilarity::FillGram(const CentredVectors& vectors, const StopCondition& stop,
                                          Parallel& parallel, Side& side) const {
  const int size = vectors.size();
  return RunRows(parallel, size, [&](int begin, int end) {
    for (int s = begin; s < end; ++s) {
      const int last = std::min(size, s + run_size_max_);
      float* const gram = &side.gram[static_cast<size_t>(s) * run_size_max_];
      UnitRows::Cosines(vectors.directions(), s, vectors.directions(), s, last, gram);
      for (int t = s; t < last; ++t) gram[t - s] *= vectors.length(s) * vectors.length(t);
    }
    return stop.Check();
  });
}

absl::Status SentenceSimilarity::FillDots(const CentredVectors& source,
                                          const CentredVectors& target, const StopCondition& stop,
                                          Parallel& parallel) {
  return RunRows(parallel, cells_.rows(), [&](int first, int last) {
    for (int row = first; row < last; ++row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      const int begin = cells_.begin(row);
      const int end = cells_.end(row);
      float* const dots = dots_.data() + cells_.Index(row, begin);
      UnitRows::Cosines(source.directions(), row, target.directions(), begin, end, dots);
      for (int column = begin; column < end; ++column) {
        dots[column - begin] *= source.length(row) * target.length(column);
      }
    }
    return absl::OkStatus();
  });
}

absl::Status SentenceSimilarity::Summarize(const StopCondition& stop) {
  const int sources = cells_.rows();
  const int targets = cells_.columns();
  std::vector<float> target_norms(targets);
  for (int j = 0; j < targets; ++j) target_norms[j] = Norm(target_, {j, j + 1});
  std::vector<Highest> rows(sources);
  std::vector<Highest> columns(targets);
  std::vector<int> best_column(sources, -1);
  std::vector<int> best_row(targets, -1);
  double sum = 0;
  for (int i = 0; i < sources; ++i) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    const float norm = Norm(source_, {i, i + 1});
    for (int j = cells_.begin(i); j < cells_.end(i); ++j) {
      const float cosine = Dot(i, j) / (norm * target_norms[j]);
      if (best_column[i] < 0 || cosine > rows[i].Best()) best_column[i] = j;
      if (best_row[j] < 0 || cosine > columns[j].Best()) best_row[j] = i;
      rows[i].Add(cosine);
      columns[j].Add(cosine);
      sum += cosine;
    }
  }
  double mutual_sum = kUsualCosine * kUsualPairs;
  for (int i = 0; i < sources; ++i) {
    const int j = best_column[i];
    if (j < 0 || best_row[j] != i) continue;
    mutual_.push_back({i, j});
    mutual_sum += rows[i].Best();
  }
  scale_.random = static_cast<float>(
      std::min(kRandomCosineMost, sum / static_cast<double>(std::max<size_t>(1, cells_.size()))));
  scale_.SetTypical(mutual_sum / (static_cast<double>(mutual_.size()) + kUsualPairs));
  const auto keep = [](const std::vector<Highest>& all, Side& side) {
    for (const Highest& highest : all) {
      side.neighbourhood.push_back(highest.Mean());
      side.best_cosine.push_back(highest.Best());
    }
  };
  keep(rows, source_);
  keep(columns, target_);
  length_ratio_ = (SumOver(target_.document->lengths, {0, targets}) + 1) /
                  (SumOver(source_.document->lengths, {0, sources}) + 1);
  return absl::OkStatus();
}

float SentenceSimilarity::Norm(const Side& side, SentenceRun run) const {
  float sum = 0;
  for (int s = run.begin; s < run.end; ++s) {
    const float* gram = &side.gram[static_cast<size_t>(s) * run_size_max_];
    sum += gram[0];
    for (int d = 1; s + d < run.end; ++d) sum += 2 * gram[d];
  }
  return std::sqrt(std::max(sum, 0.0F)) + 1e-9F;
}

float SentenceSimilarity::Cosine(SentenceRun source, SentenceRun target) const {
  if (!semantic_) return 0;
  float sum = 0;
  for (int i = source.begin; i < source.end; ++i) {
    for (int j = target.begin; j < target.end; ++j) sum += Dot(i, j);
  }
  return sum / (Norm(source_, source) * Norm(target_, target));
}

float SentenceSimilarity::MergeGain(SentenceRun source, SentenceRun target, float cosine) const {
  float highest = -1;
  if (source.size() > 1) {
    highest = std::max({highest, Cosine({source.begin + 1, source.end}, target),
                        Cosine({source.begin, source.end - 1}, target)});
  }
  if (target.size() > 1) {
    highest = std::max({highest, Cosine(source, {target.begin + 1, target.end}),
                        Cosine(source, {target.begin, target.end - 1})});
  }
  return (cosine - highest) / scale_.range();
}

float SentenceSimilarity::Mean(const std::vector<float>& values, SentenceRun run) {
  float sum = 0;
  for (int s = run.begin; s < run.end; ++s) sum += values[s];
  return sum / static_cast<float>(run.size());
}

float SentenceSimilarity::Cuts(const Side& side, SentenceRun run) {
  float cuts = 0;
  for (int s = run.begin; s + 1 < run.end; ++s) {
    cuts += static_cast<float>(side.document->cut_after[s]) - side.cut_share;
  }
  return cuts;
}

float SentenceSimilarity::LengthDeviation(SentenceRun source, SentenceRun target) const {
  const float source_length = SumOver(source_.document->lengths, source);
  const float target_length = SumOver(target_.document->lengths, target);
  // Both in characters of the longer language, so that neither side is favoured.
  const float scaled = source_length * length_ratio_;
  const float unit = std::max(1.0F, length_ratio_);
  const float difference = (target_length - scaled) / unit;
  return difference /
         std::sqrt(kLengthVariance * ((target_length + scaled) / (2 * unit) + kLengthUncertain));
}

}  // namespace hexapla
