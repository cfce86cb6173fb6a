// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/pair_aligner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "server/similarity/bead_scorer.h"
#include "tests/testing/coverage.h"
#include "tests/testing/made_up_documents.h"
#include "tests/testing/plain_weights.h"
#include "tests/testing/random_text.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::CoverageFault;
using ::hexapla::testing::Embed;
using ::hexapla::testing::MadeUpDocuments;
using ::hexapla::testing::MadeUpOptions;
using ::hexapla::testing::MakeUpDocuments;
using ::hexapla::testing::PlainWeights;
using ::hexapla::testing::RandomText;
using ::hexapla::testing::TableEmbedder;

// Gold beads of both sides that the alignment lacks.
int Missed(const MadeUpDocuments& documents, const Alignment& alignment) {
  return static_cast<int>(
      std::count_if(documents.beads.begin(), documents.beads.end(), [&](const Bead& bead) {
        return !bead.source.empty() && !bead.target.empty() &&
               std::count(alignment.beads.begin(), alignment.beads.end(), bead) == 0;
      }));
}

TEST(PairAlignerTest, AlignsSmallAndLargeDocuments) {
  for (const int beads : {40, 700}) {
    const MadeUpOptions options = {.beads = beads, .words = 900, .missing_block = beads / 10};
    const MadeUpDocuments documents = MakeUpDocuments(options);
    const TableEmbedder space(MadeUpWords(options));
    const EmbeddedDocument source = Embed(documents.source, space);
    const EmbeddedDocument target = Embed(documents.target, space);
    const PairAlignment pair = AlignPair(source, target, {}, PlainWeights(), {}).value();
    EXPECT_EQ(CoverageFault(pair.alignment.beads, source.size(), target.size()), "");
    EXPECT_LE(Missed(documents, pair.alignment), beads / 100);
    EXPECT_GT(pair.probability, 0.9);
    EXPECT_TRUE(pair.alignment.likely.empty());
  }
}

TEST(PairAlignerTest, WithoutMergesNoBeadHasThem) {
  const MadeUpOptions options = {.beads = 60, .words = 300, .merges = 0.3};
  const MadeUpDocuments documents = MakeUpDocuments(options);
  const TableEmbedder space(MadeUpWords(options));
  const EmbeddedDocument source = Embed(documents.source, space);
  const EmbeddedDocument target = Embed(documents.target, space);
  const PairAlignment pair =
      AlignPair(source, target, {.merges = false}, PlainWeights(), {}).value();
  EXPECT_EQ(CoverageFault(pair.alignment.beads, source.size(), target.size()), "");
  for (const Bead& bead : pair.alignment.beads) {
    EXPECT_LE(bead.source.size(), 1);
    EXPECT_LE(bead.target.size(), 1);
  }
}

TEST(PairAlignerTest, EveryAlignmentCoversRandomDocuments) {
  std::mt19937 random(7);
  const TableEmbedder space({"cat chat"});
  for (int round = 0; round < 30; ++round) {
    std::vector<std::string> source(random() % 12);
    std::vector<std::string> target(random() % 12);
    for (std::string& line : source) line = RandomText(random() % 30, random);
    for (std::string& line : target) line = RandomText(random() % 30, random);
    const EmbeddedDocument a = Embed(source, space);
    const EmbeddedDocument b = Embed(target, space);
    const PairOptions options = {.bead_size_max = static_cast<int>(1 + random() % 8),
                                 .semantic = random() % 2 == 0};
    const PairAlignment pair = AlignPair(a, b, options, PlainWeights(), {}).value();
    EXPECT_EQ(CoverageFault(pair.alignment.beads, a.size(), b.size()), "");
  }
}

TEST(PairAlignerTest, StopsWhenTold) {
  const TableEmbedder space({"cat chat"});
  const EmbeddedDocument source = Embed({"cat", "cat"}, space);
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(AlignPair(source, source, {}, PlainWeights(),
                      StopCondition(&cancelled, absl::InfiniteFuture()))
                .status()
                .code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace hexapla
