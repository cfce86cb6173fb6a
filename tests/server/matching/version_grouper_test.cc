// SPDX-License-Identifier: Apache-2.0
#include "server/matching/version_grouper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;

// A heap by the languages of its documents, one letter each, and by the
// probabilities of the pairs that a filter proposed. Other pairs are judged on
// demand, from `hidden`, else 0.
class GrouperTest : public ::testing::Test {
 protected:
  void Documents(const std::string& languages) {
    languages_ = languages;
    input_.documents = static_cast<int32_t>(languages.size());
    input_.duplicate_class.resize(languages.size());
    std::iota(input_.duplicate_class.begin(), input_.duplicate_class.end(), 0);
  }
  void Pair(int a, int b, double probability) { input_.pairs.push_back({{a, b}, probability}); }
  void Hidden(int a, int b, double probability) { hidden_[{a, b}] = probability; }
  void Duplicates(int first, int second) { input_.duplicate_class[second] = first; }

  absl::StatusOr<std::vector<VersionGroup>> TryGroup(const StopCondition& stop = {}) {
    return GroupDocuments(
        input_,
        [this](int32_t a, int32_t b) {
          return languages_[a] == languages_[b] ||
                 input_.duplicate_class[a] == input_.duplicate_class[b];
        },
        [this](DocumentPair pair) -> absl::StatusOr<double> {
          EXPECT_LT(pair.first, pair.second);
          ++judged_;
          if (!judge_status_.ok()) return judge_status_;
          const auto found = hidden_.find(pair);
          return found == hidden_.end() ? 0 : found->second;
        },
        stop);
  }

  // "0,1,3" a group; "4=1" a document that repeats document 1.
  std::vector<std::string> Group() {
    groups_ = TryGroup().value();
    std::vector<std::string> result;
    for (const VersionGroup& group : groups_) {
      std::string text;
      for (const VersionGroup::Member& member : group.members) {
        absl::StrAppend(&text, text.empty() ? "" : ",", member.document);
        if (member.duplicate_of >= 0) absl::StrAppend(&text, "=", member.duplicate_of);
      }
      result.push_back(text);
    }
    return result;
  }

  std::string languages_;
  GrouperInput input_;
  std::map<DocumentPair, double> hidden_;
  std::vector<VersionGroup> groups_;
  absl::Status judge_status_;
  int judged_ = 0;
};

TEST_F(GrouperTest, NoDocumentsMakeNoGroups) {
  Documents("");
  EXPECT_THAT(Group(), ElementsAre());
}

TEST_F(GrouperTest, DocumentsWithoutPairsStandAlone) {
  Documents("ef");
  EXPECT_THAT(Group(), ElementsAre("0", "1"));
  EXPECT_EQ(groups_[0].probability, 1);
  EXPECT_EQ(groups_[0].members[0].probability, 1);
}

TEST_F(GrouperTest, ProbabilitiesAreMeansAndTheirLowest) {
  Documents("efd");
  Pair(0, 1, 0.9);
  Pair(0, 2, 0.8);
  Pair(1, 2, 0.6);
  EXPECT_THAT(Group(), ElementsAre("0,1,2"));
  EXPECT_DOUBLE_EQ(groups_[0].members[0].probability, 0.85);
  EXPECT_DOUBLE_EQ(groups_[0].members[1].probability, 0.75);
  EXPECT_DOUBLE_EQ(groups_[0].members[2].probability, 0.7);
  EXPECT_DOUBLE_EQ(groups_[0].probability, 0.7);
}

TEST_F(GrouperTest, MostCertainGroupsComeFirstAndLoneDocumentsLast) {
  Documents("efefe");
  Pair(0, 1, 0.7);
  Pair(2, 3, 0.9);
  EXPECT_THAT(Group(), ElementsAre("2,3", "0,1", "4"));
}

TEST_F(GrouperTest, TheThresholdIsTheCallers) {
  Documents("ef");
  Pair(0, 1, 0.6);
  EXPECT_THAT(Group(), ElementsAre("0,1"));
  input_.min_probability = 0.7;
  EXPECT_THAT(Group(), ElementsAre("0", "1"));
}

