// SPDX-License-Identifier: Apache-2.0
//
// One alignment of N versions from the alignments of its N (N - 1) / 2 pairs.
//
// Think of a document as units of meaning that every version cuts into sentences
// in its own way. A *cut* is a place where all versions have a boundary between
// the same units (or lack them); beads are what lies between two cuts. Each pair
// of versions tells how likely it is that it has a boundary there too, and how
// likely the groups of sentences are between two cuts: its likely beads with
// their odds against nothing in them belonging together.
//
// The weight of a bead is the product, over the pairs of versions in it, of the
// sum over all ways in which the pair may link the bead's sentences; a bead of one
// version weighs 1. That alone would favour large beads, which allow what smaller
// ones allow and more. But a bead is one bead only if there is no cut inside. So
// for every candidate cut inside, the weight is multiplied by the probability
// that it is none. Having a boundary there is an equivalence: if a and b agree,
// and b and c, then so do a and c. So when it is no cut, some version or some two
// differ from all others, in every pair:
//
//   P(no cut) = min(1, sum over such D of prod over a in D, b not in D of
//                      P(a, b do not both have a boundary there))
//
// One pair's doubt thus counts nothing against the rest: for four versions of
// which (a, b) has .3 for a boundary and the other pairs .95, no version differs
// with more than .7 x .05 x .05. This is where a Vietnamese-French doubt is
// settled by English.
//
// The candidates and the beads between them make a graph without circles, with
// few edges a cut. Summed forward and backward it gives each bead its posterior,
// and the path with the most beads expected right is taken. (A cost for each bead
// of the path, as two versions have it in monotonic_aligner.cc, gained nothing
// here: four versions leave little doubt of merges.)
//
// Why not join the pairwise alignments at a pivot: its errors spread, what it
// lacks is never joined between the others, and errors of pairs add up (strict F1
// of four versions .84, docs/many-versions.md). Why not the exact search over all
// N-tuples: it is exponential in N; consistency of pairs (Do et al. 2005, ProbCons)
// is what multiple sequence alignment uses instead, and what this does for beads.
//
// Cost: at most kCutsPerSentence candidates for each mean sentence, so O(L N^2).
// Proof: joint_aligner_test.cc compares it with an exhaustive twin.
#include "server/alignment/joint_aligner.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// What is left to a pair that sees no link in a bead of both, as odds. A true bead
// may have such a pair: each of the two lacks what the other has of it.
constexpr double kUnlinkedOdds = 0.01;
// No pair is surer than this of a boundary. Pairs err together, as when a version
// lacks half a sentence; so their certainty must not multiply without end. From
// 0.1 to 0.2 development gold gives the same F1 within a bead in a hundred.
constexpr double kDoubt = 0.15;
// What a pair says of a boundary counts no more than this against it.
constexpr double kLeastTogether = 0.01;
// kDoubt makes the posteriors too cautious, by so much in log-odds (development
// gold: of beads from .9 on .97 are right, from .8 on .9).
constexpr double kCaution = 0.8;
// More candidates than that for each sentence are thinned out.
constexpr int kCutsPerSentence = 8;
// A sentence alone enters precision only, a bead recall too.
constexpr double kLonelyGain = 0.5;
constexpr double kNever = -std::numeric_limits<double>::infinity();
// Edges less probable than this count for no side's probability.
constexpr double kNegligible = 1e-6;

// How much the agreement of the versions that do not differ counts, so that the
// many pairs of many versions do not seem to want a larger bead, which leaves
// each of them more ways: all but three pairs' worth of it.
double AgreementWeight(int present) {
  const double agreeing = 0.5 * (present - 1) * (present - 2);
  return agreeing > 3 ? 1 - 3 / agreeing : 0;
}

// Posterior to probability: see kCaution.
double Calibrated(double posterior) {
  const double odds = posterior / (1 - std::min(posterior, 1 - 1e-9)) * std::exp(kCaution);
  return odds / (1 + odds);
}

double LogAdd(double x, double y) {
  const double most = std::max(x, y);
  return most == kNever ? kNever : most + std::log(std::exp(x - most) + std::exp(y - most));
}

