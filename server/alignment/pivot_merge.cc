// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/pivot_merge.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace hexapla {
namespace {

// Walks the beads of one pair, in order.
struct Cursor {
  const std::vector<Bead>* beads = nullptr;
  size_t next = 0;

  bool done() const { return next == beads->size(); }
  const Bead& bead() const { return (*beads)[next]; }
  bool at_insertion() const { return !done() && bead().source.empty(); }
};

MultiBead EmptyAt(const std::vector<int>& at) {
  MultiBead bead;
  for (const int position : at) bead.sides.push_back({position, position});
  bead.probability = 1;
  return bead;
}

}  // namespace

std::vector<Bead> Mirror(const std::vector<Bead>& beads) {
  std::vector<Bead> mirrored = beads;
  for (Bead& bead : mirrored) std::swap(bead.source, bead.target);
  return mirrored;
}

std::vector<MultiBead> MergeAtPivot(int pivot, const std::vector<int>& sizes,
                                    const std::vector<std::vector<Bead>>& with_pivot) {
  const int versions = static_cast<int>(sizes.size());
  std::vector<Cursor> cursors(versions);
  for (int v = 0; v < versions; ++v) cursors[v].beads = &with_pivot[v];
  std::vector<int> at(versions);
  std::vector<MultiBead> merged;
  const auto take = [&](int v, MultiBead& bead) {
    const Bead& pair = cursors[v].bead();
    bead.sides[v].end = at[v] = pair.target.end;
    bead.score += pair.score;
    bead.probability *= pair.probability;
    ++cursors[v].next;
  };
  const auto take_insertions = [&] {
    for (int v = 0; v < versions; ++v) {
      while (v != pivot && cursors[v].at_insertion()) {
        merged.push_back(EmptyAt(at));
        take(v, merged.back());
      }
    }
  };
  take_insertions();
  while (at[pivot] < sizes[pivot]) {
    MultiBead bead = EmptyAt(at);
    // Every version's beads are taken up to the furthest boundary that any of
    // them reaches, until all stand at the same one.
    int reach = at[pivot] + 1;
    for (bool level = false; !level;) {
      level = true;
      for (int v = 0; v < versions; ++v) {
        if (v == pivot) continue;
        while (!cursors[v].done() && cursors[v].bead().source.begin < reach) {
          reach = std::max(reach, cursors[v].bead().source.end);
          take(v, bead);
        }
      }
      for (int v = 0; v < versions; ++v) {
        level =
            level && (v == pivot || cursors[v].done() || cursors[v].bead().source.begin >= reach);
      }
    }
    bead.sides[pivot].end = at[pivot] = reach;
    merged.push_back(std::move(bead));
    take_insertions();
  }
  return merged;
}

}  // namespace hexapla
