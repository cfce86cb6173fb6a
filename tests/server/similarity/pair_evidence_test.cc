// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/pair_evidence.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "tests/testing/made_up_documents.h"
#include "tests/testing/random_text.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::Embed;
using ::hexapla::testing::MadeUpDocuments;
using ::hexapla::testing::MadeUpOptions;
using ::hexapla::testing::MakeUpDocuments;
using ::hexapla::testing::RandomText;
using ::hexapla::testing::TableEmbedder;

using Sentences = std::vector<std::string>;

const TableEmbedder& Space() {
  static const auto* const kSpace = new TableEmbedder(
      {"cat chat", "drinks boit", "milk lait", "dog chien", "sleeps dort", "sun soleil",
       "shines brille", "bird oiseau", "sings chante", "child enfant", "reads lit", "book livre"});
  return *kSpace;
}

// Two documents and the evidence they give over the whole grid.
class Pair {
 public:
  Pair(const Sentences& source, const Sentences& target, const EvidenceOptions& options = {})
      : source_(Embed(source, Space())),
        target_(Embed(target, Space())),
        band_(SearchBand::Full(source_.size(), target_.size())),
        evidence_(PairEvidence::Create(source_, target_, band_, options, {}).value()) {}

  int sources() const { return source_.size(); }
  int targets() const { return target_.size(); }
  const PairEvidence& evidence() const { return evidence_; }
  BeadFeatureVector Features(int source, int target, BeadShape shape) const {
    return evidence_.Features(source, target, shape);
  }

 private:
  EmbeddedDocument source_;
  EmbeddedDocument target_;
  SearchBand band_;
  PairEvidence evidence_;
};

// Calls visit(source, target, shape) for every candidate bead of the grid.
template <typename Visit>
void ForEachBead(int sources, int targets, const Visit& visit) {
  for (const BeadShape& shape : BeadShapes(5, true)) {
    for (int s = 0; s + shape.sources <= sources; ++s) {
      for (int t = 0; t + shape.targets <= targets; ++t) visit(s, t, shape);
    }
  }
}

// Two of the source are one of the target; one of the source is missing there.
const Sentences kEnglish = {"The cat drinks milk.", "The dog sleeps.", "The child reads a book.",
                            "The sun shines.", "The bird sings."};
const Sentences kFrench = {"Chat boit lait, chien dort.", "Soleil brille.", "Oiseau chante."};

TEST(PairEvidenceTest, TranslationsAreCloserThanOthers) {
  const Pair pair(kEnglish, kFrench);
  const BeadFeatureVector right = pair.Features(3, 1, {1, 1});
  const BeadFeatureVector wrong = pair.Features(4, 1, {1, 1});
  for (const BeadFeature feature : {kSemantic, kCosine, kMargin, kCoverage, kCoverageLeast}) {
    EXPECT_GT(right[feature], wrong[feature] + 0.2) << BeadFeatureName(feature);
  }
}

TEST(PairEvidenceTest, AMergeGainsByWhatItMerges) {
  const Pair pair(kEnglish, kFrench);
  EXPECT_GT(pair.Features(0, 0, {2, 1})[kMergeGain], 0.1);  // right
  EXPECT_LT(pair.Features(1, 0, {2, 1})[kMergeGain], 0);    // one too late
  EXPECT_LT(pair.Features(0, 0, {3, 1})[kMergeGain], 0);    // one too many
  EXPECT_LT(pair.Features(3, 1, {1, 2})[kMergeGain], 0);
  EXPECT_EQ(pair.Features(0, 0, {1, 1})[kMergeGain], 0);  // no merge
}

TEST(PairEvidenceTest, AMergeIsCoveredByItsWorstSentence) {
  const Pair pair(kEnglish, kFrench);
  EXPECT_GT(pair.Features(0, 0, {2, 1})[kCoverageWeakest],
            pair.Features(1, 0, {2, 1})[kCoverageWeakest]);
  EXPECT_GT(pair.Features(0, 0, {2, 1})[kCoverageLeast] / 1.5,
            pair.Features(0, 0, {1, 1})[kCoverageLeast]);
}

TEST(PairEvidenceTest, AMergeIsWorthWhatItsSentencesCover) {
  const Pair pair(kEnglish, kFrench);
  EXPECT_GT(pair.Features(0, 0, {2, 1})[kCoverageGain], 0.5);  // right
  EXPECT_LT(pair.Features(0, 0, {3, 1})[kCoverageGain], 0.2);  // one too many
  EXPECT_EQ(pair.Features(0, 0, {1, 1})[kCoverageGain], 0);    // no merge
}

