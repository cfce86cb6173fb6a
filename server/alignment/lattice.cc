// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/lattice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// As far as first_ counts.
constexpr size_t kScoresMax = std::numeric_limits<uint32_t>::max();

constexpr double kNever = -std::numeric_limits<double>::infinity();

// log(sum(exp(terms[0, n)))).
double LogSum(const double* terms, size_t n) {
  double most = kNever;
  for (size_t i = 0; i < n; ++i) most = std::max(most, terms[i]);
  if (most == kNever) return kNever;
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += std::exp(terms[i] - most);
  return most + std::log(sum);
}

}  // namespace

Lattice::Lattice(const SearchBand& band, const std::vector<BeadShape>& shapes)
    : band_(band),
      shapes_(shapes),
      words_((shapes.size() + 31) / 32),
      allowed_(band.nodes() * words_),
      first_(band.nodes()) {}

void Lattice::ScoreRow(int row, BeadScoreFunction score, std::vector<float>& scores) {
  for (int column = band_.begin(row); column < band_.end(row); ++column) {
    const size_t node = band_.Node(row, column);
    first_[node] = static_cast<uint32_t>(scores.size());
    for (size_t s = 0; s < shapes_.size(); ++s) {
      if (!Inside(row, column, shapes_[s])) continue;
      const auto value = static_cast<float>(score(row, column, shapes_[s]));
      if (value == kNever) continue;
      allowed_[node * words_ + s / 32] |= uint32_t{1} << s % 32;
      scores.push_back(value);
    }
  }
}

absl::Status Lattice::Score(BeadScoreFunction score, const StopCondition& stop,
                            Parallel& parallel) {
  const int rows = band_.sources() + 1;
  std::vector<std::vector<float>> parts((rows + kRowsOfPart - 1) / kRowsOfPart);
  const auto score_rows = [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      HEXAPLA_RETURN_IF_ERROR(stop.Check());
      ScoreRow(row, score, parts[begin / kRowsOfPart]);
    }
    return absl::OkStatus();
  };
  HEXAPLA_RETURN_IF_ERROR(RunRows(parallel, rows, score_rows));
  size_t total = 0;
  for (const std::vector<float>& part : parts) total += part.size();
  if (total > kScoresMax) {
    return absl::ResourceExhaustedError(absl::StrCat(total, " beads of ", band_.sources(),
                                                     " source sentences are possible, more than ",
                                                     kScoresMax, "; align shorter parts"));
  }
  scores_.reserve(total);
  for (size_t part = 0; part < parts.size(); ++part) {
    const int begin = static_cast<int>(part) * kRowsOfPart;
    const int last = std::min(rows, begin + kRowsOfPart) - 1;
    const auto before = static_cast<uint32_t>(scores_.size());
    const size_t end = band_.Node(last, band_.end(last) - 1) + 1;
    for (size_t node = band_.Node(begin, band_.begin(begin)); node < end; ++node) {
      first_[node] += before;
    }
    scores_.insert(scores_.end(), parts[part].begin(), parts[part].end());
    parts[part] = {};
  }
  return absl::OkStatus();
}

template <typename Visit>
void Lattice::ForEachInto(int row, int column, const Visit& visit) const {
  for (size_t s = 0; s < shapes_.size(); ++s) {
    const int from_row = row - shapes_[s].sources;
    const int from_column = column - shapes_[s].targets;
    if (!band_.Contains(from_row, from_column)) continue;
    const size_t from = band_.Node(from_row, from_column);
    if (Has(from, s)) visit(from_row, from_column, from, s);
  }
}

absl::StatusOr<double> Lattice::Forward(const StopCondition& stop) {
  forward_.assign(band_.nodes(), kNever);
  forward_[0] = 0;
  std::vector<double> terms(shapes_.size());
  for (int row = 0; row <= band_.sources(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (int column = band_.begin(row); column < band_.end(row); ++column) {
      size_t n = 0;
      ForEachInto(row, column, [&](int, int, size_t from, size_t s) {
        terms[n++] = forward_[from] + score(from, s);
      });
      if (n > 0) forward_[band_.Node(row, column)] = LogSum(terms.data(), n);
    }
  }
  return forward_.back();
}

absl::Status Lattice::Backward(const StopCondition& stop) {
  backward_.assign(band_.nodes(), kNever);
  backward_.back() = 0;
  std::vector<double> terms(shapes_.size());
  for (int row = band_.sources(); row >= 0; --row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (int column = band_.end(row) - 1; column >= band_.begin(row); --column) {
      const size_t node = band_.Node(row, column);
      size_t n = 0;
      for (size_t s = 0; s < shapes_.size(); ++s) {
        if (!Has(node, s)) continue;
        const size_t to = band_.Node(row + shapes_[s].sources, column + shapes_[s].targets);
        terms[n++] = backward_[to] + score(node, s);
      }
      if (n > 0) backward_[node] = LogSum(terms.data(), n);
    }
  }
  return absl::OkStatus();
}

double Lattice::Posterior(int row, int column, size_t shape) const {
  const size_t from = band_.Node(row, column);
  const size_t to = band_.Node(row + shapes_[shape].sources, column + shapes_[shape].targets);
  return std::exp(
      std::min(0.0, forward_[from] + score(from, shape) + backward_[to] - forward_.back()));
}

absl::StatusOr<std::vector<Bead>> Lattice::BestPath(
    absl::FunctionRef<double(int row, int column, size_t shape)> gain,
    const StopCondition& stop) const {
  std::vector<double> best(band_.nodes(), kNever);
  std::vector<uint8_t> last(band_.nodes());
  best[0] = 0;
  for (int row = 0; row <= band_.sources(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (int column = band_.begin(row); column < band_.end(row); ++column) {
      const size_t node = band_.Node(row, column);
      ForEachInto(row, column, [&](int from_row, int from_column, size_t from, size_t s) {
        if (best[from] == kNever) return;
        const double total = best[from] + gain(from_row, from_column, s);
        if (total > best[node]) {
          best[node] = total;
          last[node] = static_cast<uint8_t>(s);
        }
      });
    }
  }
  std::vector<Bead> beads;
  for (int row = band_.sources(), column = band_.targets(); row > 0 || column > 0;) {
    const BeadShape shape = shapes_[last[band_.Node(row, column)]];
    beads.push_back(
        {.source = {row - shape.sources, row}, .target = {column - shape.targets, column}});
    row -= shape.sources;
    column -= shape.targets;
  }
  std::reverse(beads.begin(), beads.end());
  return beads;
}

}  // namespace hexapla
