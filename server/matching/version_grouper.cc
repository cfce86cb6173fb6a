// SPDX-License-Identifier: Apache-2.0
//
// Grouping by average link.
//
// Every document begins as a cluster of its own, near-duplicates together. The two clusters with
// the highest mean probability between their documents are joined, again and again, until the mean
// falls below the threshold. Pairs between two clusters that no filter proposed are judged before
// the two are joined, so a group stands on all its pairs: one mistaken pair of 0.9 between two
// groups is outvoted by the others, where single link would follow it.
//
// Two documents of one language never meet in a group. Without more this would
// let a near-duplicate tear a group apart: with English A and its copy A', the
// French may go to A and the Arabic to A', and then neither pair can take the
// other in. So near-duplicates are one cluster from the start, and what has grown
// around them is dealt out at the end. The first group takes of each class of
// near-duplicates the document that fits best, the next one of what is left, and
// so on; what cannot be paired with anything is alone and says whom it repeats.
// Two editions of an article in two languages thus become two groups, each
// edition in its own.
//
// Cost: pairs x log(pairs), and the judgements.
#include "server/matching/version_grouper.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// Between two clusters no more pairs are judged for their mean: enough to
// outvote a mistake, few enough for a heap of a thousand versions.
constexpr int kLinksJudgedMax = 16;

uint64_t KeyOf(DocumentPair pair) {
  return uint64_t{static_cast<uint32_t>(pair.first)} << 32 | static_cast<uint32_t>(pair.second);
}

DocumentPair PairOf(int32_t a, int32_t b) { return {std::min(a, b), std::max(a, b)}; }

// The sum of the judged probabilities between two clusters.
struct Link {
  double sum = 0;
  int count = 0;
  bool complete = false;

  double mean() const { return sum / count; }
};

// A link worth following; outdated once one of its clusters has changed.
struct Proposal {
  double mean;
  DocumentPair clusters;

  // Lower documents first among equals, so that the result has one order.
  friend bool operator<(const Proposal& a, const Proposal& b) {
    return a.mean != b.mean ? a.mean < b.mean : a.clusters > b.clusters;
  }
};

class Grouper {
 public:
  Grouper(const GrouperInput& input, ConflictFunction conflict, JudgeFunction judge,
          const StopCondition& stop)
      : input_(input), conflict_(conflict), judge_(judge), stop_(stop) {
    clusters_.resize(input.documents);
    links_.resize(input.documents);
    for (int32_t d = 0; d < input.documents; ++d) clusters_[FirstClusterOf(d)].push_back(d);
    for (const JudgedPair& pair : input.pairs) {
      probabilities_[KeyOf(pair.documents)] = pair.probability;
      const auto [a, b] = pair.documents;
      const DocumentPair clusters = PairOf(FirstClusterOf(a), FirstClusterOf(b));
      if (conflict_(a, b) || clusters.first == clusters.second) continue;
      Link link = links_[clusters.first][clusters.second];
      link.sum += pair.probability;
      ++link.count;
      SetLink(clusters, link);
    }
  }

  absl::StatusOr<std::vector<VersionGroup>> Run() {
    HEXAPLA_RETURN_IF_ERROR(Grow());
    for (const std::vector<int32_t>& cluster : clusters_) {
      HEXAPLA_RETURN_IF_ERROR(DealOut(cluster));
    }
    NameDuplicates();
    std::stable_sort(groups_.begin(), groups_.end(), [](const auto& a, const auto& b) {
      const bool a_alone = a.members.size() == 1;
      const bool b_alone = b.members.size() == 1;
      if (a_alone != b_alone) return b_alone;
      return a.probability != b.probability ? a.probability > b.probability
                                            : a.members[0].document < b.members[0].document;
    });
    return std::move(groups_);
  }

 private:
  bool Duplicates(int32_t a, int32_t b) const {
    return input_.duplicate_class[a] == input_.duplicate_class[b];
  }
  // The cluster that a document begins in.
  int32_t FirstClusterOf(int32_t document) const {
    if (!input_.left_out.empty() && input_.left_out[document]) return document;
    const int32_t first = input_.duplicate_class[document];
    return conflict_(first, document) ? first : document;
  }
  // Whether the two may be in one cluster, of a group or more.
  bool MayMeet(int32_t a, int32_t b) const { return Duplicates(a, b) || !conflict_(a, b); }

