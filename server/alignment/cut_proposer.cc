// SPDX-License-Identifier: Apache-2.0
//
// Candidates for the boundaries of beads of all versions.
//
// One version can be aligned with the beads of others as if these were its
// sentences: a grid of two sides again. The score of joining k beads of the
// others with l of its sentences is the sum, over the versions in those beads, of
// the log of what the pair's likely beads say (JointEvidence::SumLinks). To join
// k > 1 beads it must span the boundaries between them: no pair may divide there.
//
// First the versions are put together one by one, the surest pair first
// (progressive alignment; Feng and Doolittle 1987). A wrong bead of two would
// stay for ever; so then each version in turn is taken out, the beads that it
// may have held together are put together anew without it, and it is aligned
// once more with the rest (iterative refinement; Barton and Sternberg 1987).
// Every node of that grid with some posterior is a candidate. Which of them are
// cuts is decided elsewhere, on all pairs at once (joint_aligner.cc).
//
// Cost: each version is added twice to the whole and, in pieces, once to the rest
// of each other version: O(N^2) grids of the document's length. A bead asks at
// most kWitnesses versions, so a grid costs the same whatever N is.
#include "server/alignment/cut_proposer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "server/alignment/lattice.h"
#include "server/alignment/search_band.h"
#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// The least posterior of a node that becomes a candidate. Fewer lose right cuts;
// from here on more change nothing (development gold).
constexpr double kNodePosterior = 0.002;
// The odds left to a pair of a bead that sees no link in it.
constexpr double kUnlinkedOdds = 0.01;
// A bead of more versions is judged by those surest of the new one.
constexpr int kWitnesses = 6;
// Where a version is missing, that many beads are put together anew at once.
constexpr int kWindowBeads = 16;
// Smaller grids are searched whole, larger ones around the pairs' best paths.
constexpr size_t kFullNodesMax = 1024;
constexpr int kRadius = 8;
// Low enough that no path has such a bead, high enough to add up.
constexpr double kForbidden = -1e4;

constexpr size_t kRestAlone = 1;   // the shape 1-0
constexpr size_t kAddedAlone = 2;  // the shape 0-1

using Cuts = std::vector<Cut>;

class Proposer {
 public:
  Proposer(const JointEvidence& evidence, int bead_size_max, const StopCondition& stop);

  absl::StatusOr<std::vector<ProposedCut>> Propose();

 private:
  // Scores of joining beads of the others with sentences of a version, from one
  // node of the grid: [beads][sentences].
  using NodeScores =
      std::array<std::array<double, JointEvidence::kSideMax + 1>, JointEvidence::kSideMax + 1>;

  void ScoreNode(const Cuts& rest, int row, int version, int begin, int end,
                 NodeScores& scores) const;
  absl::StatusOr<Cuts> Add(const Cuts& rest, int version, SentenceRun run,
                           std::vector<ProposedCut>* proposals) const;
  SearchBand BandOf(const Cuts& rest, int version, SentenceRun run) const;
  absl::StatusOr<Cuts> PutTogether(int left_out, const Cut& begin, const Cut& end) const;
  absl::StatusOr<Cuts> Without(int version, const Cuts& cuts) const;

  const JointEvidence& evidence_;
  const int bead_size_max_;
  const StopCondition& stop_;
  std::vector<BeadShape> shapes_;
  // The versions, the surest pair first, then whichever is surest of those before.
  std::vector<int> order_;
  // For each version, the others, surest first.
  std::vector<std::vector<int>> witnesses_;
};