// Keeps the alignment that comes with the candidates and the most probable others.
std::vector<Cut> ThinOut(const std::vector<ProposedCut>& proposals, int versions,
                         std::vector<int>& before) {
  std::vector<Cut> cuts;
  for (size_t begin = 0; begin < proposals.size();) {
    const auto place_of = [&](size_t p) {
      return std::accumulate(proposals[p].cut.begin(), proposals[p].cut.end(), 0) / versions;
    };
    size_t end = begin + 1;
    while (end < proposals.size() && place_of(end) == place_of(begin)) ++end;
    std::vector<double> probabilities;
    for (size_t p = begin; p < end; ++p) probabilities.push_back(proposals[p].probability);
    std::sort(probabilities.begin(), probabilities.end(), std::greater<>());
    const double least =
        probabilities[std::min<size_t>(kCutsPerSentence, probabilities.size()) - 1];
    int room = kCutsPerSentence;
    for (size_t p = begin; p < end; ++p) {
      const bool fixed = proposals[p].probability > 1;
      if (!fixed && (proposals[p].probability < least || room == 0)) continue;
      room -= fixed || room == 0 ? 0 : 1;
      cuts.push_back(proposals[p].cut);
      before.push_back(std::accumulate(cuts.back().begin(), cuts.back().end(), 0));
    }
    begin = end;
  }
  return cuts;
}

// The candidate cuts and the possible beads between them.
class CutGraph {
 public:
  CutGraph(const JointEvidence& evidence, const std::vector<ProposedCut>& proposals,
           int bead_size_max)
      : evidence_(evidence),
        versions_(evidence.versions()),
        size_max_(bead_size_max),
        cuts_(ThinOut(proposals, versions_, before_)),
        edges_(cuts_.size()) {}

  absl::Status AddEdges(const StopCondition& stop);
  void SumForwardAndBackward();
  std::vector<MultiBead> BestBeads() const;

 private:
  struct Edge {
    int to = 0;
    int present = 0;  // versions with sentences in it
    double score = 0;
    double posterior = 0;
    // For each pair, the log of the sum over all its ways, nothing linked included.
    std::vector<float> ways;
  };
  struct Step {
    int from = 0;
    const Edge* edge = nullptr;
  };

  SentenceRun Side(int from, int to, int version) const {
    return {cuts_[from][version], cuts_[to][version]};
  }
  int Window() const { return versions_ * size_max_; }
  // How many versions have sentences between the cuts; 0 if that is no bead.
  int PresentIn(int from, int to) const;
  Edge WeighedEdge(int from, int to, int present) const;
  double LogNoCut(int from, const Edge& whole, const Edge& first, const Edge& second) const;
  double Gain(int from, const Edge& edge) const;
  // The only sentence of an edge of one version, as (version, sentence).
  std::pair<int, int> Lonely(int from, const Edge& edge) const;
  MultiBead BeadOf(const Step& step) const;
  std::vector<double> SideProbabilities(const Step& step) const;

  const JointEvidence& evidence_;
  const int versions_;
  const int size_max_;
  std::vector<int> before_;  // sentences of all versions before each cut
  std::vector<Cut> cuts_;
  std::vector<std::vector<Edge>> edges_;  // by the cut where they begin
  // Probabilities that a sentence stands alone, wherever it does.
  std::vector<std::vector<double>> alone_;
};

int CutGraph::PresentIn(int from, int to) const {
  int present = 0;
  bool alone = false;
  for (int v = 0; v < versions_; ++v) {
    const SentenceRun side = Side(from, to, v);
    if (side.size() < 0 || side.size() > size_max_) return 0;
    present += side.empty() ? 0 : 1;
    for (int s = side.begin; s < side.end; ++s) alone = alone || evidence_.alone(v, s);
  }
  const bool single = before_[to] - before_[from] == 1;
  return (alone || present == 1) && !single ? 0 : present;
}

CutGraph::Edge CutGraph::WeighedEdge(int from, int to, int present) const {
  Edge edge{.to = to, .present = present, .ways = {}};
  if (present == 1) return edge;
  edge.ways.reserve(static_cast<size_t>(versions_) * (versions_ - 1) / 2);
  JointEvidence::LinkSums sums;
  for (int a = 0; a < versions_; ++a) {
    const SentenceRun side_a = Side(from, to, a);
    for (int b = a + 1; b < versions_; ++b) {
      const SentenceRun side_b = Side(from, to, b);
      double linked = 0;
      if (!side_a.empty() && !side_b.empty()) {
        evidence_.SumLinks(a, side_a, b, side_b, /*closed=*/0, sums);
        linked = sums.sum[side_a.size()][side_b.size()];
        edge.score += std::log(linked + kUnlinkedOdds);
      }
      edge.ways.push_back(static_cast<float>(std::log1p(linked)));
    }
  }
  return edge;
}