  absl::StatusOr<double> ProbabilityOf(DocumentPair pair) {
    const auto found = probabilities_.find(KeyOf(pair));
    if (found != probabilities_.end()) return found->second;
    HEXAPLA_ASSIGN_OR_RETURN(const double probability, judge_(pair));
    probabilities_[KeyOf(pair)] = probability;
    return probability;
  }

  void SetLink(DocumentPair clusters, const Link& link) {
    links_[clusters.first][clusters.second] = link;
    links_[clusters.second][clusters.first] = link;
    if (link.mean() >= input_.min_probability) proposals_.push({link.mean(), clusters});
  }

  absl::Status Grow() {
    while (!proposals_.empty()) {
      HEXAPLA_RETURN_IF_ERROR(stop_.Check());
      const Proposal proposal = proposals_.top();
      proposals_.pop();
      const auto [a, b] = proposal.clusters;
      const auto found = links_[a].find(b);
      if (found == links_[a].end() || found->second.mean() != proposal.mean) continue;
      if (!CompatibleClusters(clusters_[a], clusters_[b])) continue;
      if (found->second.complete) {
        Join(a, b);
      } else {
        HEXAPLA_ASSIGN_OR_RETURN(const Link link, Complete(clusters_[a], clusters_[b]));
        SetLink(proposal.clusters, link);
      }
    }
    return absl::OkStatus();
  }

  bool CompatibleClusters(const std::vector<int32_t>& a, const std::vector<int32_t>& b) const {
    return std::all_of(a.begin(), a.end(), [&](int32_t x) {
      return std::all_of(b.begin(), b.end(), [&](int32_t y) { return MayMeet(x, y); });
    });
  }

  // Judges what is between two clusters, up to the limit.
  absl::StatusOr<Link> Complete(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
    Link link;
    link.complete = true;
    for (const int32_t x : a) {
      for (const int32_t y : b) {
        const auto known = probabilities_.find(KeyOf(PairOf(x, y)));
        if (known == probabilities_.end() || conflict_(x, y)) continue;
        link.sum += known->second;
        ++link.count;
      }
    }
    for (const int32_t x : a) {
      for (const int32_t y : b) {
        if (link.count >= kLinksJudgedMax) return link;
        if (conflict_(x, y) || probabilities_.contains(KeyOf(PairOf(x, y)))) continue;
        HEXAPLA_ASSIGN_OR_RETURN(const double probability, ProbabilityOf(PairOf(x, y)));
        link.sum += probability;
        ++link.count;
      }
    }
    return link;
  }

  // Puts cluster b into a.
  void Join(int32_t a, int32_t b) {
    links_[a].erase(b);
    links_[b].erase(a);
    clusters_[a].insert(clusters_[a].end(), clusters_[b].begin(), clusters_[b].end());
    clusters_[b].clear();
    for (const auto& [other, link] : links_[b]) {
      links_[other].erase(b);
      Link& joined = links_[a][other];
      joined.sum += link.sum;
      joined.count += link.count;
    }
    links_[b].clear();
    for (auto& [other, link] : links_[a]) {
      link.complete = false;
      SetLink(PairOf(a, other), Link(link));
    }
  }

  // Makes groups of a cluster, each with one document of a class at most.
  absl::Status DealOut(std::vector<int32_t> left) {
    std::sort(left.begin(), left.end());
    while (!left.empty()) {
      HEXAPLA_ASSIGN_OR_RETURN(const std::vector<int32_t> chosen, ChooseGroup(left));
      std::erase_if(left, [&](int32_t document) {
        return std::find(chosen.begin(), chosen.end(), document) != chosen.end();
      });
      HEXAPLA_RETURN_IF_ERROR(AddGroup(chosen));
    }
    return absl::OkStatus();
  }

