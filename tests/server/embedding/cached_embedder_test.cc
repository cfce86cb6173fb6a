// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/cached_embedder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace hexapla {
namespace {

// Knows words that begin with "w"; the vector tells the word's length.
class CountingEmbedder final : public SentenceEmbedder {
 public:
  explicit CountingEmbedder(std::atomic<int>& calls) : calls_(calls) {}
  int dimension() const override { return 3; }
  const std::vector<std::string>& languages() const override { return languages_; }
  bool EmbedWord(absl::string_view word, float* out) const override {
    ++calls_;
    const bool known = !word.empty() && word[0] == 'w';
    for (int k = 0; k < 3; ++k) out[k] = known ? static_cast<float>(word.size() + k) : 0;
    return known;
  }

 private:
  std::atomic<int>& calls_;
  const std::vector<std::string> languages_ = {"en"};
};

class CachedEmbedderTest : public ::testing::Test {
 protected:
  std::unique_ptr<CachedEmbedder> Cached(size_t words_max) {
    return std::make_unique<CachedEmbedder>(std::make_unique<CountingEmbedder>(calls_), words_max);
  }
  static void ExpectVector(const SentenceEmbedder& embedder, const std::string& word) {
    float out[3] = {-1, -1, -1};
    const bool known = word[0] == 'w';
    EXPECT_EQ(embedder.EmbedWord(word, out), known);
    for (int k = 0; k < 3; ++k) {
      EXPECT_EQ(out[k], known ? static_cast<float>(word.size() + k) : 0) << word;
    }
  }

  std::atomic<int> calls_ = 0;
};

TEST_F(CachedEmbedderTest, AWordIsAskedForOnce) {
  const auto cached = Cached(1000);
  for (int i = 0; i < 5; ++i) {
    ExpectVector(*cached, "word");
    ExpectVector(*cached, "unknown");
  }
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(cached->dimension(), 3);
  EXPECT_EQ(cached->languages(), std::vector<std::string>{"en"});
}

TEST_F(CachedEmbedderTest, OldWordsAreForgottenButNeverConfused) {
  const auto cached = Cached(64);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i) ExpectVector(*cached, absl::StrCat("w", i * i));
  }
  EXPECT_EQ(calls_, 3000);  // none survives a thousand others
}

TEST_F(CachedEmbedderTest, WordsThatKeepComingSurviveTheOthers) {
  const auto cached = Cached(640);
  for (int i = 0; i < 10000; ++i) {
    ExpectVector(*cached, "wanted");
    ExpectVector(*cached, absl::StrCat("w", i));
  }
  EXPECT_EQ(calls_, 10001);
}

TEST_F(CachedEmbedderTest, VeryLongWordsAreNotKept) {
  const auto cached = Cached(1000);
  const std::string word(200, 'w');
  ExpectVector(*cached, word);
  ExpectVector(*cached, word);
  EXPECT_EQ(calls_, 2);
}

TEST_F(CachedEmbedderTest, ManyThreadsGetTheSame) {
  const auto cached = Cached(128);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cached, t] {
      for (int i = 0; i < 3000; ++i) ExpectVector(*cached, absl::StrCat("w", (i * (t + 1)) % 300));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace hexapla