std::vector<int> OrderOf(const JointEvidence& evidence) {
  const int versions = evidence.versions();
  std::vector<double> sums(versions);
  std::vector<int> order;
  std::vector<bool> in(versions);
  const auto take = [&](int version) {
    order.push_back(version);
    in[version] = true;
    for (int v = 0; v < versions; ++v) sums[v] += evidence.Sureness(v, version);
  };
  std::pair<int, int> best = {0, 0};
  double most = -1;
  for (int a = 0; a < versions; ++a) {
    for (int b = a + 1; b < versions; ++b) {
      if (evidence.Sureness(a, b) <= most) continue;
      most = evidence.Sureness(a, b);
      best = {a, b};
    }
  }
  take(best.first);
  if (versions > 1) take(best.second);
  while (static_cast<int>(order.size()) < versions) {
    int next = -1;
    for (int v = 0; v < versions; ++v) {
      if (!in[v] && (next < 0 || sums[v] > sums[next])) next = v;
    }
    take(next);
  }
  return order;
}

Proposer::Proposer(const JointEvidence& evidence, int bead_size_max, const StopCondition& stop)
    : evidence_(evidence),
      bead_size_max_(bead_size_max),
      stop_(stop),
      shapes_({{1, 1}, {1, 0}, {0, 1}}),
      order_(OrderOf(evidence)) {
  for (int k = 1; k <= bead_size_max; ++k) {
    for (int l = 1; l <= bead_size_max; ++l) {
      if (k + l > 2) shapes_.push_back({k, l});
    }
  }
  for (int v = 0; v < evidence.versions(); ++v) {
    std::vector<int> others;
    for (int a = 0; a < evidence.versions(); ++a) {
      if (a != v) others.push_back(a);
    }
    std::stable_sort(others.begin(), others.end(), [&](int a, int b) {
      return evidence.Sureness(a, v) > evidence.Sureness(b, v);
    });
    witnesses_.push_back(std::move(others));
  }
}

SearchBand Proposer::BandOf(const Cuts& rest, int version, SentenceRun run) const {
  const int rows = static_cast<int>(rest.size()) - 1;
  if (static_cast<size_t>(rows + 1) * (run.size() + 1) <= kFullNodesMax) {
    return SearchBand::Full(rows, run.size());
  }
  // The middle of what the pairs say, so that no single pair can lead astray.
  std::vector<std::pair<int, int>> path;
  int at = 0;
  for (const Cut& cut : rest) {
    const int row = static_cast<int>(&cut - rest.data());
    std::array<std::vector<int>, 2> places;
    for (const int a : witnesses_[version]) {
      // A version that is not in the rest does not move.
      if (rest.front()[a] == rest.back()[a]) continue;
      const Reach reach = evidence_.ReachOf(a, cut[a], version);
      places[0].push_back(reach.first);
      places[1].push_back(reach.last);
    }
    for (std::vector<int>& place : places) {
      if (place.empty()) place.push_back(run.begin);
      const auto middle = place.begin() + static_cast<std::ptrdiff_t>(place.size() / 2);
      std::nth_element(place.begin(), middle, place.end());
      at = std::max(at, std::clamp(*middle - run.begin, 0, run.size()));
      path.emplace_back(row, at);
    }
  }
  return SearchBand::Around(path, rows, run.size(), kRadius);
}