TEST_F(GrouperTest, PairsThatNoFilterProposedAreJudgedBeforeAJoin) {
  Documents("efd");
  Pair(0, 1, 0.9);
  Pair(1, 2, 0.9);
  Hidden(0, 2, 0.8);
  EXPECT_THAT(Group(), ElementsAre("0,1,2"));
  EXPECT_EQ(judged_, 1);
}

TEST_F(GrouperTest, OneMistakenPairIsOutvoted) {
  // 0,1 and 2,3 are versions; 1 and 2 only look so.
  Documents("efds");
  Pair(0, 1, 0.99);
  Pair(2, 3, 0.98);
  Pair(1, 2, 0.9);
  EXPECT_THAT(Group(), ElementsAre("0,1", "2,3"));
}

TEST_F(GrouperTest, OfTwoLookAlikesInOneLanguageTheBetterIsTaken) {
  Documents("eef");
  Pair(0, 2, 0.8);
  Pair(1, 2, 0.9);
  EXPECT_THAT(Group(), ElementsAre("1,2", "0"));
}

TEST_F(GrouperTest, ANearDuplicateDoesNotTearAGroupApart) {
  // The French goes to the first English text, the German to its near-duplicate.
  Documents("eefd");
  Duplicates(0, 1);
  Pair(0, 2, 0.99);
  Pair(1, 3, 0.98);
  Hidden(0, 3, 0.95);
  Hidden(1, 2, 0.94);
  Hidden(2, 3, 0.9);
  EXPECT_THAT(Group(), ElementsAre("0,2,3", "1=0"));
}

TEST_F(GrouperTest, TheBetterOfNearDuplicatesIsTaken) {
  Documents("eef");
  Duplicates(0, 1);
  Pair(0, 2, 0.9);
  Pair(1, 2, 0.95);
  EXPECT_THAT(Group(), ElementsAre("1,2", "0=1"));
}

TEST_F(GrouperTest, OfEqualNearDuplicatesTheFirstIsTaken) {
  Documents("eef");
  Duplicates(0, 1);
  Pair(0, 2, 0.9);
  Pair(1, 2, 0.9);
  EXPECT_THAT(Group(), ElementsAre("0,2", "1=0"));
}

TEST_F(GrouperTest, TwoEditionsInTwoLanguagesAreTwoGroups) {
  Documents("eeff");
  Duplicates(0, 1);
  Duplicates(2, 3);
  Pair(0, 3, 0.99);
  Pair(1, 2, 0.98);
  Hidden(0, 2, 0.9);
  Hidden(1, 3, 0.9);
  EXPECT_THAT(Group(), ElementsAre("0,3=2", "1=0,2"));
}

TEST_F(GrouperTest, NearDuplicatesWithoutVersionsSayWhomTheyRepeat) {
  Documents("ee");
  Duplicates(0, 1);
  EXPECT_THAT(Group(), ElementsAre("0", "1=0"));
}

TEST_F(GrouperTest, ErrorsOfTheJudgeEndIt) {
  Documents("efd");
  Pair(0, 1, 0.9);
  Pair(1, 2, 0.9);
  judge_status_ = absl::CancelledError("enough");
  EXPECT_EQ(TryGroup().status(), judge_status_);
}

TEST_F(GrouperTest, StopsWhenTold) {
  Documents("ef");
  Pair(0, 1, 0.9);
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(TryGroup(StopCondition(&cancelled, absl::InfiniteFuture())).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(GrouperTest, JudgementsBetweenLargeClustersAreLimited) {
  // Forty documents without a common language, all versions of one another, of
  // which a filter proposed a chain.
  std::string languages;
  for (int d = 0; d < 40; ++d) languages.push_back(static_cast<char>('0' + d));
  Documents(languages);
  for (int d = 0; d + 1 < 40; ++d) Pair(d, d + 1, 0.9);
  for (int a = 0; a < 40; ++a) {
    for (int b = a + 1; b < 40; ++b) Hidden(a, b, 0.9);
  }
  EXPECT_EQ(Group().size(), 1u);
  EXPECT_LT(judged_, 40 * 16);
}

}  // namespace
}  // namespace hexapla
