// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/band_finder.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "server/alignment/lattice.h"
#include "server/alignment/monotonic_aligner.h"
#include "server/base/status_macros.h"
#include "server/similarity/cosine.h"

namespace hexapla {
namespace {

using Path = std::vector<std::pair<int, int>>;

// A cosine under this is worth less than leaving both sides alone.
constexpr double kCosineOfNothing = 0.15;
// At the coarse levels a path may stray further before it is refined.
constexpr int kCoarseRadius = 8;

// Sentence vectors less the document's mean, of length 1.
EmbeddingMatrix Centred(const EmbeddedDocument& document) {
  EmbeddingMatrix vectors = document.sentence_vectors;
  const int dimension = vectors.dimension();
  std::vector<double> mean(dimension);
  for (size_t s = 0; s < vectors.rows(); ++s) {
    for (int k = 0; k < dimension; ++k) mean[k] += vectors.row(s)[k];
  }
  const double tokens = std::max<double>(1, static_cast<double>(document.tokens.size()));
  for (size_t s = 0; s < vectors.rows(); ++s) {
    const double share = document.tokens_of(static_cast<int>(s)) / tokens;
    for (int k = 0; k < dimension; ++k) {
      vectors.row(s)[k] -= static_cast<float>(share * mean[k]);
    }
  }
  return vectors;
}

EmbeddingMatrix Halved(const EmbeddingMatrix& vectors) {
  EmbeddingMatrix halved((vectors.rows() + 1) / 2, vectors.dimension());
  for (size_t s = 0; s < vectors.rows(); ++s) {
    for (int k = 0; k < vectors.dimension(); ++k) halved.row(s / 2)[k] += vectors.row(s)[k];
  }
  return halved;
}

// The best path of 1-1 beads and deletions by cosine alone.
absl::StatusOr<Path> CosinePath(EmbeddingMatrix source, EmbeddingMatrix target,
                                const SearchBand& band, const StopCondition& stop) {
  NormalizeRows(source);
  NormalizeRows(target);
  const std::vector<BeadShape> shapes = BeadShapes(1, /*merges=*/false);
  const Lattice lattice(band, shapes);
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<Bead> beads,
                           lattice.BestPath(
                               [&](int row, int column, size_t shape) {
                                 if (!shapes[shape].two_sided()) return 0.0;
                                 return InnerProduct(source.row(row), target.row(column),
                                                     source.dimension()) -
                                        kCosineOfNothing;
                               },
                               stop));
  Path path = {{0, 0}};
  for (const Bead& bead : beads) path.emplace_back(bead.source.end, bead.target.end);
  return path;
}

absl::StatusOr<Path> CoarsePath(EmbeddingMatrix source, EmbeddingMatrix target,
                                const BandOptions& options, const StopCondition& stop) {
  const int rows = static_cast<int>(source.rows());
  const int columns = static_cast<int>(target.rows());
  if (static_cast<size_t>(rows + 1) * (columns + 1) <= options.full_nodes_max) {
    const SearchBand whole = SearchBand::Full(rows, columns);
    return CosinePath(std::move(source), std::move(target), whole, stop);
  }
  HEXAPLA_ASSIGN_OR_RETURN(Path path, CoarsePath(Halved(source), Halved(target), options, stop));
  for (auto& [row, column] : path) {
    row = std::min(2 * row, rows);
    column = std::min(2 * column, columns);
  }
  const SearchBand band = SearchBand::Around(path, rows, columns, kCoarseRadius);
  return CosinePath(std::move(source), std::move(target), band, stop);
}

}  // namespace

absl::StatusOr<SearchBand> FindBand(const EmbeddedDocument& source, const EmbeddedDocument& target,
                                    const BandOptions& options, const StopCondition& stop) {
  if (static_cast<size_t>(source.size() + 1) * (target.size() + 1) <= options.full_nodes_max &&
      source.tokens.size() * target.tokens.size() <= options.full_token_pairs_max) {
    return SearchBand::Full(source.size(), target.size());
  }
  HEXAPLA_ASSIGN_OR_RETURN(const Path path,
                           CoarsePath(Centred(source), Centred(target), options, stop));
  return SearchBand::Around(path, source.size(), target.size(), options.radius);
}

}  // namespace hexapla
