// SPDX-License-Identifier: Apache-2.0
#include "training/gold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/testing/coverage.h"
#include "tests/testing/temporary_directory.h"

namespace hexapla::training {
namespace {

using ::hexapla::testing::CoverageFault;
using ::hexapla::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Writes the folder of one document of `sources` and `targets` lines.
void WriteDocument(const TemporaryDirectory& root, const std::string& folder, int sources,
                   int targets, const std::string& gold,
                   const std::string& meta = "src=en tgt=fr\n") {
  std::string source;
  std::string target;
  for (int s = 0; s < sources; ++s) absl::StrAppend(&source, "source ", s, "\n");
  for (int t = 0; t < targets; ++t) absl::StrAppend(&target, "target ", t, "\n");
  root.Write(folder + "/src.txt", source);
  root.Write(folder + "/tgt.txt", target);
  root.Write(folder + "/gold.txt", gold);
  root.Write(folder + "/META", meta);
}

// "0,2:0,1", the runs as [begin, end).
std::vector<std::string> Text(const std::vector<Bead>& beads) {
  std::vector<std::string> lines;
  for (const Bead& bead : beads) {
    lines.push_back(absl::StrCat(bead.source.begin, ",", bead.source.end, ":", bead.target.begin,
                                 ",", bead.target.end));
  }
  return lines;
}

TEST(ReadGoldTest, ADocumentIsReadWithItsBeads) {
  const TemporaryDirectory root;
  WriteDocument(root, "set/en-fr/doc1", 4, 4, "[0]:[0]\n[1, 2]:[1]\n[3]:[2,3]\n");
  const std::vector<GoldPair> pairs = ReadGold(root.path()).value();
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].set, "set/en-fr");
  EXPECT_EQ(pairs[0].document, "doc1");
  EXPECT_EQ(pairs[0].source_language, "en");
  EXPECT_EQ(pairs[0].target_language, "fr");
  EXPECT_EQ(pairs[0].source.size(), 4u);
  EXPECT_EQ(pairs[0].target[3], "target 3");
  EXPECT_THAT(Text(pairs[0].beads), ElementsAre("0,1:0,1", "1,3:1,2", "3,4:2,4"));
}

TEST(ReadGoldTest, WhatNoBeadHoldsIsDeletedOrInserted) {
  const TemporaryDirectory root;
  WriteDocument(root, "doc", 4, 5, "[1]:[1]\n[3]:[2]\n");
  EXPECT_THAT(
      Text(ReadGold(root.path()).value()[0].beads),
      ElementsAre("0,1:0,0", "1,1:0,1", "1,2:1,2", "2,3:2,2", "3,4:2,3", "4,4:3,4", "4,4:4,5"));
}

TEST(ReadGoldTest, DeletionsInTheFileSayNothingNew) {
  const TemporaryDirectory root;
  WriteDocument(root, "doc", 3, 2, "[0]:[0]\n[1]:[]\n[2]:[1]\n");
  EXPECT_THAT(Text(ReadGold(root.path()).value()[0].beads),
              ElementsAre("0,1:0,1", "1,2:1,1", "2,3:1,2"));
}

TEST(ReadGoldTest, BeadsMayComeInAnyOrderWithProbabilities) {
  const TemporaryDirectory root;
  WriteDocument(root, "doc", 2, 2, "[1]:[1]:0.5\n\n[0]:[0]:0.97\n");
  EXPECT_THAT(Text(ReadGold(root.path()).value()[0].beads), ElementsAre("0,1:0,1", "1,2:1,2"));
}

TEST(ReadGoldTest, BeadsThatAreNoRunsOrCrossAreTakenApart) {
  struct Case {
    const char* name;
    std::string gold;
    std::vector<std::string> two_sided;  // that remain
  };
  const std::vector<Case> cases = {
      {.name = "a gap",
       .gold = "[0,2]:[0]\n[1]:[1]\n[3]:[3]\n",
       .two_sided = {"1,2:1,2", "3,4:3,4"}},
      {.name = "a gap in the target", .gold = "[0]:[0,2]\n[1]:[1]\n", .two_sided = {"1,2:1,2"}},
      {.name = "crossing",
       .gold = "[0]:[2]\n[1]:[0]\n[2]:[3]\n",
       .two_sided = {"0,1:2,3", "2,3:3,4"}},
      {.name = "overlap",
       .gold = "[0,1]:[0]\n[1]:[1]\n[2]:[2]\n",
       .two_sided = {"0,2:0,1", "2,3:2,3"}},
      {.name = "twice", .gold = "[0]:[0]\n[0]:[0]\n", .two_sided = {"0,1:0,1"}},
  };
  for (const Case& c : cases) {
    const TemporaryDirectory root;
    WriteDocument(root, "doc", 4, 4, c.gold);
    const std::vector<GoldPair> pairs = ReadGold(root.path()).value();
    EXPECT_EQ(CoverageFault(pairs[0].beads, 4, 4), "") << c.name;
    std::vector<Bead> two_sided;
    for (const Bead& bead : pairs[0].beads) {
      if (!bead.source.empty() && !bead.target.empty()) two_sided.push_back(bead);
    }
    EXPECT_EQ(Text(two_sided), c.two_sided) << c.name;
  }
}

TEST(ReadGoldTest, AnIndexPastTheEndIsAnError) {
  for (const char* gold : {"[0]:[2]\n", "[3]:[0]\n", "[0]:[1,2]\n"}) {
    const TemporaryDirectory root;
    WriteDocument(root, "doc", 2, 2, gold);
    const absl::Status status = ReadGold(root.path()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << gold;
    EXPECT_THAT(std::string(status.message()), HasSubstr("doc/gold.txt"));
  }
}

TEST(ReadGoldTest, FoldersComeInTheOrderOfTheirPaths) {
  const TemporaryDirectory root;
  WriteDocument(root, "b/doc", 1, 1, "[0]:[0]\n", "de\tru\textra\n");
  WriteDocument(root, "a/deep/er", 1, 1, "[0]:[0]\n", "src=ar x=1 tgt=vi\n");
  WriteDocument(root, "b/doc0", 0, 0, "", "");
  root.Write("c/gold.txt", "no document");
  const std::vector<GoldPair> pairs = ReadGold(root.path()).value();
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(pairs[0].set + "/" + pairs[0].document, "a/deep/er");
  EXPECT_EQ(pairs[0].source_language + pairs[0].target_language, "arvi");
  EXPECT_EQ(pairs[1].document, "doc");
  EXPECT_EQ(pairs[1].source_language + pairs[1].target_language, "deru");
  EXPECT_TRUE(pairs[2].beads.empty());
}

TEST(ReadGoldTest, WhatIsMissingIsNotFound) {
  const TemporaryDirectory root;
  EXPECT_EQ(ReadGold(root.path()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadGold(root / "nowhere").status().code(), absl::StatusCode::kNotFound);
  root.Write("doc/src.txt", "a\n");
  root.Write("doc/gold.txt", "[0]:[0]\n");
  const absl::Status status = ReadGold(root.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tgt.txt"));
}

}  // namespace
}  // namespace hexapla::training