// The second sentence of each side is cut elsewhere in the other.
const Sentences kCutEarly = {"The cat drinks milk.", "The dog sleeps. The sun shines."};
const Sentences kCutLate = {"Chat boit lait. Chien dort.", "Soleil brille."};

TEST(PairEvidenceTest, SentencesCutElsewhereReachAcrossTheBorder) {
  const Pair pair(kCutEarly, kCutLate);
  const BeadFeatureVector apart = pair.Features(0, 0, {1, 1});
  const BeadFeatureVector together = pair.Features(0, 0, {2, 2});
  EXPECT_GT(apart[kLeak], 0.3);
  EXPECT_GT(apart[kStraddle], 0.5);
  EXPECT_GT(apart[kStraddleBoth], 0.2);
  EXPECT_EQ(together[kLeak], 0);
  EXPECT_EQ(together[kStraddle], 0);
  EXPECT_GT(together[kSplitGain], 0.5);
  const Pair cut_alike({kCutEarly[0], "The dog sleeps."}, {"Chat boit lait.", "Chien dort."});
  EXPECT_EQ(cut_alike.Features(0, 0, {1, 1})[kLeak], 0);
  EXPECT_EQ(cut_alike.Features(0, 0, {1, 1})[kStraddle], 0);
  EXPECT_LT(cut_alike.Features(0, 0, {2, 2})[kSplitGain], 0.01);
}

TEST(PairEvidenceTest, AMissingSentenceFindsNobody) {
  const Pair pair(kEnglish, kFrench);
  const BeadFeatureVector missing = pair.Features(2, 1, {1, 0});
  const BeadFeatureVector present = pair.Features(3, 1, {1, 0});
  EXPECT_EQ(missing[kDeletion], 1);
  EXPECT_LT(missing[kDeletionSemantic], present[kDeletionSemantic] - 0.2);
  EXPECT_LT(missing[kDeletionCoverage], present[kDeletionCoverage] - 0.2);
  EXPECT_GT(missing[kDeletionLength], present[kDeletionLength]);  // "sun shines" is short
}

TEST(PairEvidenceTest, ADeletionIsTheSameWhereverItStands) {
  const Pair pair(kEnglish, kFrench);
  for (int t = 0; t <= 3; ++t) {
    EXPECT_EQ(pair.Features(2, t, {1, 0}), pair.Features(2, 0, {1, 0}));
  }
}

TEST(PairEvidenceTest, NumbersMatchWhateverTheirDigits) {
  const Pair pair({"born in 1998", "died in 2020", "3 cats and 4 dogs"},
                  {"né en ١٩٩٨", "mort en 2021", "3 chats et 5 chiens"});
  struct Case {
    int sentence;
    float matched;
    float unmatched;
  };
  for (const Case& c : {Case{0, 1, 0}, Case{1, 0, 1}, Case{2, 1, 1}}) {
    const BeadFeatureVector features = pair.Features(c.sentence, c.sentence, {1, 1});
    EXPECT_EQ(features[kNumbersMatched], c.matched) << c.sentence;
    EXPECT_EQ(features[kNumbersUnmatched], c.unmatched) << c.sentence;
    EXPECT_EQ(features[kNamesMatched], 0) << c.sentence;
  }
}

TEST(PairEvidenceTest, RareWordsSpeltAlikeAreNames) {
  const Pair pair({"Rosalind drinks milk", "the dog sleeps"}, {"lait boit Rosalind", "chien dort"});
  EXPECT_EQ(pair.Features(0, 0, {1, 1})[kNamesMatched], 1);
  EXPECT_EQ(pair.Features(0, 1, {1, 1})[kNamesMatched], 0);
  EXPECT_EQ(pair.Features(1, 1, {1, 1})[kNamesMatched], 0);
}

TEST(PairEvidenceTest, WithoutTheSpaceNumbersAndNamesRemain) {
  const Pair pair({"Rosalind drinks 12 milk", "the dog sleeps"}, {"lait 12 Rosalind", "chien dort"},
                  {.semantic = false});
  const BeadFeatureVector right = pair.Features(0, 0, {1, 1});
  EXPECT_EQ(right[kCosine], 0);
  EXPECT_EQ(right[kNumbersMatched], 1);
  EXPECT_EQ(right[kNamesMatched], 1);
  EXPECT_GT(right[kCoverageLeast], 0.3);
  EXPECT_EQ(pair.Features(1, 1, {1, 1})[kCoverageLeast], 0);
}

