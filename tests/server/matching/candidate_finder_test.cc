// SPDX-License-Identifier: Apache-2.0
#include "server/matching/candidate_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "server/matching/near_duplicates.h"
#include "server/similarity/cosine.h"
#include "tests/testing/fake_language_identifier.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::TableEmbedder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kWords = 600;

std::vector<std::string> Vocabulary() {
  std::vector<std::string> rows;
  for (int w = 0; w < kWords; ++w) rows.push_back(absl::StrCat("w", w, "a w", w, "b"));
  return rows;
}

// A heap of made-up texts: the words of text t, in the language of the suffix.
class CandidateFinderTest : public ::testing::Test {
 protected:
  void Add(int text, const std::string& language, const std::string& suffix,
           const std::string& also = "", int changed = 0) {
    std::mt19937 random(static_cast<unsigned>(text));
    std::string words;
    for (int w = 0; w < 60; ++w) {
      const int number = static_cast<int>(random() % kWords);
      absl::StrAppend(&words, w < changed ? "c" : "w", number, suffix, w % 10 == 9 ? ". " : " ");
    }
    absl::StrAppend(&words, also);
    HeapReader reader(identifier_, embedder_, {}, vocabulary_);
    texts_.push_back(words);
    documents_.push_back(reader.Read({.language = language, .text = words}, {}).value());
    // The text may have moved, and is not needed any more.
    documents_.back().head.clear();
  }

  absl::StatusOr<DocumentSignatures> Sign(const StopCondition& stop = {}) const {
    return ComputeSignatures(documents_, vocabulary_, embedder_, stop);
  }
  Candidates Find(CandidateOptions options = {.all_pairs_max = 0}) const {
    return FindCandidates(documents_, Sign().value(), Copies(), options, {}).value();
  }
  std::vector<bool> Copies() const { return FindNearDuplicates(documents_, {}).value().is_copy; }
  std::vector<int32_t> Classes() const {
    return FindNearDuplicates(documents_, {}).value().duplicate_class;
  }

  const FakeIdentifier identifier_;
  const TableEmbedder embedder_{Vocabulary(), {"en", "fr"}};
  HeapVocabulary vocabulary_;
  std::vector<std::string> texts_;
  std::vector<HeapDocument> documents_;
};

TEST_F(CandidateFinderTest, AnEmptyHeapHasNone) {
  EXPECT_THAT(Find().pairs, IsEmpty());
  EXPECT_THAT(Classes(), IsEmpty());
}

TEST_F(CandidateFinderTest, VersionsAreFoundByTheirVectors) {
  constexpr int kTexts = 40;
  for (int t = 0; t < kTexts; ++t) {
    Add(t, "en", "a");
    Add(t, "fr", "b");
  }
  const Candidates candidates = Find();
  for (int t = 0; t < kTexts; ++t) {
    EXPECT_THAT(candidates.pairs, Contains(DocumentPair{2 * t, 2 * t + 1}));
  }
  // Few others: a document has one partner that is near its best.
  EXPECT_LT(candidates.pairs.size(), 2u * kTexts);
}

TEST_F(CandidateFinderTest, VersionsInAnUnknownLanguageAreFoundByNumbersAndNames) {
  for (int t = 0; t < 20; ++t) {
    Add(t, "en", "a", absl::StrCat("Name", t, " 19", 10 + t, "."));
    Add(100 + t, "tlh", "q", absl::StrCat("Name", t, " 19", 10 + t, "."));
  }
  const Candidates candidates = Find();
  for (int t = 0; t < 20; ++t) {
    EXPECT_THAT(candidates.pairs, Contains(DocumentPair{2 * t, 2 * t + 1}));
  }
  const DocumentSignatures signatures = Sign().value();
  EXPECT_EQ(InnerProduct(signatures.vectors.row(1), signatures.vectors.row(1),
                         signatures.vectors.dimension()),
            0);
  EXPECT_EQ(signatures.tellers[1].size(), 2u);
}

TEST_F(CandidateFinderTest, DocumentsOfOneLanguageAreNoPairUnlessAllowed) {
  for (int t = 0; t < 4; ++t) Add(t, "en", "a");
  EXPECT_THAT(Find().pairs, IsEmpty());
  EXPECT_EQ(Find({.allow_same_language = true}).pairs.size(), 6u);
}

TEST_F(CandidateFinderTest, ASmallHeapIsJudgedWhole) {
  Add(1, "en", "a");
  Add(2, "fr", "b");
  Add(3, "fr", "b");
  EXPECT_THAT(Find({}).pairs, ElementsAre(DocumentPair{0, 1}, DocumentPair{0, 2}));
}

TEST_F(CandidateFinderTest, DocumentsOfRareLanguagesGetASecondLook) {
  for (int t = 0; t < 20; ++t) Add(t, "en", "a");
  Add(3, "fr", "b");
  const Candidates candidates = Find();
  EXPECT_THAT(candidates.second_looks[20], ElementsAre(DocumentPair{3, 20}));
  EXPECT_THAT(candidates.second_looks[0], IsEmpty());
}

TEST_F(CandidateFinderTest, NearDuplicatesShareAClass) {
  Add(1, "en", "a");
  Add(2, "en", "a");
  Add(1, "en", "a", "", 4);   // 4 of 60 words changed
  Add(1, "en", "a", "", 30);  // half of them
  Add(1, "fr", "a", "", 2);
  EXPECT_THAT(Classes(), ElementsAre(0, 1, 0, 3, 4));
  EXPECT_THAT(Copies(), ElementsAre(false, false, false, false, false));
}

TEST_F(CandidateFinderTest, ManyNearDuplicatesAreOneClass) {
  for (int changed = 0; changed < 40; ++changed) Add(1, "en", "a", "", changed % 5);
  for (const int32_t first : Classes()) EXPECT_EQ(first, 0);
}

TEST_F(CandidateFinderTest, CopiesAreInNoPair) {
  Add(1, "en", "a");
  Add(1, "en", "a");
  Add(1, "fr", "b");
  EXPECT_THAT(Classes(), ElementsAre(0, 0, 2));
  EXPECT_THAT(Copies(), ElementsAre(false, true, false));
  EXPECT_THAT(Find({}).pairs, ElementsAre(DocumentPair{0, 2}));
}

TEST_F(CandidateFinderTest, StopsWhenTold) {
  Add(1, "en", "a");
  const std::atomic<bool> cancelled = true;
  const StopCondition stop(&cancelled, absl::InfiniteFuture());
  EXPECT_EQ(Sign(stop).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(FindNearDuplicates(documents_, stop).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(FindCandidates(documents_, Sign().value(), Copies(), {}, stop).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace hexapla