// The log of the probability that `whole` is not cut where `first` ends.
double CutGraph::LogNoCut(int from, const Edge& whole, const Edge& first,
                          const Edge& second) const {
  const auto part = [](const Edge& edge, size_t pair) {
    return edge.ways.empty() ? 0.0F : edge.ways[pair];
  };
  std::vector<int> present;
  for (int v = 0; v < versions_; ++v) {
    if (!Side(from, whole.to, v).empty()) present.push_back(v);
  }
  const double weight = AgreementWeight(static_cast<int>(present.size()));
  // For each pair the log of what it adds when its two differ rather than agree,
  // and for each version the sum of these.
  std::vector<double> differ(static_cast<size_t>(versions_) * versions_);
  std::vector<double> from_all(versions_);
  double agree = 0;
  size_t pair = 0;
  for (int a = 0; a < versions_; ++a) {
    for (int b = a + 1; b < versions_; ++b, ++pair) {
      // A pair of which one has nothing here cannot tell.
      if (Side(from, whole.to, a).empty() || Side(from, whole.to, b).empty()) continue;
      const double together =
          std::exp(static_cast<double>(part(first, pair) + part(second, pair) - whole.ways[pair]));
      const double log_agree = weight * std::log(std::clamp(together, kLeastTogether, 1.0));
      const double log_differ = std::log(std::clamp(1 - together, kDoubt, 1.0)) - log_agree;
      agree += log_agree;
      differ[a * versions_ + b] = log_differ;
      from_all[a] += log_differ;
      from_all[b] += log_differ;
    }
  }
  double any = 0;
  for (size_t i = 0; i < present.size(); ++i) {
    any += std::exp(agree + from_all[present[i]]);
    // Of three versions two differ as the third does, of four as the other two do;
    // that must not count twice.
    const double share = present.size() <= 3 ? 0 : present.size() == 4 ? 0.5 : 1;
    for (size_t j = i + 1; j < present.size() && share > 0; ++j) {
      any += share * std::exp(agree + from_all[present[i]] + from_all[present[j]] -
                              2 * differ[present[i] * versions_ + present[j]]);
    }
  }
  // Of two versions each differs if the other does.
  if (present.size() == 2) any /= 2;
  return std::log(std::min(1.0, any));
}

absl::Status CutGraph::AddEdges(const StopCondition& stop) {
  int done = static_cast<int>(cuts_.size());
  for (int from = static_cast<int>(cuts_.size()) - 1; from >= 0; --from) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    std::vector<Edge>& edges = edges_[from];
    for (int to = from + 1; to < static_cast<int>(cuts_.size()); ++to) {
      if (before_[to] - before_[from] > Window()) break;
      const int present = PresentIn(from, to);
      if (present == 0) continue;
      Edge edge = WeighedEdge(from, to, present);
      for (const Edge& first : edges) {
        if (present == 1) break;
        const std::vector<Edge>& next = edges_[first.to];
        const auto second = std::lower_bound(next.begin(), next.end(), to,
                                             [](const Edge& e, int cut) { return e.to < cut; });
        if (second == next.end() || second->to != to) continue;
        edge.score += LogNoCut(from, edge, first, *second);
      }
      edges.push_back(std::move(edge));
    }
    // What no later edge can hold is not asked for again.
    while (done > 0 && before_[done - 1] - before_[from] > Window()) {
      --done;
      for (Edge& edge : edges_[done]) edge.ways = {};
    }
  }
  return absl::OkStatus();
}

std::pair<int, int> CutGraph::Lonely(int from, const Edge& edge) const {
  int v = 0;
  while (Side(from, edge.to, v).empty()) ++v;
  return {v, cuts_[from][v]};
}

void CutGraph::SumForwardAndBackward() {
  const int count = static_cast<int>(cuts_.size());
  std::vector<double> forward(count, kNever);
  std::vector<double> backward(count, kNever);
  forward.front() = 0;
  backward.back() = 0;
  for (int from = 0; from < count; ++from) {
    for (const Edge& edge : edges_[from]) {
      forward[edge.to] = LogAdd(forward[edge.to], forward[from] + edge.score);
    }
  }
  for (int from = count - 1; from >= 0; --from) {
    for (const Edge& edge : edges_[from]) {
      backward[from] = LogAdd(backward[from], backward[edge.to] + edge.score);
    }
  }
  for (int v = 0; v < versions_; ++v) alone_.emplace_back(evidence_.size(v));
  for (int from = 0; from < count; ++from) {
    for (Edge& edge : edges_[from]) {
      edge.posterior =
          std::min(1.0, std::exp(forward[from] + edge.score + backward[edge.to] - forward.back()));
      if (edge.present > 1) continue;
      const auto [version, sentence] = Lonely(from, edge);
      double& alone = alone_[version][sentence];
      alone = std::min(1.0, alone + edge.posterior);
    }
  }
}

