// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/lexicon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::Embed;
using ::hexapla::testing::TableEmbedder;

using Sentences = std::vector<std::string>;

std::vector<std::string> Learn(const Sentences& source, const Sentences& target,
                               double probability = 1) {
  const TableEmbedder space({"cat chat"});
  const EmbeddedDocument a = Embed(source, space);
  const EmbeddedDocument b = Embed(target, space);
  Alignment alignment;
  for (int s = 0; s < static_cast<int>(source.size()); ++s) {
    alignment.beads.push_back(
        {.source = {s, s + 1}, .target = {s, s + 1}, .probability = probability});
  }
  const std::vector<WordAssociation> learnt = LearnLexicon(a, b, alignment, {}).value();
  std::vector<std::string> lexicon;
  for (const WordAssociation& one : learnt) {
    EXPECT_GT(one.similarity, 0);
    EXPECT_LE(one.similarity, 250);
    lexicon.push_back(a.words[one.source].text + "=" + b.words[one.target].text);
  }
  return lexicon;
}

const Sentences kSource = {"olga one", "two", "olga three", "four", "olga five", "six"};
const Sentences kTarget = {"ольга un", "deux", "ольга trois", "quatre", "ольга cinq", "six"};

TEST(LexiconTest, WordsThatKeepMeetingBelongTogether) {
  EXPECT_EQ(Learn(kSource, kTarget), Sentences{"olga=ольга"});
}

TEST(LexiconTest, UnsureBeadsTeachNothing) { EXPECT_EQ(Learn(kSource, kTarget, 0.5), Sentences{}); }

TEST(LexiconTest, OneMeetingIsChance) {
  EXPECT_EQ(Learn({"olga one", "olga two"}, {"ольга un", "deux"}), Sentences{});
}

TEST(LexiconTest, WordsThatMeetSeldomerThanTheyStandDoNotBelongTogether) {
  Sentences source(40, "filler");
  Sentences target(40, "bourrage");
  for (const int s : {0, 8, 16, 24, 32}) source[s] += " rose";
  for (const int s : {0, 8, 16, 25, 33}) target[s] += " tulipe";
  EXPECT_EQ(Learn(source, target), Sentences{"rose=tulipe"});  // three of five
  target[16] = "bourrage";
  target[17] += " tulipe";
  EXPECT_EQ(Learn(source, target), Sentences{});
}

TEST(LexiconTest, CommonWordsTellNothing) {
  EXPECT_EQ(Learn(Sentences(40, "the"), Sentences(40, "le")), Sentences{});
}

TEST(LexiconTest, OfALongSentenceTheRarestWordsCount) {
  // Hundreds of words in each sentence recur; "olga" is the rarest of them.
  std::string many;
  for (int w = 0; w < 150; ++w) many += " w" + std::to_string(w);
  Sentences source(40, "filler");
  Sentences target(40, "bourrage");
  for (const int s : {1, 9, 17, 25}) source[s] = target[s] = many;
  for (const int s : {9, 25}) {
    source[s] += " olga";
    target[s] += " ольга";
  }
  EXPECT_THAT(Learn(source, target), ::testing::Contains("olga=ольга"));
}

TEST(LexiconTest, StopsWhenTold) {
  const TableEmbedder space({"cat chat"});
  const EmbeddedDocument document = Embed(kSource, space);
  Alignment alignment;
  alignment.beads.push_back({.source = {0, 1}, .target = {0, 1}, .probability = 1});
  const std::atomic<bool> cancelled = true;
  const StopCondition stop(&cancelled, absl::InfiniteFuture());
  EXPECT_EQ(LearnLexicon(document, document, alignment, stop).status().code(),
            absl::StatusCode::kCancelled);
}

TEST(LexiconTest, AnEmptyAlignmentTeachesNothing) { EXPECT_EQ(Learn({}, {}), Sentences{}); }

}  // namespace
}  // namespace hexapla
