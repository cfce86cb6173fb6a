// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/band_finder.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

#include "server/base/status_macros.h"
#include "server/embedding/vector_sum.h"
#include "server/similarity/centred_sentences.h"
#include "server/similarity/cosine.h"

namespace hexapla {
namespace {

using Path = std::vector<std::pair<int, int>>;

// A cosine under this is worth less than leaving both sides alone.
constexpr float kCosineOfNothing = 0.15F;
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

// A document at every coarseness: level 0 has its sentence vectors less their
// share of the mean, each level has those of the one before added up in pairs.
std::vector<UnitRows> PyramidOf(const EmbeddedDocument& document, const EmbeddingMatrix& vectors,
                                size_t levels) {
  const int dimension = vectors.dimension();
  const CentredSentences centre(document, vectors);
  std::vector<UnitRows> pyramid;
  EmbeddingMatrix sums((vectors.rows() + 1) / 2, dimension);
  std::vector<float> centred(dimension);
  pyramid.emplace_back(vectors.rows(), dimension);
  for (size_t s = 0; s < vectors.rows(); ++s) {
    centre.Get(static_cast<int>(s), centred.data());
    pyramid.back().Set(s, centred.data());
    AddVector(centred.data(), dimension, sums.row(s / 2));
  }
  while (pyramid.size() < levels) {
    pyramid.emplace_back(sums);
    EmbeddingMatrix halved((sums.rows() + 1) / 2, dimension);
    for (size_t s = 0; s < sums.rows(); ++s) AddVector(sums.row(s), dimension, halved.row(s / 2));
    sums = std::move(halved);
  }
  return pyramid;
}

// The best path of 1-1 beads and deletions by cosine alone.
absl::StatusOr<Path> CosinePath(const UnitRows& source, const UnitRows& target,
                                const SearchBand& band, const StopCondition& stop) {
  enum Step : uint8_t { kInsertion, kDeletion, kPair };
  std::vector<double> best(band.nodes(), -std::numeric_limits<double>::infinity());
  std::vector<Step> last(band.nodes(), kInsertion);
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
    for (int column = begin; column + 1 < end; ++column) {
      reach(band.Node(row, column + 1), best[band.Node(row, column)], kInsertion);
    }
    if (row == band.sources()) break;
    const int pairs_end = std::min(end, band.targets());
    UnitRows::Cosines(source, row, target, begin, std::max(begin, pairs_end), cosines.data());
    for (int column = begin; column < end; ++column) {
      const double score = best[band.Node(row, column)];
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
    const Step step = last[band.Node(row, column)];
    if (step != kInsertion) --row;
    if (step != kDeletion) --column;
  }
  path.emplace_back(0, 0);
  std::reverse(path.begin(), path.end());
  return path;
}

absl::StatusOr<Path> FinestPath(const EmbeddedDocument& source, const EmbeddedDocument& target,
                                bool semantic, const BandOptions& options,
                                const StopCondition& stop) {
  const auto halved = [](int size, size_t level) {
    for (; level > 0; --level) size = (size + 1) / 2;
    return size;
  };
  size_t level = 0;
  const auto nodes = [&] {
    return static_cast<size_t>(halved(source.size(), level) + 1) *
           (halved(target.size(), level) + 1);
  };
  while (nodes() > options.full_nodes_max && halved(source.size(), level) > 1 &&
         halved(target.size(), level) > 1) {
    ++level;
  }
  const auto pyramid = [&](const EmbeddedDocument& document, const EmbeddedDocument& other) {
    return semantic ? PyramidOf(document, document.sentence_vectors, level + 1)
                    : PyramidOf(document, SpellingVectors(document, other), level + 1);
  };
  const std::vector<UnitRows> sources = pyramid(source, target);
  HEXAPLA_RETURN_IF_ERROR(stop.Check());
  const std::vector<UnitRows> targets = pyramid(target, source);
  SearchBand band = SearchBand::Full(static_cast<int>(sources[level].rows()),
                                     static_cast<int>(targets[level].rows()));
  while (true) {
    HEXAPLA_ASSIGN_OR_RETURN(Path path, CosinePath(sources[level], targets[level], band, stop));
    if (level == 0) return path;
    --level;
    const auto rows = static_cast<int>(sources[level].rows());
    const auto columns = static_cast<int>(targets[level].rows());
    for (auto& [row, column] : path) {
      row = std::min(2 * row, rows);
      column = std::min(2 * column, columns);
    }
    band = SearchBand::Around(path, rows, columns, kCoarseRadius);
  }
}

}  // namespace

absl::StatusOr<SearchBand> FindBand(const EmbeddedDocument& source, const EmbeddedDocument& target,
                                    bool semantic, const BandOptions& options,
                                    const StopCondition& stop) {
  if (static_cast<size_t>(source.size() + 1) * (target.size() + 1) <= options.full_nodes_max &&
      source.tokens.size() * target.tokens.size() <= options.full_token_pairs_max) {
    return SearchBand::Full(source.size(), target.size());
  }
  HEXAPLA_ASSIGN_OR_RETURN(const Path path, FinestPath(source, target, semantic, options, stop));
  return SearchBand::Around(path, source.size(), target.size(), options.radius);
}

}  // namespace hexapla
