// SPDX-License-Identifier: Apache-2.0
//
// The small structures that models are made of, each against its plain twin.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "server/fasttext/activations.h"
#include "server/fasttext/dictionary.h"
#include "server/fasttext/huffman_tree.h"
#include "server/fasttext/kept_buckets.h"

namespace hexapla::fasttext {
namespace {

using ::testing::ElementsAre;

TEST(KeptBucketsTest, HashesFallIntoBucketsByRemainder) {
  std::mt19937 random(3);
  for (const uint32_t size : {1u, 2u, 3u, 64u, 1000u, 2000000u, 2000003u, 2147483647u}) {
    const KeptBuckets buckets = KeptBuckets::All(size);
    for (const uint32_t hash : {0u, 1u, size - 1, size, 4294967295u}) {
      EXPECT_EQ(buckets.BucketOf(hash), hash % size);
    }
    for (int i = 0; i < 1000; ++i) {
      const auto hash = static_cast<uint32_t>(random());
      EXPECT_EQ(buckets.BucketOf(hash), hash % size) << hash << " " << size;
    }
  }
}

TEST(KeptBucketsTest, RanksCountTheKeptBucketsBefore) {
  for (const uint32_t size : {1u, 63u, 64u, 65u, 5000u}) {
    std::mt19937 random(size);
    std::vector<uint32_t> kept;
    std::map<uint32_t, int32_t> ranks;
    for (uint32_t bucket = 0; bucket < size; ++bucket) {
      if (random() % 3 != 0) continue;
      ranks[bucket] = static_cast<int32_t>(kept.size());
      kept.push_back(bucket);
    }
    const KeptBuckets buckets = KeptBuckets::Some(size, kept);
    EXPECT_EQ(buckets.size(), static_cast<int32_t>(kept.size()));
    std::vector<uint32_t> hashes;
    std::vector<int32_t> expected;
    for (uint32_t bucket = 0; bucket < size; ++bucket) {
      EXPECT_EQ(buckets.RankOf(bucket), ranks.contains(bucket) ? ranks[bucket] : -1);
      hashes.push_back(bucket + size * 7);
      if (ranks.contains(bucket)) expected.push_back(ranks[bucket]);
    }
    std::vector<int32_t> found(hashes.size());
    found.resize(buckets.RanksOf(hashes.data(), hashes.size(), found.data()));
    EXPECT_EQ(found, expected);
  }
}

TEST(KeptBucketsTest, NoneKeptHaveNoRank) {
  const KeptBuckets buckets = KeptBuckets::Some(100, {});
  const uint32_t hash = 5;
  int32_t rank = 0;
  EXPECT_EQ(buckets.RankOf(5), -1);
  EXPECT_EQ(buckets.RanksOf(&hash, 1, &rank), 0u);
}

TEST(HuffmanTreeTest, JoinsTheRarestFirst) {
  const HuffmanTree tree({4, 2, 1});
  EXPECT_EQ(tree.leaves(), 3);
  EXPECT_EQ(tree.root(), 4);
  EXPECT_EQ(tree.ChildrenOf(3).left, 2);
  EXPECT_EQ(tree.ChildrenOf(3).right, 1);
  EXPECT_EQ(tree.ChildrenOf(4).left, 3);
  EXPECT_EQ(tree.ChildrenOf(4).right, 0);
}

TEST(HuffmanTreeTest, OneLabelIsTheRoot) {
  const HuffmanTree tree({7});
  EXPECT_EQ(tree.root(), 0);
  EXPECT_TRUE(tree.IsLeaf(tree.root()));
}

TEST(HuffmanTreeTest, EveryNodeHasOneParentWhateverTheCounts) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<int64_t> counts(1 + random() % 50);
    for (int64_t& count : counts) count = random() % (round % 2 == 0 ? 3 : 1000000);
    const HuffmanTree tree(counts);
    std::vector<int> parents(tree.root() + 1, 0);
    for (int32_t node = tree.leaves(); node <= tree.root(); ++node) {
      for (const int32_t child : {tree.ChildrenOf(node).left, tree.ChildrenOf(node).right}) {
        ASSERT_GE(child, 0);
        ASSERT_LT(child, node);
        ++parents[child];
      }
    }
    for (int32_t node = 0; node < tree.root(); ++node) EXPECT_EQ(parents[node], 1);
  }
}