void Proposer::ScoreNode(const Cuts& rest, int row, int version, int begin, int end,
                         NodeScores& scores) const {
  for (auto& of_beads : scores) of_beads.fill(kForbidden);
  end = std::min(end, begin + bead_size_max_);
  for (int s = begin; s < end; ++s) {
    if (evidence_.alone(version, s)) end = s;
  }
  const int rows = static_cast<int>(rest.size()) - 1;
  const int last = std::min(rows, row + bead_size_max_);
  if (begin == end || row == rows) return;
  const std::vector<int>& others = witnesses_[version];
  const bool live = std::any_of(others.begin(), others.end(), [&](int a) {
    return evidence_.MayLink(a, {rest[row][a], rest[last][a]}, version, begin);
  });
  if (!live) return;
  JointEvidence::LinkSums sums;
  for (int k = 1; row + k <= last; ++k) {
    std::array<double, JointEvidence::kSideMax + 1> score{};
    std::array<bool, JointEvidence::kSideMax + 1> linked{};
    int witnesses = 0;
    for (const int a : others) {
      const SentenceRun run = {rest[row][a], rest[row + k][a]};
      if (run.size() > bead_size_max_) return;
      for (int s = run.begin; s < run.end; ++s) {
        if (evidence_.alone(a, s)) return;
      }
      if (run.empty() || witnesses == kWitnesses) continue;
      ++witnesses;
      unsigned closed = 0;
      for (int between = 1; between < k; ++between) {
        closed |= 1U << (rest[row + between][a] - run.begin);
      }
      closed &= ~(1U | 1U << run.size());
      evidence_.SumLinks(a, run, version, {begin, end}, closed, sums);
      for (int l = 1; l <= end - begin; ++l) {
        const double sum = sums.sum[run.size()][l];
        score[l] += std::log(sum + kUnlinkedOdds);
        linked[l] = linked[l] || sum > 0;
      }
    }
    for (int l = 1; l <= end - begin; ++l) {
      if (linked[l]) scores[k][l] = std::max(score[l], kForbidden);
    }
  }
}

// Aligns `run` of the version with the beads between the cuts of the rest, and
// returns the cuts of both together.
absl::StatusOr<Cuts> Proposer::Add(const Cuts& rest, int version, SentenceRun run,
                                   std::vector<ProposedCut>* proposals) const {
  const int rows = static_cast<int>(rest.size()) - 1;
  const SearchBand band = BandOf(rest, version, run);
  Lattice lattice(band, shapes_);
  NodeScores scores;
  std::pair<int, int> scored = {-1, -1};
  HEXAPLA_RETURN_IF_ERROR(lattice.Score(
      [&](int row, int column, BeadShape shape) {
        if (!shape.two_sided()) return 0.0;
        if (scored != std::pair(row, column)) {
          ScoreNode(rest, row, version, run.begin + column, run.end, scores);
          scored = {row, column};
        }
        return scores[shape.sources][shape.targets];
      },
      stop_));
  HEXAPLA_RETURN_IF_ERROR(lattice.Forward(stop_).status());
  HEXAPLA_RETURN_IF_ERROR(lattice.Backward(stop_));
  const auto cut_at = [&](int row, int column) {
    Cut cut = rest[row];
    cut[version] = run.begin + column;
    return cut;
  };
  // A deletion is the same wherever it stands.
  std::vector<double> rest_alone(rows);
  std::vector<double> added_alone(run.size());
  for (int row = 0; row <= rows; ++row) {
    HEXAPLA_RETURN_IF_ERROR(stop_.Check());
    for (int column = band.begin(row); column < band.end(row); ++column) {
      double node = 0;
      for (size_t s = 0; s < shapes_.size(); ++s) {
        if (!lattice.Inside(row, column, shapes_[s])) continue;
        const double posterior = lattice.Posterior(row, column, s);
        node += posterior;
        if (s == kRestAlone) rest_alone[row] += posterior;
        if (s == kAddedAlone) added_alone[column] += posterior;
      }
      if (proposals != nullptr && node >= kNodePosterior) {
        proposals->push_back({cut_at(row, column), std::min(node, 1.0)});
      }
    }
  }
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<Bead> path,
                           lattice.BestPath(
                               [&](int row, int column, size_t s) {
                                 if (s == kRestAlone) return std::min(1.0, rest_alone[row]);
                                 if (s == kAddedAlone) return std::min(1.0, added_alone[column]);
                                 if (lattice.score(band.Node(row, column), s) <= kForbidden)
                                   return -2.0;
                                 // As much as what its sides would gain alone, so that joining pays
                                 // from one half.
                                 return 2 * lattice.Posterior(row, column, s);
                               },
                               stop_));
  Cuts cuts = {cut_at(0, 0)};
  for (const Bead& step : path) cuts.push_back(cut_at(step.source.end, step.target.end));
  return cuts;
}

