// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_HUFFMAN_TREE_H_
#define HEXAPLA_SERVER_FASTTEXT_HUFFMAN_TREE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hexapla::fasttext {

// The binary tree over labels by which fastText's hierarchical softmax decides:
// from the root downwards, inner node i goes right with a probability that row
// i of the output matrix gives.
//
// Nodes [0, leaves()) are the labels; node leaves() + i is inner node i. The
// root is the last node. With one label the root is that label.
//
// Example: counts 4, 2, 1 give inner nodes 3 = (2, 1) and 4 = (3, 0), the root.
//
// Threads: immutable once built, so concurrent use is safe.
class HuffmanTree {
 public:
  struct Children {
    int32_t left;
    int32_t right;
  };

  HuffmanTree() = default;
  // Builds the tree as fastText does, ties included: of two nodes equally
  // frequent, the inner one is taken first. Requires: 0 <= every count < 1e15,
  // their sum too, and at least one of them.
  explicit HuffmanTree(const std::vector<int64_t>& counts);

  int32_t leaves() const { return static_cast<int32_t>(inner_.size()) + 1; }
  int32_t root() const { return 2 * leaves() - 2; }
  bool IsLeaf(int32_t node) const { return node < leaves(); }
  // Requires: not IsLeaf(node).
  int32_t RowOf(int32_t node) const { return node - leaves(); }
  const Children& ChildrenOf(int32_t node) const { return inner_[RowOf(node)]; }

 private:
  std::vector<Children> inner_;
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_HUFFMAN_TREE_H_
