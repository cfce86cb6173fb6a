// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_ALIGNMENT_SEARCH_BAND_H_
#define HEXAPLA_SERVER_ALIGNMENT_SEARCH_BAND_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace hexapla {

// The nodes of a sentence grid that the aligner may visit. Node (i, j) stands
// between sentences: i sources and j targets lie behind it, so a grid of n by m
// sentences has (n + 1) by (m + 1) nodes. A bead leads from one node to another.
//
// Row i allows the nodes [begin(i), end(i)). A node outside the band is never
// scored, so no alignment passes through it.
//
// Example: 3x3 sentences, path along the diagonal, radius 1: rows [0,3) [0,4)
// [0,4) [1,4).
//
// Invariants: both corners are inside; no row is empty; begin() and end() never
// decrease, and each row overlaps the next, so that a path exists.
// Cost: three integers a row; lookup is O(1).
// Threads: immutable once built, so concurrent use is safe.
class SearchBand {
 public:
  // Every node.
  static SearchBand Full(int sources, int targets);

  // The nodes within `radius` of `path`, nodes in rising order from (0, 0) to
  // (sources, targets); between two of them the path runs straight.
  // Requires: radius >= 1.
  static SearchBand Around(const std::vector<std::pair<int, int>>& path, int sources, int targets,
                           int radius);

  // The nodes [begin[row], end[row]) of each row, and as many more as the
  // invariants ask for. A row with begin >= end asks for nothing itself.
  // Requires: one more element than sources, equally many; of the last, `end` is
  // one more than targets.
  static SearchBand OfRows(std::vector<int> begin, std::vector<int> end);

  int sources() const { return static_cast<int>(begin_.size()) - 1; }
  int targets() const { return end_.back() - 1; }
  int begin(int row) const { return begin_[row]; }
  int end(int row) const { return end_[row]; }
  bool Contains(int row, int column) const {
    return row >= 0 && row <= sources() && column >= begin_[row] && column < end_[row];
  }

  // Nodes of the band are numbered row by row.
  size_t nodes() const { return offset_.back(); }
  size_t Node(int row, int column) const { return offset_[row] + (column - begin_[row]); }

 private:
  SearchBand(std::vector<int> begin, std::vector<int> end);

  std::vector<int> begin_;
  std::vector<int> end_;
  std::vector<size_t> offset_;  // one more at the end
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_ALIGNMENT_SEARCH_BAND_H_
