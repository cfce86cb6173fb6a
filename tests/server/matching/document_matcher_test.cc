// SPDX-License-Identifier: Apache-2.0
#include "server/matching/document_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "server/base/request_error.h"
#include "tests/testing/fake_language_identifier.h"
#include "tests/testing/plain_weights.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::PlainWeights;
using ::hexapla::testing::TableEmbedder;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr int kWords = 900;

std::vector<std::string> Vocabulary() {
  std::vector<std::string> rows;
  for (int w = 0; w < kWords; ++w) {
    rows.push_back(absl::StrCat("w", w, "a w", w, "b w", w, "c"));
  }
  return rows;
}

// Text number t: so many sentences of eight words, in the language of `suffix`.
std::string MakeText(int t, const std::string& suffix, int sentences = 12) {
  std::mt19937 random(static_cast<unsigned>(t));
  std::string text;
  for (int s = 0; s < sentences; ++s) {
    for (int w = 0; w < 8; ++w) {
      absl::StrAppend(&text, w == 0 ? "W" : " w", random() % kWords, suffix);
    }
    absl::StrAppend(&text, ".\n");
  }
  return text;
}

class DocumentMatcherTest : public ::testing::Test {
 protected:
  void Add(const std::string& language, std::string text) {
    languages_.push_back(language);
    texts_.push_back(std::move(text));
  }
  std::vector<MatchInput> Inputs() const {
    std::vector<MatchInput> inputs;
    for (size_t i = 0; i < texts_.size(); ++i) {
      inputs.push_back({.language = languages_[i], .text = texts_[i]});
    }
    return inputs;
  }
  absl::StatusOr<MatchedHeap> Match(const MatchOptions& options = {},
                                    const StopCondition& stop = {}) const {
    return matcher_.Match(Inputs(), options, stop);
  }
  // "0,1,3" for each group.
  static std::vector<std::string> Text(const MatchedHeap& heap) {
    std::vector<std::string> groups;
    for (const VersionGroup& group : heap.groups) {
      std::string text;
      for (const VersionGroup::Member& member : group.members) {
        absl::StrAppend(&text, text.empty() ? "" : ",", member.document);
      }
      groups.push_back(text);
    }
    return groups;
  }

  const FakeIdentifier identifier_;
  const TableEmbedder embedder_{Vocabulary(), {"en", "fr", "de"}};
  const ScoringWeights weights_ = PlainWeights();
  const DocumentMatcher matcher_{identifier_, embedder_, weights_};
  std::vector<std::string> languages_;
  std::vector<std::string> texts_;
};

TEST_F(DocumentMatcherTest, AnEmptyHeapHasNoGroups) {
  EXPECT_THAT(Text(Match().value()), ElementsAre());
}

TEST_F(DocumentMatcherTest, VersionsAreGroupedAndStrangersStandAlone) {
  Add("en", MakeText(1, "a"));
  Add("fr", MakeText(2, "b"));
  Add("fr", MakeText(1, "b"));
  Add("de", MakeText(1, "c"));
  Add("en", MakeText(3, "a"));
  const MatchedHeap heap = Match().value();
  EXPECT_THAT(Text(heap), ElementsAre("0,2,3", "1", "4"));
  EXPECT_GT(heap.groups[0].probability, 0.8);
  EXPECT_EQ(heap.documents[1].language.tag, "fr");
  EXPECT_TRUE(heap.documents[1].covered);
}

TEST_F(DocumentMatcherTest, ALargerHeapIsGroupedWhole) {
  for (int t = 0; t < 30; ++t) {
    for (const auto& [language, suffix] : {std::pair("en", "a"), {"fr", "b"}, {"de", "c"}}) {
      if ((t + suffix[0]) % 4 != 0) Add(language, MakeText(t, suffix));
    }
  }
  const MatchedHeap heap = Match().value();
  EXPECT_EQ(heap.groups.size(), 30u);
  for (const VersionGroup& group : heap.groups) EXPECT_GE(group.members.size(), 2u);
}

