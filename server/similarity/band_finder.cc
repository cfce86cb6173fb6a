// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/band_finder.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

#include "server/base/status_macros.h"
#include "server/similarity/cosine.h"

namespace hexapla {
namespace {

using Path = std::vector<std::pair<int, int>>;

// A cosine under this is worth less than leaving both sides alone.
constexpr float kCosineOfNothing = 0.15F;
// What a step costs where one text is at its beginning and the other at its end, less
// the nearer: so little that only ways equally good are told apart by it.
constexpr float kOutOfStep = 0.03F;
// At the coarse levels a path may stray further before it is refined.
constexpr int kCoarseRadius = 8;

// The dimension of vectors made of spellings.
constexpr int kSpellingDimension = 64;

// A direction for each spelling, nearly at right angles to those of all others.
void AddSpelling(absl::string_view text, float weight, float* sum) {
  uint64_t bits = 0xCBF29CE484222325;  // FNV-1a; the same on every machine
  for (const char c : text) bits = (bits ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  for (int k = 0; k < kSpellingDimension; ++k) {
    bits = bits * 6364136223846793005 + 1442695040888963407;
    sum[k] += (bits >> 63) != 0 ? weight : -weight;
  }
}

// Sentences as sums of the words that the other document spells alike, rare ones
// most: numbers and names, where nothing is known of the others.
EmbeddingMatrix SpellingVectors(const EmbeddedDocument& document, const EmbeddedDocument& other) {
  absl::flat_hash_set<absl::string_view> spellings;
  for (const EmbeddedDocument::Word& word : other.words) spellings.insert(word.text);
  EmbeddingMatrix vectors(document.size(), kSpellingDimension);
  for (int s = 0; s < document.size(); ++s) {
    for (int t = document.token_begin[s]; t < document.token_begin[s + 1]; ++t) {
      const EmbeddedDocument::Word& word = document.words[document.tokens[t]];
      if (!spellings.contains(word.text)) continue;
      AddSpelling(word.text, 1 / static_cast<float>(word.sentences), vectors.row(s));
    }
  }
  return vectors;
}

// One side of a grid: the sentences of a document, or 2^level neighbours each.
struct Side {
  const UnitRows& directions;
  std::vector<float> shares_before;  // of the text, before each of them and the end
};

std::vector<float> SharesBefore(const EmbeddedDocument& document, size_t level) {
  const auto total = std::reduce(document.lengths.begin(), document.lengths.end(), int64_t{0});
  const double share = 1 / static_cast<double>(std::max<int64_t>(total, 1));
  std::vector<float> shares;
  int64_t before = 0;
  for (int s = 0; s < document.size(); ++s) {
    if (s % (1 << level) == 0) {
      shares.push_back(static_cast<float>(static_cast<double>(before) * share));
    }
    before += document.lengths[s];
  }
  shares.push_back(1);
  return shares;
}

// The best path of 1-1 beads and deletions by cosine, and of those as good the one
// that keeps step: in a text that repeats itself nothing else tells them apart.
absl::StatusOr<Path> CosinePath(const Side& source, const Side& target, const SearchBand& band,
                                const StopCondition& stop) {
  enum Step : uint8_t { kInsertion, kDeletion, kPair };
  std::vector<double> best(band.nodes(), -std::numeric_limits<double>::infinity());
  std::vector<uint8_t> last(band.nodes(), kInsertion);
  std::vector<float> cosines(band.targets());
  best[0] = 0;
  const auto reach = [&](size_t node, double score, Step step) {
    if (score <= best[node]) return;
    best[node] = score;
    last[node] = step;
  };
  for (int row = 0; row <= band.sources(); ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    const int begin = band.begin(row);
    const int end = band.end(row);
    const auto cost = [&](int column) {
      return kOutOfStep * std::abs(source.shares_before[row] - target.shares_before[column]);
    };
    for (int column = begin; column + 1 < end; ++column) {
      reach(band.Node(row, column + 1), best[band.Node(row, column)] - cost(column), kInsertion);
    }
    if (row == band.sources()) break;
    const int pairs_end = std::min(end, band.targets());
    UnitRows::Cosines(source.directions, row, target.directions, begin, std::max(begin, pairs_end),
                      cosines.data());
    for (int column = begin; column < end; ++column) {
      const double score = best[band.Node(row, column)] - cost(column);
      if (band.Contains(row + 1, column)) reach(band.Node(row + 1, column), score, kDeletion);
      if (band.Contains(row + 1, column + 1)) {
        // Exactly 0 where one has no words: then a pair is as good as none, and of
        // equal ways the first, straight on, is taken.
        const float cosine = cosines[column - begin];
        const float gain = cosine == 0 ? 0 : cosine - kCosineOfNothing;
        reach(band.Node(row + 1, column + 1), score + gain, kPair);
      }
    }
  }
  Path path;
  for (int row = band.sources(), column = band.targets(); row > 0 || column > 0;) {
    path.emplace_back(row, column);
    const uint8_t step = last[band.Node(row, column)];
    if (step != kInsertion) --row;
    if (step != kDeletion) --column;
  }
  path.emplace_back(0, 0);
  std::reverse(path.begin(), path.end());
  return path;
}

// `source` and `target` are what is known of the sentences of both documents.
absl::StatusOr<Path> FinestPath(const EmbeddedDocument& source_document,
                                const CentredVectors& source,
                                const EmbeddedDocument& target_document,
                                const CentredVectors& target, const BandOptions& options,
                                const StopCondition& stop, Parallel& parallel) {
  size_t level = 0;
  const auto halved = [&](const CentredVectors& vectors) {
    return ((vectors.size() - 1) >> level) + 1;
  };
  const auto nodes = [&] {
    return static_cast<size_t>(halved(source) + 1) * static_cast<size_t>(halved(target) + 1);
  };
  while (nodes() > options.full_nodes_max && halved(source) > 1 && halved(target) > 1) ++level;
  SearchBand band = SearchBand::Full(halved(source), halved(target));
  for (; level > 0; --level) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    HEXAPLA_ASSIGN_OR_RETURN(const UnitRows sources, source.Coarse(level, stop, parallel));
    HEXAPLA_ASSIGN_OR_RETURN(const UnitRows targets, target.Coarse(level, stop, parallel));
    HEXAPLA_ASSIGN_OR_RETURN(
        Path path, CosinePath({sources, SharesBefore(source_document, level)},
                              {targets, SharesBefore(target_document, level)}, band, stop));
    const int rows = ((source.size() - 1) >> (level - 1)) + 1;
    const int columns = ((target.size() - 1) >> (level - 1)) + 1;
    for (auto& [row, column] : path) {
      row = std::min(2 * row, rows);
      column = std::min(2 * column, columns);
    }
    band = SearchBand::Around(path, rows, columns, kCoarseRadius);
  }
  return CosinePath({source.directions(), SharesBefore(source_document, 0)},
                    {target.directions(), SharesBefore(target_document, 0)}, band, stop);
}

absl::StatusOr<Path> FinestPathBySpelling(const EmbeddedDocument& source,
                                          const EmbeddedDocument& target,
                                          const BandOptions& options, const StopCondition& stop,
                                          Parallel& parallel) {
  HEXAPLA_ASSIGN_OR_RETURN(
      const CentredVectors sources,
      CentredVectors::Create(source, SpellingVectors(source, target), stop, parallel));
  HEXAPLA_ASSIGN_OR_RETURN(
      const CentredVectors targets,
      CentredVectors::Create(target, SpellingVectors(target, source), stop, parallel));
  return FinestPath(source, sources, target, targets, options, stop, parallel);
}

}  // namespace

absl::StatusOr<SearchBand> FindBand(const CentredDocument& source, const CentredDocument& target,
                                    bool semantic, const BandOptions& options,
                                    const StopCondition& stop, Parallel& parallel) {
  const EmbeddedDocument& sources = source.document();
  const EmbeddedDocument& targets = target.document();
  if (static_cast<size_t>(sources.size() + 1) * (targets.size() + 1) <= options.full_nodes_max &&
      sources.tokens.size() * targets.tokens.size() <= options.full_token_pairs_max) {
    return SearchBand::Full(sources.size(), targets.size());
  }
  HEXAPLA_ASSIGN_OR_RETURN(
      const Path path, semantic ? FinestPath(sources, source.vectors(), targets, target.vectors(),
                                             options, stop, parallel)
                                : FinestPathBySpelling(sources, targets, options, stop, parallel));
  return SearchBand::Around(path, sources.size(), targets.size(), options.radius);
}

}  // namespace hexapla