  // The best pair, then one document after the other that fits what was chosen;
  // one of each class. A lone document if no pair is left. Only judged pairs
  // count: of a class of many near-duplicates not all can be judged.
  absl::StatusOr<std::vector<int32_t>> ChooseGroup(const std::vector<int32_t>& left) const {
    const bool all = std::none_of(left.begin(), left.end(), [&](int32_t x) {
      return std::any_of(left.begin(), left.end(),
                         [&](int32_t y) { return x != y && conflict_(x, y); });
    });
    if (all) return left;
    std::vector<int32_t> chosen;
    while (true) {
      int32_t best = -1;
      double best_fit = input_.min_probability;
      for (const int32_t candidate : left) {
        HEXAPLA_RETURN_IF_ERROR(stop_.Check());
        const double fit = chosen.empty() ? BestKnown(candidate, left) : Fit(candidate, chosen);
        if (fit < best_fit || (fit == best_fit && best >= 0)) continue;
        best = candidate;
        best_fit = fit;
      }
      if (best >= 0) {
        chosen.push_back(best);
      } else {
        return chosen.empty() ? std::vector<int32_t>{left[0]} : chosen;
      }
    }
  }

  // The highest probability of a document with one of `others`; 0 if there is none.
  double BestKnown(int32_t document, const std::vector<int32_t>& others) const {
    double best = 0;
    for (const int32_t other : others) {
      const auto known = probabilities_.find(KeyOf(PairOf(document, other)));
      if (known == probabilities_.end() || conflict_(document, other)) continue;
      best = std::max(best, known->second);
    }
    return best;
  }

  // The mean probability of a document with those chosen; -1 if it cannot be
  // among them.
  double Fit(int32_t document, const std::vector<int32_t>& chosen) const {
    double sum = 0;
    int count = 0;
    for (const int32_t member : chosen) {
      if (member == document || conflict_(member, document)) return -1;
      const auto known = probabilities_.find(KeyOf(PairOf(document, member)));
      if (known == probabilities_.end()) continue;
      sum += known->second;
      ++count;
    }
    return count == 0 ? -1 : sum / count;
  }

  absl::Status AddGroup(std::vector<int32_t> chosen) {
    std::sort(chosen.begin(), chosen.end());
    VersionGroup group;
    for (const int32_t document : chosen) {
      double probability = 1;
      if (chosen.size() > 1) {
        HEXAPLA_ASSIGN_OR_RETURN(probability, KnownMean(document, chosen));
      }
      group.members.push_back({.document = document, .probability = probability});
      group.probability = std::min(group.probability, probability);
    }
    groups_.push_back(std::move(group));
    return absl::OkStatus();
  }

  // The mean over the pairs that have been judged; judges one if none was.
  absl::StatusOr<double> KnownMean(int32_t document, const std::vector<int32_t>& group) {
    double sum = 0;
    int count = 0;
    for (const int32_t other : group) {
      const auto known = probabilities_.find(KeyOf(PairOf(document, other)));
      if (other == document || known == probabilities_.end()) continue;
      sum += known->second;
      ++count;
    }
    if (count > 0) return sum / count;
    return ProbabilityOf(PairOf(document, group[0] == document ? group[1] : group[0]));
  }

  // Of each class the first document in a group, else the first at all, is the
  // one that the others repeat.
  void NameDuplicates() {
    absl::flat_hash_map<int32_t, std::pair<bool, int32_t>> preferred;  // (alone, document)
    for (const VersionGroup& group : groups_) {
      for (const VersionGroup::Member& member : group.members) {
        const std::pair<bool, int32_t> rank = {group.members.size() == 1, member.document};
        const auto [entry, fresh] =
            preferred.try_emplace(input_.duplicate_class[member.document], rank);
        if (!fresh) entry->second = std::min(entry->second, rank);
      }
    }
    for (VersionGroup& group : groups_) {
      for (VersionGroup::Member& member : group.members) {
        const int32_t first = preferred[input_.duplicate_class[member.document]].second;
        if (first != member.document) member.duplicate_of = first;
      }
    }
  }

  const GrouperInput& input_;
  const ConflictFunction conflict_;
  const JudgeFunction judge_;
  const StopCondition stop_;
  absl::flat_hash_map<uint64_t, double> probabilities_;  // by KeyOf
  std::vector<std::vector<int32_t>> clusters_;           // empty once joined to another
  std::vector<absl::btree_map<int32_t, Link>> links_;    // cluster -> cluster -> link
  std::priority_queue<Proposal> proposals_;
  std::vector<VersionGroup> groups_;
};

}  // namespace

absl::StatusOr<std::vector<VersionGroup>> GroupDocuments(const GrouperInput& input,
                                                         ConflictFunction conflict,
                                                         JudgeFunction judge,
                                                         const StopCondition& stop) {
  return Grouper(input, conflict, judge, stop).Run();
}

}  // namespace hexapla