TEST(PairEvidenceTest, LengthsAreComparedByTheDocumentsRatio) {
  // Every target is twice as long, but the last.
  Sentences source(20, std::string(10, 'a'));
  Sentences target(19, std::string(20, 'b'));
  target.push_back(std::string(300, 'b'));
  const Pair pair(source, target);
  const BeadFeatureVector wrong = pair.Features(19, 19, {1, 1});
  EXPECT_EQ(wrong[kLengthNear], -2);
  EXPECT_LT(wrong[kLengthFar], -2);
  EXPECT_GE(wrong[kLengthFar], -30);
  EXPECT_GT(pair.Features(0, 0, {1, 1})[kLengthFar], -0.5);
  const Pair even({"aaaa", "aaaaaaaa", "aaaaaa"}, {"bbbbbbbb", "bbbbbbbbbbbbbbbb", "bbbbbbbbbbbb"});
  EXPECT_NEAR(even.Features(1, 1, {1, 1})[kLengthNear], 0, 0.01);
  EXPECT_LT(even.Features(1, 0, {1, 1})[kLengthNear], -0.02);
}

TEST(PairEvidenceTest, FullStopsInsideCountAsSentences) {
  const Pair pair({"The cat sleeps. The dog sleeps.", "The sun shines."},
                  {"Chat dort. Chien dort.", "Soleil brille."});
  EXPECT_EQ(pair.Features(0, 0, {1, 1})[kSentenceCount], 0);
  EXPECT_EQ(pair.Features(0, 1, {1, 1})[kSentenceCount], -1);
  EXPECT_EQ(pair.Features(0, 0, {2, 2})[kSentenceCount], 0);
}

TEST(PairEvidenceTest, ABeadHasOneShape) {
  const Pair pair(kEnglish, Sentences(5, "chat"));
  ForEachBead(pair.sources(), pair.targets(), [&](int s, int t, BeadShape shape) {
    const BeadFeatureVector features = pair.Features(s, t, shape);
    float shapes = 0;
    for (int f = kShape11; f <= kShape15; ++f) shapes += features[f];
    EXPECT_EQ(shapes, shape.two_sided() ? 1 : 0);
    EXPECT_EQ(features[kDeletion], shape.two_sided() ? 0 : 1);
  });
}

// Pairs that leave something out that the evidence is about.
std::vector<std::pair<Sentences, Sentences>> OddPairs() {
  std::mt19937 random(23);
  Sentences random_source;
  Sentences random_target;
  for (int s = 0; s < 7; ++s) {
    random_source.push_back(RandomText(random() % 25, random));
    random_target.push_back(RandomText(random() % 25, random));
  }
  return {
      {{}, {}},
      {{}, {"chat"}},
      {{"cat"}, {}},
      {{"cat"}, {"chat"}},
      {{"cat"}, {"unheard"}},
      {{""}, {""}},
      {{"", " ", "\u3000"}, {"", ""}},
      {{"...", "!?"}, {"…", "«»", "—"}},
      {{"...", "cat"}, {"…", ""}},
      {{"", "cat drinks milk", ""}, {"chat boit lait", "", "chien"}},
      {{"1 2 3", "4"}, {"5", "1 2 3 4"}},
      {{"same", "same", "same"}, {"same", "same"}},
      {Sentences(6, "cat cat cat"), Sentences(6, "chat")},
      {{std::string(5000, 'x'), "a"}, {"b", std::string(5000, 'y')}},
      {random_source, random_target},
      {kEnglish, kFrench},
  };
}

TEST(PairEvidenceTest, FeaturesAreFiniteWhateverTheDocuments) {
  for (const bool semantic : {true, false}) {
    for (const auto& [source, target] : OddPairs()) {
      const Pair pair(source, target, {.semantic = semantic});
      ForEachBead(pair.sources(), pair.targets(), [&](int s, int t, BeadShape shape) {
        const BeadFeatureVector features = pair.Features(s, t, shape);
        for (int f = 0; f < kBeadFeatures; ++f) {
          ASSERT_TRUE(std::isfinite(features[f])) << BeadFeatureName(f);
          EXPECT_LT(std::abs(features[f]), 100) << BeadFeatureName(f);
        }
      });
      const DocumentFeatureVector features = pair.evidence().DocumentFeatures({});
      for (const double feature : features) EXPECT_TRUE(std::isfinite(feature));
    }
  }
}