// Aligns all versions but one between two cuts.
absl::StatusOr<Cuts> Proposer::PutTogether(int left_out, const Cut& begin, const Cut& end) const {
  Cuts cuts = {begin};
  bool first = true;
  for (const int version : order_) {
    if (version == left_out) continue;
    if (!first) {
      HEXAPLA_ASSIGN_OR_RETURN(cuts, Add(cuts, version, {begin[version], end[version]}, nullptr));
      continue;
    }
    first = false;
    for (int s = begin[version]; s < end[version]; ++s) {
      cuts.push_back(cuts.back());
      ++cuts.back()[version];
    }
  }
  return cuts;
}

// The alignment without a version, put together anew wherever that may matter:
// in beads of several sentences, and in rows of beads that lack some version.
absl::StatusOr<Cuts> Proposer::Without(int version, const Cuts& cuts) const {
  Cuts rest;
  for (const Cut& cut : cuts) {
    rest.push_back(cut);
    rest.back()[version] = cuts.front()[version];
    if (rest.size() > 1 && rest.back() == rest[rest.size() - 2]) rest.pop_back();
  }
  const auto least_and_most = [&](size_t bead) {
    std::pair<int, int> sizes = {JointEvidence::kSideMax, 0};
    for (int a = 0; a < evidence_.versions(); ++a) {
      if (a == version) continue;
      const int size = rest[bead + 1][a] - rest[bead][a];
      sizes = {std::min(sizes.first, size), std::max(sizes.second, size)};
    }
    return sizes;
  };
  Cuts result = {rest.front()};
  for (size_t bead = 0; bead + 1 < rest.size();) {
    size_t end = bead + 1;
    if (least_and_most(bead) == std::pair(1, 1)) {
      result.push_back(rest[end]);
    } else {
      while (least_and_most(bead).first == 0 && end + 1 < rest.size() &&
             end - bead < kWindowBeads && least_and_most(end).first == 0) {
        ++end;
      }
      HEXAPLA_ASSIGN_OR_RETURN(const Cuts anew, PutTogether(version, rest[bead], rest[end]));
      result.insert(result.end(), anew.begin() + 1, anew.end());
    }
    bead = end;
  }
  return result;
}

int SentencesBefore(const Cut& cut) { return std::accumulate(cut.begin(), cut.end(), 0); }

absl::StatusOr<std::vector<ProposedCut>> Proposer::Propose() {
  Cut end;
  for (int v = 0; v < evidence_.versions(); ++v) end.push_back(evidence_.size(v));
  HEXAPLA_ASSIGN_OR_RETURN(Cuts cuts, PutTogether(-1, Cut(end.size(), 0), end));
  std::vector<ProposedCut> proposals;
  for (const Cut& cut : cuts) proposals.push_back({cut, 1});
  for (const int v : order_) {
    HEXAPLA_ASSIGN_OR_RETURN(const Cuts rest, Without(v, cuts));
    HEXAPLA_ASSIGN_OR_RETURN(cuts, Add(rest, v, {0, evidence_.size(v)}, &proposals));
  }
  for (const Cut& cut : cuts) proposals.push_back({cut, 2});
  std::vector<std::pair<int, const ProposedCut*>> sorted;
  for (const ProposedCut& proposal : proposals) {
    sorted.emplace_back(SentencesBefore(proposal.cut), &proposal);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.second->cut != b.second->cut) return a.second->cut < b.second->cut;
    return a.second->probability > b.second->probability;
  });
  std::vector<ProposedCut> unique;
  for (const auto& [sentences, proposal] : sorted) {
    if (unique.empty() || unique.back().cut != proposal->cut) unique.push_back(*proposal);
  }
  return unique;
}

}  // namespace

absl::StatusOr<std::vector<ProposedCut>> ProposeCuts(const JointEvidence& evidence,
                                                     int bead_size_max, const StopCondition& stop) {
  return Proposer(evidence, bead_size_max, stop).Propose();
}

}  // namespace hexapla
