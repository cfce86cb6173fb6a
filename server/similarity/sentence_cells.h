// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_SENTENCE_CELLS_H_
#define HEXAPLA_SERVER_SIMILARITY_SENTENCE_CELLS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "server/alignment/search_band.h"

namespace hexapla {

// The pairs of a source sentence (row) and a target sentence (column) that the
// beads inside a band may hold: of each row the columns [begin, end), which
// never decrease. Cells are numbered row by row.
class SentenceCells {
 public:
  // `bead_size_max`: most sentences of one side of a bead.
  SentenceCells(const SearchBand& band, int bead_size_max) : columns_(band.targets()) {
    const int rows = band.sources();
    offset_.push_back(0);
    for (int row = 0; row < rows; ++row) {
      const int begin = band.begin(std::max(0, row - bead_size_max + 1));
      const int end = std::min(columns_, band.end(std::min(rows, row + bead_size_max)) - 1);
      begin_.push_back(begin);
      end_.push_back(std::max(begin, end));
      offset_.push_back(offset_.back() + end_.back() - begin);
    }
  }

  int rows() const { return static_cast<int>(begin_.size()); }
  int columns() const { return columns_; }
  int begin(int row) const { return begin_[row]; }
  int end(int row) const { return end_[row]; }
  bool Contains(int row, int column) const {
    return row >= 0 && row < rows() && column >= begin_[row] && column < end_[row];
  }
  size_t size() const { return offset_.back(); }
  size_t Index(int row, int column) const { return offset_[row] + (column - begin_[row]); }

 private:
  int columns_;
  std::vector<int> begin_;
  std::vector<int> end_;
  std::vector<size_t> offset_;  // one more at the end
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_SENTENCE_CELLS_H_
