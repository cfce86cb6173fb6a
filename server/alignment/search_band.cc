// SPDX-License-Identifier: Apache-2.0
#include "server/alignment/search_band.h"

#include <algorithm>

namespace hexapla {

SearchBand::SearchBand(std::vector<int> begin, std::vector<int> end)
    : begin_(std::move(begin)), end_(std::move(end)), offset_(begin_.size() + 1) {
  for (size_t row = 0; row < begin_.size(); ++row) {
    offset_[row + 1] = offset_[row] + (end_[row] - begin_[row]);
  }
}

SearchBand SearchBand::Full(int sources, int targets) {
  return SearchBand(std::vector<int>(sources + 1, 0), std::vector<int>(sources + 1, targets + 1));
}

SearchBand SearchBand::Around(const std::vector<std::pair<int, int>>& path, int sources,
                              int targets, int radius) {
  std::vector<int> begin(sources + 1, targets);
  std::vector<int> end(sources + 1, 1);
  // Every node of the path, straight segments filled in, widens the rows around it.
  const auto visit = [&](int row, int column) {
    for (int r = std::max(0, row - radius); r <= std::min(sources, row + radius); ++r) {
      begin[r] = std::min(begin[r], std::max(0, column - radius));
      end[r] = std::max(end[r], std::min(targets, column + radius) + 1);
    }
  };
  visit(0, 0);
  visit(sources, targets);
  for (size_t p = 0; p + 1 < path.size(); ++p) {
    const auto [row, column] = path[p];
    const int rows = path[p + 1].first - row;
    const int columns = path[p + 1].second - column;
    const int steps = std::max({rows, columns, 1});
    for (int s = 0; s <= steps; ++s) {
      visit(row + static_cast<int>(static_cast<long long>(rows) * s / steps),
            column + static_cast<int>(static_cast<long long>(columns) * s / steps));
    }
  }
  return OfRows(std::move(begin), std::move(end));
}

SearchBand SearchBand::OfRows(std::vector<int> begin, std::vector<int> end) {
  const int sources = static_cast<int>(begin.size()) - 1;
  const int targets = end.back() - 1;
  begin[0] = 0;
  end[0] = std::max(end[0], 1);
  // Both ends rise; rows left out are joined to their neighbours.
  for (int r = 1; r <= sources; ++r) end[r] = std::max(end[r], end[r - 1]);
  begin[sources] = std::min(begin[sources], targets);
  for (int r = sources - 1; r >= 0; --r) begin[r] = std::min(begin[r], begin[r + 1]);
  for (int r = 1; r <= sources; ++r) begin[r] = std::min(begin[r], end[r - 1] - 1);
  for (int r = sources - 1; r >= 0; --r) begin[r] = std::min(begin[r], begin[r + 1]);
  return SearchBand(std::move(begin), std::move(end));
}

}  // namespace hexapla
