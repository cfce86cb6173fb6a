// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline/version_groups.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace hexapla {

std::vector<std::vector<int>> GroupVersions(int versions,
                                            const std::function<double(int a, int b)>& probability,
                                            double at_least) {
  std::vector<std::vector<int>> groups;
  for (int v = 0; v < versions; ++v) groups.push_back({v});
  const auto mean = [&](const std::vector<int>& one, const std::vector<int>& other) {
    double sum = 0;
    for (const int a : one) {
      for (const int b : other) sum += probability(std::min(a, b), std::max(a, b));
    }
    return sum / static_cast<double>(one.size() * other.size());
  };
  for (;;) {
    std::pair<size_t, size_t> best;
    double most = at_least;
    for (size_t i = 0; i < groups.size(); ++i) {
      for (size_t j = i + 1; j < groups.size(); ++j) {
        const double here = mean(groups[i], groups[j]);
        if (here < most || (here == most && best.second > 0)) continue;
        most = here;
        best = {i, j};
      }
    }
    if (best.second == 0) return groups;
    std::vector<int>& group = groups[best.first];
    group.insert(group.end(), groups[best.second].begin(), groups[best.second].end());
    std::sort(group.begin(), group.end());
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(best.second));
  }
}

std::vector<MultiBead> InterleaveGroups(const std::vector<GroupBeads>& groups,
                                        const std::vector<int>& sizes) {
  std::vector<int> at(sizes.size());
  std::vector<size_t> next(groups.size());
  // The share of the group's sentences that lie before its next bead.
  const auto share = [&](size_t g) {
    double done = 0;
    double all = 0;
    for (const int v : groups[g].versions) {
      done += at[v];
      all += sizes[v];
    }
    return all > 0 ? done / all : 1;
  };
  std::vector<MultiBead> result;
  for (;;) {
    size_t chosen = groups.size();
    double least = 0;
    for (size_t g = 0; g < groups.size(); ++g) {
      if (next[g] == groups[g].beads.size()) continue;
      const double here = share(g);
      if (chosen < groups.size() && here >= least) continue;
      chosen = g;
      least = here;
    }
    if (chosen == groups.size()) return result;
    const MultiBead& own = groups[chosen].beads[next[chosen]++];
    MultiBead bead{.sides = {}, .score = own.score, .probability = own.probability};
    for (const int position : at) bead.sides.push_back({position, position});
    bead.side_probabilities.assign(sizes.size(), own.probability);
    for (size_t i = 0; i < groups[chosen].versions.size(); ++i) {
      const int v = groups[chosen].versions[i];
      bead.sides[v] = own.sides[i];
      if (!own.side_probabilities.empty()) bead.side_probabilities[v] = own.side_probabilities[i];
      at[v] = own.sides[i].end;
    }
    result.push_back(std::move(bead));
  }
}

}  // namespace hexapla