// A name, a NUL, a count: what a dictionary points into.
std::string Entry(const std::string& name, int64_t count) {
  std::string entry = name + '\0';
  entry.append(reinterpret_cast<const char*>(&count), sizeof(count));
  return entry + '\0';
}

TEST(DictionaryTest, FindsWordsAndOfTwoAlikeTheLast) {
  const std::string bytes = Entry("one", 5) + Entry("two", 4) + Entry("one", 3) + Entry("lab", 2);
  DictionaryBuilder builder;
  ASSERT_TRUE(builder.Entries(bytes.data(), {0, 13, 26, 39}, 3, 14).ok());
  builder.AllBuckets(10);
  const Dictionary dictionary = builder.Build();
  EXPECT_EQ(dictionary.words_size(), 3);
  EXPECT_EQ(dictionary.labels_size(), 1);
  EXPECT_EQ(dictionary.FindWord("one"), 2);
  EXPECT_EQ(dictionary.FindWord("two"), 1);
  EXPECT_EQ(dictionary.FindWord("tw"), -1);
  EXPECT_EQ(dictionary.FindWord("two!"), -1);
  EXPECT_EQ(dictionary.FindWord(absl::string_view("two\0", 4)), -1);
  EXPECT_EQ(dictionary.FindWord("lab"), -1);
  EXPECT_EQ(dictionary.count(1), 4);
  EXPECT_EQ(dictionary.label_count(0), 2);
  EXPECT_EQ(dictionary.BucketRow(27), 3 + 7);
}

TEST(DictionaryTest, PrunedBucketsHaveTheRowsTheyWereGiven) {
  DictionaryBuilder builder;
  ASSERT_TRUE(builder.Entries("", {}, 0, 0).ok());
  ASSERT_TRUE(builder.SomeBuckets(10, {{7, 0}, {2, 1}}).ok());
  const Dictionary dictionary = builder.Build();
  EXPECT_EQ(dictionary.BucketRow(2), 1);
  EXPECT_EQ(dictionary.BucketRow(17), 0);
  EXPECT_EQ(dictionary.BucketRow(3), -1);
}

TEST(DictionaryTest, ABucketKeptTwiceIsRefused) {
  DictionaryBuilder builder;
  ASSERT_TRUE(builder.Entries("", {}, 0, 0).ok());
  EXPECT_EQ(builder.SomeBuckets(10, {{7, 0}, {7, 1}}).code(), absl::StatusCode::kDataLoss);
}

TEST(ActivationsTest, LogisticIsExactToTheLastBits) {
  std::vector<float> values;
  for (int i = -200; i <= 200; ++i) values.push_back(static_cast<float>(i) * 0.5f);
  values.push_back(std::nanf(""));
  std::vector<float> results = values;
  ApplyLogistic(results.data(), results.size());
  for (size_t i = 0; i + 1 < values.size(); ++i) {
    EXPECT_NEAR(results[i], 1 / (1 + std::exp(-static_cast<double>(values[i]))), 2e-7) << values[i];
  }
  EXPECT_EQ(results.back(), 0);
}

TEST(ActivationsTest, SoftmaxSumsToOne) {
  for (size_t n = 1; n < 40; ++n) {
    std::vector<float> values(n);
    for (size_t i = 0; i < n; ++i) values[i] = 100 + static_cast<float>(i % 5);
    ApplySoftmax(values.data(), n);
    float sum = 0;
    for (const float value : values) sum += value;
    EXPECT_NEAR(sum, 1, 1e-6);
    if (n >= 5) {
      EXPECT_NEAR(values[4] / values[0], std::exp(4.0), 1e-3);
    }
  }
}

}  // namespace
}  // namespace hexapla::fasttext