double CutGraph::Gain(int from, const Edge& edge) const {
  if (edge.present > 1) return edge.posterior;
  const auto [version, sentence] = Lonely(from, edge);
  return kLonelyGain * alone_[version][sentence];
}

// A side is right if the bead that holds what another version brings has just
// this side; the mean over the other versions in the bead.
std::vector<double> CutGraph::SideProbabilities(const Step& step) const {
  std::vector<double> sums(versions_);
  int present = 0;
  for (int u = 0; u < versions_; ++u) present += Side(step.from, step.edge->to, u).empty() ? 0 : 1;
  const auto holds = [&](int from, const Edge& edge, int u) {
    const SentenceRun side = Side(from, edge.to, u);
    const int anchor = cuts_[step.from][u];
    return side.begin <= anchor && anchor < side.end;
  };
  int first = step.from;
  while (first > 0 && before_[step.from] - before_[first - 1] <= Window()) --first;
  for (int from = first; from < step.edge->to; ++from) {
    for (const Edge& edge : edges_[from]) {
      if (edge.posterior < kNegligible) continue;
      int anchors = 0;
      for (int u = 0; u < versions_; ++u) {
        if (!Side(step.from, step.edge->to, u).empty() && holds(from, edge, u)) ++anchors;
      }
      for (int v = 0; v < versions_ && anchors > 0; ++v) {
        const SentenceRun side = Side(step.from, step.edge->to, v);
        const SentenceRun other = Side(from, edge.to, v);
        if (side.empty() ? !other.empty() : side != other) continue;
        const bool own = !side.empty();
        sums[v] +=
            edge.posterior * (anchors - (own ? 1 : 0)) / std::max(1, present - (own ? 1 : 0));
      }
    }
  }
  for (double& sum : sums) sum = std::min(1.0, sum);
  return sums;
}

MultiBead CutGraph::BeadOf(const Step& step) const {
  MultiBead bead;
  for (int v = 0; v < versions_; ++v) bead.sides.push_back(Side(step.from, step.edge->to, v));
  bead.score = step.edge->score;
  if (step.edge->present == 1) {
    const auto [version, sentence] = Lonely(step.from, *step.edge);
    bead.probability = alone_[version][sentence];
    bead.side_probabilities.assign(versions_, bead.probability);
  } else {
    bead.probability = step.edge->posterior;
    bead.side_probabilities = SideProbabilities(step);
  }
  bead.probability = Calibrated(bead.probability);
  for (double& side : bead.side_probabilities) side = Calibrated(side);
  return bead;
}

std::vector<MultiBead> CutGraph::BestBeads() const {
  const int count = static_cast<int>(cuts_.size());
  std::vector<double> best(count, kNever);
  std::vector<Step> last(count);
  best.front() = 0;
  for (int from = 0; from < count; ++from) {
    if (best[from] == kNever) continue;
    for (const Edge& edge : edges_[from]) {
      const double total = best[from] + Gain(from, edge);
      if (total <= best[edge.to]) continue;
      best[edge.to] = total;
      last[edge.to] = {from, &edge};
    }
  }
  std::vector<MultiBead> beads;
  for (int at = count - 1; at > 0; at = last[at].from) beads.push_back(BeadOf(last[at]));
  std::reverse(beads.begin(), beads.end());
  return beads;
}

}  // namespace

absl::StatusOr<std::vector<MultiBead>> ChooseBeads(const JointEvidence& evidence,
                                                   const std::vector<ProposedCut>& cuts,
                                                   int bead_size_max, const StopCondition& stop) {
  CutGraph graph(evidence, cuts, bead_size_max);
  HEXAPLA_RETURN_IF_ERROR(graph.AddEdges(stop));
  graph.SumForwardAndBackward();
  return graph.BestBeads();
}

absl::StatusOr<std::vector<MultiBead>> AlignJointly(const std::vector<JointVersion>& versions,
                                                    const std::vector<JointPair>& pairs,
                                                    int bead_size_max, const StopCondition& stop) {
  const JointEvidence evidence(versions, pairs);
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<ProposedCut> cuts,
                           ProposeCuts(evidence, bead_size_max, stop));
  return ChooseBeads(evidence, cuts, bead_size_max, stop);
}

}  // namespace hexapla
