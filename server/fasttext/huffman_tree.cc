// SPDX-License-Identifier: Apache-2.0
//
// The two-queue construction: leaves wait from the rarest (the last label) to
// the most frequent, inner nodes in the order they were made, and each step
// joins the two rarest heads. It is Huffman's tree because both queues are
// sorted; where a file's labels are not, fastText makes the same odd tree, and
// its output matrix was trained with it.

#include "server/fasttext/huffman_tree.h"

#include <limits>

namespace hexapla::fasttext {

HuffmanTree::HuffmanTree(const std::vector<int64_t>& counts) {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  const auto leaves = static_cast<int32_t>(counts.size());
  std::vector<int64_t> inner_counts;
  inner_counts.reserve(counts.size());
  inner_.reserve(counts.size());
  int32_t leaf = leaves - 1;
  size_t next_inner = 0;
  int64_t joined = 0;
  const auto take = [&] {
    const int64_t inner_count = next_inner < inner_counts.size() ? inner_counts[next_inner] : kNone;
    if (leaf >= 0 && counts[leaf] < inner_count) {
      joined += counts[leaf];
      return leaf--;
    }
    joined += inner_count;
    return leaves + static_cast<int32_t>(next_inner++);
  };
  for (int32_t i = 0; i + 1 < leaves; ++i) {
    joined = 0;
    const int32_t left = take();
    const int32_t right = take();
    inner_.push_back({.left = left, .right = right});
    inner_counts.push_back(joined);
  }
}

}  // namespace hexapla::fasttext