TEST(PairEvidenceTest, FeaturesAreTheSameSeenFromTheOtherSide) {
  for (const auto& [source, target] : OddPairs()) {
    const Pair pair(source, target);
    const Pair mirrored(target, source);
    ForEachBead(pair.sources(), pair.targets(), [&](int s, int t, BeadShape shape) {
      const BeadFeatureVector forth = pair.Features(s, t, shape);
      const BeadFeatureVector back = mirrored.Features(t, s, {shape.targets, shape.sources});
      for (int f = 0; f < kBeadFeatures; ++f) {
        EXPECT_NEAR(forth[f], back[f], 2e-3)
            << BeadFeatureName(f) << " of the " << shape.sources << "-" << shape.targets
            << " bead at " << s << ":" << t << " of " << pair.sources() << "x" << pair.targets();
      }
    });
  }
}

TEST(PairEvidenceTest, ABandGivesWhatItsCellsSay) {
  // What depends on the bead alone is the same in a band as in the whole grid.
  const MadeUpOptions options = {.beads = 60, .words = 300};
  const MadeUpDocuments documents = MakeUpDocuments(options);
  const TableEmbedder space(MadeUpWords(options));
  const EmbeddedDocument source = Embed(documents.source, space);
  const EmbeddedDocument target = Embed(documents.target, space);
  std::vector<std::pair<int, int>> path = {{0, 0}};
  for (const Bead& bead : documents.beads) path.emplace_back(bead.source.end, bead.target.end);
  const SearchBand narrow = SearchBand::Around(path, source.size(), target.size(), 3);
  const SearchBand full = SearchBand::Full(source.size(), target.size());
  const PairEvidence in_narrow = PairEvidence::Create(source, target, narrow, {}, {}).value();
  const PairEvidence in_full = PairEvidence::Create(source, target, full, {}, {}).value();
  ForEachBead(source.size(), target.size(), [&](int s, int t, BeadShape shape) {
    if (!shape.two_sided() || !narrow.Contains(s, t) ||
        !narrow.Contains(s + shape.sources, t + shape.targets)) {
      return;
    }
    const BeadFeatureVector a = in_narrow.Features(s, t, shape);
    const BeadFeatureVector b = in_full.Features(s, t, shape);
    for (const BeadFeature f : {kCosine, kLengthFar, kLengthDeviation, kSentenceCount,
                                kNumbersMatched, kNumbersUnmatched, kNamesMatched}) {
      EXPECT_NEAR(a[f], b[f], 1e-5) << BeadFeatureName(f);
    }
  });
}

TEST(PairEvidenceTest, DocumentFeaturesTellVersionsFromStrangers) {
  const Pair versions(kEnglish, kFrench);
  const Alignment right = {.beads = {{.source = {0, 2}, .target = {0, 1}},
                                     {.source = {2, 3}, .target = {1, 1}},
                                     {.source = {3, 4}, .target = {1, 2}},
                                     {.source = {4, 5}, .target = {2, 3}}},
                           .score = 8,
                           .likely = {}};
  const DocumentFeatureVector good = versions.evidence().DocumentFeatures(right);
  const Pair strangers(kEnglish, {"Enfant lit livre.", "Livre.", "Unheard words only."});
  const DocumentFeatureVector bad = strangers.evidence().DocumentFeatures(right);
  EXPECT_GT(good[kDocumentCosine], bad[kDocumentCosine] + 0.2);
  EXPECT_GT(good[kDocumentCoverage], bad[kDocumentCoverage] + 0.1);
  EXPECT_GT(good[kDocumentMatched], 0.5);
  EXPECT_LT(good[kDocumentMatched], 1);
  EXPECT_EQ(good[kDocumentScore], 2);
  EXPECT_EQ(good[kDocumentIntercept], 1);
}

// An alignment of `count` sure 1-1 beads.
Alignment OneToOne(int count) {
  Alignment alignment;
  for (int s = 0; s < count; ++s) {
    alignment.beads.push_back({.source = {s, s + 1}, .target = {s, s + 1}, .probability = 1});
  }
  return alignment;
}

TEST(PairEvidenceTest, ADocumentWithoutDeletionsOrMergesMakesThemRarer) {
  const Pair pair(Sentences(60, "cat"), Sentences(60, "chat"));
  PairEvidence evidence = pair.evidence();
  EXPECT_EQ(evidence.Features(0, 0, {1, 0})[kDeletionRate], 0);
  EXPECT_EQ(evidence.Features(0, 0, {2, 1})[kMergeRate], 0);
  ASSERT_TRUE(evidence.Learn(OneToOne(60), {}).ok());
  EXPECT_LT(evidence.Features(0, 0, {1, 0})[kDeletionRate], -0.5);
  EXPECT_LT(evidence.Features(0, 0, {2, 1})[kMergeRate], -0.5);
  EXPECT_EQ(evidence.Features(0, 0, {1, 1})[kMergeRate], 0);
}

