// SPDX-License-Identifier: Apache-2.0
#include "training/alignment_field.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "absl/numeric/bits.h"

#include "server/alignment/lattice.h"
#include "server/similarity/band_finder.h"
#include "server/similarity/sentence_features.h"

namespace hexapla::training {
namespace {

constexpr int kBandRadius = 14;
constexpr int kBeadSizeMax = 5;
// A candidate is possible if a field of half the scores, in which more survives,
// gives it so much.
constexpr double kFlatten = 0.5;
constexpr double kPossible = 2e-5;
constexpr double kNever = -std::numeric_limits<double>::infinity();

double Score(const BeadWeights& weights, const BeadFeatureVector& features) {
  double score = 0;
  for (int k = 0; k < kBeadFeatures; ++k) score += weights[k] * features[k];
  return score;
}

void LogAdd(double& sum, double term) {
  if (term == kNever) return;
  const double high = std::max(sum, term);
  const double low = std::min(sum, term);
  sum = low == kNever ? high : high + std::log1p(std::exp(low - high));
}

// The server's own band, or one around the gold where that would leave it.
SearchBand BandOf(const EmbeddedDocument& source, const EmbeddedDocument& target, bool semantic,
                  const std::vector<Bead>& beads) {
  std::vector<std::pair<int, int>> path = {{0, 0}};
  for (const Bead& bead : beads) path.emplace_back(bead.source.end, bead.target.end);
  const SearchBand band = *FindBand(source, target, semantic, {}, {});
  const bool holds = std::all_of(path.begin(), path.end(), [&](const auto& node) {
    return band.Contains(node.first, node.second);
  });
  return holds ? band : SearchBand::Around(path, source.size(), target.size(), kBandRadius);
}

EmbeddedDocument Embed(const std::vector<std::string>& lines, const SentenceEmbedder& embedder) {
  return *EmbedDocument({lines.begin(), lines.end()}, embedder, {});
}

}  // namespace

AlignmentField::AlignmentField(GoldPair gold, const SentenceEmbedder& embedder,
                               const std::vector<BeadShape>& shapes)
    : gold_(std::move(gold)),
      shapes_(shapes),
      source_(Embed(gold_.source, embedder)),
      target_(Embed(gold_.target, embedder)),
      semantic_(Covers(embedder, gold_.source_language) && Covers(embedder, gold_.target_language)),
      wide_band_(SearchBand::Full(0, 0)),
      band_(wide_band_) {
  SplitForeignShapes();
  wide_band_ = BandOf(source_, target_, semantic_, gold_.beads);
}

// Gold beads of shapes that the search does not know become deletions.
void AlignmentField::SplitForeignShapes() {
  std::vector<Bead> beads;
  for (const Bead& bead : gold_.beads) {
    if (ShapeOf(bead) < shapes_.size()) {
      beads.push_back(bead);
      continue;
    }
    for (int s = bead.source.begin; s < bead.source.end; ++s) {
      beads.push_back({.source = {s, s + 1}, .target = {bead.target.begin, bead.target.begin}});
    }
    for (int t = bead.target.begin; t < bead.target.end; ++t) {
      beads.push_back({.source = {bead.source.end, bead.source.end}, .target = {t, t + 1}});
    }
  }
  gold_.beads = std::move(beads);
}

size_t AlignmentField::ShapeOf(const Bead& bead) const {
  const BeadShape shape{bead.source.size(), bead.target.size()};
  return std::find(shapes_.begin(), shapes_.end(), shape) - shapes_.begin();
}

void AlignmentField::Prepare(const ScoringWeights& weights, Look look) {
  SentenceSimilarity sentences =
      *SentenceSimilarity::Create(source_, target_, wide_band_, kBeadSizeMax, semantic_, {});
  if (look == Look::kSketch) {
    Prune(weights.sketch, AllBeads(wide_band_), [&](int row, int column, BeadShape shape) {
      return SentenceFeatures(sentences, row, column, shape);
    });
    return;
  }
  const CandidateBeads beads = WithGold(*SketchBeads(sentences, wide_band_, shapes_, weights, {}));
  evidence_ = std::make_unique<PairEvidence>(
      *PairEvidence::Create(std::move(sentences), CellsOf(beads, shapes_),
                            {.bead_size_max = kBeadSizeMax, .semantic = semantic_}, {}));
  const auto features = [&](int row, int column, BeadShape shape) {
    return evidence_->Features(row, column, shape);
  };
  Prune(weights.bead, beads, features);
  if (look == Look::kFirst) return;
  (void)evidence_->Learn(Align(weights.bead), {});
  Prune(weights.bead, beads, features);
}

// The candidates and the gold's beads, in a band that holds both.
CandidateBeads AlignmentField::WithGold(const CandidateBeads& kept) {
  std::vector<int> begin;
  std::vector<int> end;
  for (int row = 0; row <= kept.band.sources(); ++row) {
    begin.push_back(kept.band.begin(row));
    end.push_back(kept.band.end(row));
  }
  for (const Bead& bead : gold_.beads) {
    for (const auto& [row, column] : {std::pair(bead.source.begin, bead.target.begin),
                                      std::pair(bead.source.end, bead.target.end)}) {
      begin[row] = std::min(begin[row], column);
      end[row] = std::max(end[row], column + 1);
    }
  }
  CandidateBeads all{SearchBand::OfRows(std::move(begin), std::move(end)), {}};
  all.allowed.resize(all.band.nodes());
  beads_kept_ = 0;
  gold_kept_ = 0;
  for (int row = 0; row <= kept.band.sources(); ++row) {
    for (int column = kept.band.begin(row); column < kept.band.end(row); ++column) {
      const uint32_t allowed = kept.allowed[kept.band.Node(row, column)];
      all.allowed[all.band.Node(row, column)] = allowed;
      beads_kept_ += absl::popcount(allowed);
    }
  }
  gold_two_sided_ = 0;
  for (const Bead& bead : gold_.beads) {
    if (bead.source.empty() || bead.target.empty()) continue;
    ++gold_two_sided_;
    uint32_t& allowed = all.allowed[all.band.Node(bead.source.begin, bead.target.begin)];
    const uint32_t bit = uint32_t{1} << ShapeOf(bead);
    gold_kept_ += (allowed & bit) != 0;
    allowed |= bit;
  }
  return all;
}

template <typename Features>
void AlignmentField::Prune(const BeadWeights& weights, const CandidateBeads& beads,
                           const Features& features) {
  band_ = beads.band;
  Lattice lattice(band_, shapes_);
  const auto for_each = [&](const auto& visit) {
    for (int row = 0; row <= band_.sources(); ++row) {
      for (int column = band_.begin(row); column < band_.end(row); ++column) {
        for (size_t s = 0; s < shapes_.size(); ++s) {
          if (lattice.Inside(row, column, shapes_[s])) visit(row, column, s);
        }
      }
    }
  };
  const auto is_allowed = [&](int row, int column, size_t s) {
    return !shapes_[s].two_sided() || beads.Allows(row, column, s);
  };
  const auto score = [&](int row, int column, BeadShape shape) {
    const size_t s = std::find(shapes_.begin(), shapes_.end(), shape) - shapes_.begin();
    if (!is_allowed(row, column, s)) return kNever;
    return kFlatten * Score(weights, features(row, column, shape));
  };
  (void)lattice.Score(score, {});
  (void)*lattice.Forward({});
  (void)lattice.Backward({});
  std::set<std::pair<size_t, size_t>> gold;
  for (const Bead& bead : gold_.beads) {
    gold.emplace(band_.Node(bead.source.begin, bead.target.begin), ShapeOf(bead));
  }
  candidates_.clear();
  for_each([&](int row, int column, size_t s) {
    const size_t from = band_.Node(row, column);
    const bool is_gold = gold.contains({from, s});
    if (!is_gold && lattice.Posterior(row, column, s) < kPossible) return;
    const size_t to = band_.Node(row + shapes_[s].sources, column + shapes_[s].targets);
    candidates_.push_back({from, to, s, is_gold, features(row, column, shapes_[s])});
  });
}

double AlignmentField::AddGradient(const BeadWeights& weights, double weight,
                                   BeadWeights& gradient) const {
  std::vector<double> forward(band_.nodes(), kNever);
  std::vector<double> backward(band_.nodes(), kNever);
  std::vector<double> scores;
  forward.front() = 0;
  backward.back() = 0;
  double gold_score = 0;
  for (const Candidate& candidate : candidates_) {
    scores.push_back(Score(weights, candidate.features));
    if (candidate.gold) gold_score += scores.back();
    LogAdd(forward[candidate.to], forward[candidate.from] + scores.back());
  }
  for (size_t c = candidates_.size(); c-- > 0;) {
    LogAdd(backward[candidates_[c].from], backward[candidates_[c].to] + scores[c]);
  }
  const double log_partition = forward.back();
  for (size_t c = 0; c < candidates_.size(); ++c) {
    const Candidate& candidate = candidates_[c];
    const double posterior =
        std::exp(forward[candidate.from] + scores[c] + backward[candidate.to] - log_partition);
    const double excess = weight * ((candidate.gold ? 1 : 0) - posterior);
    if (std::abs(excess) < 1e-12) continue;
    for (int k = 0; k < kBeadFeatures; ++k) gradient[k] += excess * candidate.features[k];
  }
  return weight * (gold_score - log_partition);
}

Alignment AlignmentField::Align(const BeadWeights& weights) const {
  std::vector<float> scores(band_.nodes() * shapes_.size(), static_cast<float>(kNever));
  for (const Candidate& candidate : candidates_) {
    scores[candidate.from * shapes_.size() + candidate.shape] =
        static_cast<float>(Score(weights, candidate.features));
  }
  return *AlignMonotonically(band_, shapes_,
                             [&](int row, int column, BeadShape shape) {
                               const size_t s = std::find(shapes_.begin(), shapes_.end(), shape) -
                                                shapes_.begin();
                               return scores[band_.Node(row, column) * shapes_.size() + s];
                             },
                             {});
}

}  // namespace hexapla::training
