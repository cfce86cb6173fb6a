// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/exhaustive_aligner.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hexapla::testing {
namespace {

// Appends every alignment that goes on from the end of `path`.
void ListFrom(const SearchBand& band, const std::vector<BeadShape>& shapes, int row, int column,
              std::vector<Bead>& path, std::vector<std::vector<Bead>>& alignments) {
  if (row == band.sources() && column == band.targets()) alignments.push_back(path);
  for (const BeadShape& shape : shapes) {
    const int next_row = row + shape.sources;
    const int next_column = column + shape.targets;
    if (!band.Contains(next_row, next_column)) continue;
    path.push_back({.source = {row, next_row}, .target = {column, next_column}});
    ListFrom(band, shapes, next_row, next_column, path, alignments);
    path.pop_back();
  }
}

bool MeanTheSame(const Bead& a, const Bead& b) {
  if (a.target.empty() && b.target.empty()) return a.source == b.source;
  if (a.source.empty() && b.source.empty()) return a.target == b.target;
  return a == b;
}

}  // namespace

ExhaustiveAligner::ExhaustiveAligner(const SearchBand& band, const std::vector<BeadShape>& shapes,
                                     BeadScoreFunction score) {
  std::vector<Bead> path;
  ListFrom(band, shapes, 0, 0, path, alignments_);
  for (const std::vector<Bead>& alignment : alignments_) {
    double sum = 0;
    for (const Bead& bead : alignment) {
      sum += score(bead.source.begin, bead.target.begin, {bead.source.size(), bead.target.size()});
    }
    weights_.push_back(std::exp(sum));
    total_ += weights_.back();
  }
}

double ExhaustiveAligner::LogPartition() const { return std::log(total_); }

double ExhaustiveAligner::Posterior(const Bead& bead) const {
  double weight = 0;
  for (size_t a = 0; a < alignments_.size(); ++a) {
    const auto same = [&](const Bead& other) { return MeanTheSame(bead, other); };
    if (std::any_of(alignments_[a].begin(), alignments_[a].end(), same)) weight += weights_[a];
  }
  return weight / total_;
}

double ExhaustiveAligner::BestGain(absl::FunctionRef<double(const Bead&)> gain) const {
  double best = -std::numeric_limits<double>::infinity();
  for (const std::vector<Bead>& alignment : alignments_) {
    double sum = 0;
    for (const Bead& bead : alignment) sum += gain(bead);
    best = std::max(best, sum);
  }
  return best;
}

}  // namespace hexapla::testing