TEST(PairEvidenceTest, ADocumentWithManyDeletionsIsTakenAsUsual) {
  const Pair pair(Sentences(20, "cat"), Sentences(20, "chat"));
  PairEvidence evidence = pair.evidence();
  Alignment alignment = OneToOne(10);
  for (int s = 10; s < 20; ++s) {
    alignment.beads.push_back({.source = {s, s + 1}, .target = {10, 10}, .probability = 1});
    alignment.beads.push_back({.source = {20, 20}, .target = {s, s + 1}, .probability = 1});
  }
  ASSERT_TRUE(evidence.Learn(alignment, {}).ok());
  EXPECT_EQ(evidence.Features(0, 0, {1, 0})[kDeletionRate], 0);
}

TEST(PairEvidenceTest, TheLengthRatioIsThatOfWhatWasAligned) {
  // Half of the source has no counterpart, which misleads the first ratio.
  const Pair pair(Sentences(40, std::string(100, 'a')), Sentences(20, std::string(100, 'b')));
  PairEvidence evidence = pair.evidence();
  const float before = evidence.Features(0, 0, {1, 1})[kLengthFar];
  ASSERT_TRUE(evidence.Learn(OneToOne(20), {}).ok());
  EXPECT_GT(evidence.Features(0, 0, {1, 1})[kLengthFar], before + 1);
  EXPECT_GT(evidence.Features(0, 0, {1, 1})[kLengthFar], -0.1);
}

TEST(PairEvidenceTest, NamesThatKeepMeetingCoverOneAnother) {
  const Sentences source = {"Zhang drinks milk", "the cat sleeps", "Zhang reads a book",
                            "the sun shines",    "bird sings",     "Zhang sleeps"};
  const Sentences target = {"\u0447\u0436\u0430\u043d boit lait",
                            "chat dort",
                            "\u0447\u0436\u0430\u043d lit livre",
                            "soleil brille",
                            "oiseau chante",
                            "\u0447\u0436\u0430\u043d dort"};
  const Pair pair(source, target);
  PairEvidence evidence = pair.evidence();
  const float before = evidence.Features(5, 5, {1, 1})[kCoverageLeast];
  ASSERT_TRUE(evidence.Learn(OneToOne(6), {}).ok());
  EXPECT_GT(evidence.Features(5, 5, {1, 1})[kCoverageLeast], before + 0.1);
}

TEST(PairEvidenceTest, WhatIsLearntIsTheSameSeenFromTheOtherSide) {
  // A third of the source is missing in the target.
  const Sentences source = {"cat drinks milk", "dog sleeps", "sun shines brightly over the hill"};
  const Sentences target = {"chat boit lait", "chien dort"};
  const Pair pair(source, target);
  const Pair mirrored(target, source);
  PairEvidence forth = pair.evidence();
  PairEvidence back = mirrored.evidence();
  ASSERT_TRUE(forth.Learn(OneToOne(2), {}).ok());
  ASSERT_TRUE(back.Learn(OneToOne(2), {}).ok());
  for (const BeadFeature f : {kSemantic, kCoverage, kLengthFar, kLengthDeviation}) {
    EXPECT_NEAR(forth.Features(0, 0, {1, 1})[f], back.Features(0, 0, {1, 1})[f], 1e-4);
  }
}

TEST(PairEvidenceTest, AnEmptyAlignmentTeachesNothing) {
  const Pair pair(kEnglish, kFrench);
  PairEvidence evidence = pair.evidence();
  const BeadFeatureVector before = evidence.Features(0, 0, {2, 1});
  ASSERT_TRUE(evidence.Learn({}, {}).ok());
  const BeadFeatureVector after = evidence.Features(0, 0, {2, 1});
  for (int f = 0; f < kBeadFeatures; ++f) EXPECT_NEAR(before[f], after[f], 1e-5);
}

TEST(PairEvidenceTest, StopsWhenTold) {
  const EmbeddedDocument source = Embed(kEnglish, Space());
  const EmbeddedDocument target = Embed(kFrench, Space());
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(PairEvidence::Create(source, target, SearchBand::Full(5, 3), {},
                                 StopCondition(&cancelled, absl::InfiniteFuture()))
                .status()
                .code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace hexapla
