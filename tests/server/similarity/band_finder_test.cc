// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/band_finder.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/testing/made_up_documents.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::Embed;
using ::hexapla::testing::MadeUpDocuments;
using ::hexapla::testing::MadeUpOptions;
using ::hexapla::testing::MakeUpDocuments;
using ::hexapla::testing::TableEmbedder;

// How many boundaries between beads of the right path the band leaves out.
int NodesMissed(const SearchBand& band, const std::vector<Bead>& beads) {
  int missed = 0;
  for (const Bead& bead : beads) missed += !band.Contains(bead.source.end, bead.target.end);
  return missed;
}

TEST(FindBandTest, ASmallGridIsSearchedWhole) {
  const TableEmbedder space({"one un"});
  const EmbeddedDocument source = Embed(std::vector<std::string>(199, "one"), space);
  const EmbeddedDocument target = Embed(std::vector<std::string>(199, "un"), space);
  EXPECT_EQ(FindBand(source, target, true, {}, {}).value().nodes(), 40000u);
  EXPECT_LT(FindBand(source, target, true, {.full_nodes_max = 39999}, {}).value().nodes(), 40000u);
}

TEST(FindBandTest, TheBandHoldsTheRightPathOfALongDocument) {
  const std::vector<MadeUpOptions> cases = {
      {},
      {.deletions = 0.3, .insertions = 0.2, .seed = 2},
      {.merges = 0.4, .seed = 3},
      {.missing_block = 100, .seed = 4},
      {.missing_block = 600, .seed = 5},
  };
  for (const MadeUpOptions& options : cases) {
    SCOPED_TRACE(options.seed);
    const MadeUpDocuments documents = MakeUpDocuments(options);
    const TableEmbedder space(MadeUpWords(options));
    const SearchBand band =
        FindBand(Embed(documents.source, space), Embed(documents.target, space), true, {}, {})
            .value();
    EXPECT_EQ(NodesMissed(band, documents.beads), 0);
    EXPECT_LT(band.nodes(), 80 * (documents.source.size() + documents.target.size()));
  }
}

TEST(FindBandTest, NodesGrowLinearly) {
  const auto nodes = [](int beads) {
    const MadeUpOptions options = {.beads = beads, .words_a_sentence = 4};
    const MadeUpDocuments documents = MakeUpDocuments(options);
    const TableEmbedder space(MadeUpWords(options));
    return static_cast<double>(
        FindBand(Embed(documents.source, space), Embed(documents.target, space), true, {}, {})
            .value()
            .nodes());
  };
  EXPECT_NEAR(nodes(8000) / nodes(2000), 4, 0.4);
}

TEST(FindBandTest, SidesOfAnySizeHaveABand) {
  struct Case {
    int sources;
    int targets;
  };
  const TableEmbedder space({"one un", "two deux"});
  for (const Case& c : {Case{0, 0}, Case{0, 50000}, Case{50000, 0}, Case{1, 50000}, Case{50000, 1},
                        Case{3, 20000}, Case{20000, 150}}) {
    SCOPED_TRACE(::testing::Message() << c.sources << "x" << c.targets);
    const EmbeddedDocument source = Embed(std::vector<std::string>(c.sources, "one two"), space);
    const EmbeddedDocument target = Embed(std::vector<std::string>(c.targets, "un"), space);
    const SearchBand band = FindBand(source, target, true, {}, {}).value();
    EXPECT_EQ(band.sources(), c.sources);
    EXPECT_EQ(band.targets(), c.targets);
    EXPECT_TRUE(band.Contains(0, 0));
    EXPECT_TRUE(band.Contains(c.sources, c.targets));
  }
}

TEST(FindBandTest, DocumentsWithoutWordsHaveABand) {
  const TableEmbedder space({"one un"});
  const EmbeddedDocument source = Embed(std::vector<std::string>(500, "…"), space);
  const EmbeddedDocument target = Embed(std::vector<std::string>(400, ""), space);
  const SearchBand band = FindBand(source, target, true, {}, {}).value();
  EXPECT_TRUE(band.Contains(0, 0));
  EXPECT_TRUE(band.Contains(500, 400));
}

TEST(FindBandTest, WhereAllSentencesAreAlikeTheWayRunsStraight) {
  const TableEmbedder space({"one un"});
  for (const std::string target_word : {"un", "quelque"}) {  // known to the space, and not
    const EmbeddedDocument source = Embed(std::vector<std::string>(1000, "one"), space);
    const EmbeddedDocument target = Embed(std::vector<std::string>(1000, target_word), space);
    const SearchBand band = FindBand(source, target, true, {}, {}).value();
    for (int s = 0; s <= 1000; ++s) EXPECT_TRUE(band.Contains(s, s)) << s;
  }
}

TEST(FindBandTest, TextThatRepeatsItselfKeepsStep) {
  // A form of four lines filled in again and again; the target joins two of them
  // in every third and lacks one in every seventh, so that the ends differ.
  const TableEmbedder space({"one un", "two deux", "three trois", "four quatre"});
  std::vector<std::string> source;
  std::vector<std::string> target;
  std::vector<std::pair<int, int>> right;
  for (int form = 0; form < 400; ++form) {
    right.emplace_back(static_cast<int>(source.size()), static_cast<int>(target.size()));
    source.insert(source.end(), {"one", "two two", "three", "four four four"});
    target.emplace_back("un");
    if (form % 3 == 0) {
      target.emplace_back("deux deux trois");
    } else {
      target.insert(target.end(), {"deux deux", "trois"});
    }
    if (form % 7 != 0) target.emplace_back("quatre quatre quatre");
  }
  const SearchBand band =
      FindBand(Embed(source, space), Embed(target, space), true, {}, {}).value();
  int missed = 0;
  for (const auto& [row, column] : right) missed += !band.Contains(row, column);
  EXPECT_EQ(missed, 0);
}

TEST(FindBandTest, WithoutVectorsWordsSpeltAlikeLeadTheWay) {
  const TableEmbedder space({"one un"});
  std::vector<std::string> source;
  std::vector<std::string> target;
  std::vector<std::pair<int, int>> right;
  for (int s = 0; s < 1200; ++s) {
    // The target lacks a block of sixty, and says every fourth number again.
    source.push_back("alpha" + std::to_string(s * 7919 % 500) + (s % 4 == 0 ? " 1" : " beta") +
                     (s % 4 == 0 ? std::to_string(s) : ""));
    if (s >= 500 && s < 560) continue;
    right.emplace_back(s, static_cast<int>(target.size()));
    target.push_back("omega" + std::to_string(s * 104729 % 500) +
                     (s % 4 == 0 ? " 1" + std::to_string(s) : " psi"));
  }
  const SearchBand band =
      FindBand(Embed(source, space), Embed(target, space), false, {}, {}).value();
  int missed = 0;
  for (const auto& [row, column] : right) missed += !band.Contains(row, column);
  EXPECT_EQ(missed, 0);
}

TEST(FindBandTest, StopsWhenTold) {
  const TableEmbedder space({"one un"});
  const EmbeddedDocument document = Embed(std::vector<std::string>(1000, "one"), space);
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(
      FindBand(document, document, true, {}, StopCondition(&cancelled, absl::InfiniteFuture()))
          .status()
          .code(),
      absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace hexapla