TEST_F(DocumentMatcherTest, ADocumentThatFailsLeavesTheOthersAlone) {
  Add("en", MakeText(1, "a"));
  Add("", " ");
  Add("fr", MakeText(1, "b"));
  const MatchedHeap heap = Match().value();
  EXPECT_THAT(Text(heap), ElementsAre("0,2"));
  EXPECT_EQ(FaultOf(heap.documents[1].status).reason, "TEXT_BLANK");
  EXPECT_TRUE(heap.documents[2].status.ok());
}

TEST_F(DocumentMatcherTest, ACopyStandsAloneAndSaysWhomItRepeats) {
  Add("en", MakeText(1, "a"));
  Add("fr", MakeText(1, "b"));
  Add("en", MakeText(1, "a"));
  const MatchedHeap heap = Match().value();
  EXPECT_THAT(Text(heap), ElementsAre("0,1", "2"));
  EXPECT_EQ(heap.groups[1].members[0].duplicate_of, 0);
}

TEST_F(DocumentMatcherTest, OneLanguageMayBeAllowedSeveralVersions) {
  Add("en", MakeText(1, "a"));
  Add("en", MakeText(1, "b"));
  Add("en", MakeText(2, "a"));
  EXPECT_EQ(Match().value().groups.size(), 3u);
  EXPECT_THAT(Text(Match({.allow_same_language = true}).value()), ElementsAre("0,1", "2"));
}

TEST_F(DocumentMatcherTest, LongVersionsAreKnownByTheSameShareOfTheirHeads) {
  // One has its sentences joined in pairs, so that its head would reach farther.
  std::string joined = MakeText(1, "b", 200);
  for (size_t i = 0, ends = 0; i < joined.size(); ++i) {
    if (joined[i] == '.' && ++ends % 2 == 1) joined[i] = ',';
  }
  std::erase(joined, '\n');
  for (size_t i = 0; i < joined.size(); ++i) {
    if (joined[i] == '.') joined[i] = '\n';
  }
  Add("en", MakeText(1, "a", 200));
  Add("fr", joined);
  EXPECT_THAT(Text(Match().value()), ElementsAre("0,1"));
}

TEST_F(DocumentMatcherTest, TheAnswerDoesNotDependOnTheThreads) {
  for (int t = 0; t < 12; ++t) {
    Add("en", MakeText(t, "a"));
    Add("fr", MakeText(t, "b"));
  }
  class Backwards final : public Parallel {
   public:
    void Run(size_t count, absl::FunctionRef<void(size_t part)> part) override {
      std::thread half([&] {
        for (size_t i = count; i > count / 2; --i) part(i - 1);
      });
      for (size_t i = count / 2; i > 0; --i) part(i - 1);
      half.join();
    }
  };
  Backwards backwards;
  const MatchedHeap here = Match().value();
  const MatchedHeap there = matcher_.Match(Inputs(), {}, {}, backwards).value();
  EXPECT_EQ(Text(here), Text(there));
  for (size_t g = 0; g < here.groups.size(); ++g) {
    EXPECT_EQ(here.groups[g].probability, there.groups[g].probability);
  }
}

TEST_F(DocumentMatcherTest, CancellationIsFeltSoon) {
  for (int t = 0; t < 300; ++t) {
    Add("en", MakeText(t, "a", 40));
    Add("fr", MakeText(t, "b", 40));
  }
  std::atomic<bool> cancelled = false;
  absl::Time when;
  std::thread caller([&] {
    absl::SleepFor(absl::Milliseconds(300));
    when = absl::Now();
    cancelled = true;
  });
  const absl::Status status = Match({}, StopCondition(&cancelled, absl::InfiniteFuture())).status();
  const absl::Time end = absl::Now();
  caller.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  // 50 ms on a machine of one's own; tests share theirs.
  EXPECT_LT(end - when, absl::Seconds(10));
}

}  // namespace
}  // namespace hexapla
