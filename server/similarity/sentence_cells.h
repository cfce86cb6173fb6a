// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_SENTENCE_CELLS_H_
#define HEXAPLA_SERVER_SIMILARITY_SENTENCE_CELLS_H_

#include <algorithm>
#include <cstddef>
#include <utility>
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

  // Of each row the columns [begin[row], end[row]), and as many more as it takes
  // that neither ever decreases; a row with begin >= end asks for nothing itself.
  SentenceCells(std::vector<int> begin, std::vector<int> end, int columns)
      : columns_(columns), begin_(std::move(begin)), end_(std::move(end)) {
    const int rows = static_cast<int>(begin_.size());
    for (int row = 1; row < rows; ++row) end_[row] = std::max(end_[row], end_[row - 1]);
    for (int row = rows - 2; row >= 0; --row) begin_[row] = std::min(begin_[row], begin_[row + 1]);
    offset_.push_back(0);
    for (int row = 0; row < rows; ++row) {
      begin_[row] = std::min(begin_[row], columns);
      end_[row] = std::max(begin_[row], end_[row]);
      offset_.push_back(offset_.back() + end_[row] - begin_[row]);
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
