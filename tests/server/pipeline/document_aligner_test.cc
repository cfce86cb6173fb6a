// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline/document_aligner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "server/base/request_error.h"
#include "server/base/worker_pool.h"
#include "tests/testing/coverage.h"
#include "tests/testing/fake_language_identifier.h"
#include "tests/testing/made_up_documents.h"
#include "tests/testing/plain_weights.h"
#include "tests/testing/random_text.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::CoverageFault;
using ::hexapla::testing::MadeUpDocuments;
using ::hexapla::testing::MadeUpOptions;
using ::hexapla::testing::MakeUpDocuments;
using ::hexapla::testing::PlainWeights;
using ::hexapla::testing::RandomText;
using ::hexapla::testing::TableEmbedder;
using ::hexapla::testing::Text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Reason = AlignmentWarning::Reason;

using Sentences = std::vector<absl::string_view>;

constexpr char kEnglish[] =
    "The cat drinks milk. The dog sleeps.\nThe child reads a book.\nThe sun shines! The bird "
    "sings.";
constexpr char kFrench[] =
    "Chat boit lait, chien dort.\n\nEnfant lit livre. Soleil brille, oiseau chante, été.";
constexpr char kGerman[] = "Katze trinkt Milch, Hund schlaeft. Sonne scheint. Vogel singt.";

const TableEmbedder& Space() {
  static const auto* const kSpace = new TableEmbedder(
      {"cat chat katze", "drinks boit trinkt", "milk lait milch", "dog chien hund",
       "sleeps dort schlaeft", "sun soleil sonne", "shines brille scheint", "bird oiseau vogel",
       "sings chante singt", "child enfant kind", "reads lit liest", "book livre buch"});
  return *kSpace;
}

class DocumentAlignerTest : public ::testing::Test {
 protected:
  absl::StatusOr<AlignedDocuments> Align(const std::vector<VersionInput>& versions,
                                         const AlignOptions& options = {},
                                         const StopCondition& stop = {}) const {
    return DocumentAligner(identifier_, Space(), weights_).Align(versions, options, stop);
  }

  const FakeIdentifier identifier_;
  const ScoringWeights weights_ = PlainWeights();
};

std::vector<Reason> ReasonsOf(const AlignedDocuments& result) {
  std::vector<Reason> reasons;
  for (const AlignmentWarning& warning : result.warnings) reasons.push_back(warning.reason);
  return reasons;
}

TEST_F(DocumentAlignerTest, TwoRawTextsAreAligned) {
  const AlignedDocuments result = Align({{.text = kEnglish}, {.text = kFrench}}).value();
  EXPECT_THAT(Text(result.beads), ElementsAre("[0,1]:[0]", "[2]:[1]", "[3,4]:[2]"));
  ASSERT_EQ(result.pairs.size(), 1u);
  EXPECT_GT(result.pairs[0].probability, 0.5);
  EXPECT_THAT(result.warnings, IsEmpty());
  for (const MultiBead& bead : result.beads) {
    EXPECT_GT(bead.probability, 0.2);
    EXPECT_LE(bead.probability, 1);
  }
}

TEST_F(DocumentAlignerTest, OffsetsCutTheText) {
  const AlignedDocuments result = Align({{.text = kEnglish}, {.text = kFrench}}).value();
  std::vector<std::string> sentences;
  for (const TextRange& range : result.versions[0].sentences) {
    sentences.emplace_back(range.Of(kEnglish));
  }
  EXPECT_THAT(sentences,
              ElementsAre("The cat drinks milk.", "The dog sleeps.", "The child reads a book.",
                          "The sun shines!", "The bird sings."));
  EXPECT_EQ(result.versions[1].sentences[1].Of(kFrench), "Enfant lit livre.");
}

TEST_F(DocumentAlignerTest, GivenSentencesAreKeptAsTheyAre) {
  const AlignedDocuments result =
      Align({{.language = "en", .sentences = {"The cat sleeps. The dog drinks.", "The bird sings"}},
             {.language = "fr", .sentences = {"chat dort", "chien boit", "oiseau chante"}}})
          .value();
  EXPECT_THAT(Text(result.beads), ElementsAre("[0]:[0,1]", "[1]:[2]"));
  EXPECT_THAT(result.versions[0].sentences, IsEmpty());
  EXPECT_THAT(result.versions[1].sentences, IsEmpty());
}

TEST_F(DocumentAlignerTest, RawTextAndGivenSentencesMayMeet) {
  const AlignedDocuments result =
      Align({{.text = "The cat sleeps. The bird sings."},
             {.language = "fr", .sentences = {"chat dort", "oiseau chante"}}})
          .value();
  EXPECT_THAT(Text(result.beads), ElementsAre("[0]:[0]", "[1]:[1]"));
  EXPECT_EQ(result.versions[0].sentences.size(), 2u);
  EXPECT_THAT(result.versions[1].sentences, IsEmpty());
}

TEST_F(DocumentAlignerTest, ThreeVersionsAreJoined) {
  // The German lacks the child; the French joins what the others tell apart.
  const AlignedDocuments result =
      Align({{.text = kEnglish}, {.text = kFrench}, {.language = "de", .text = kGerman}}).value();
  EXPECT_THAT(Text(result.beads), ElementsAre("[0,1]:[0]:[0]", "[2]:[1]:[]", "[3,4]:[2]:[1,2]"));
  ASSERT_EQ(result.pairs.size(), 3u);
  EXPECT_EQ(result.pairs[0].first, 0);
  EXPECT_EQ(result.pairs[0].second, 1);
  EXPECT_EQ(result.pairs[1].first, 0);
  EXPECT_EQ(result.pairs[1].second, 2);
  EXPECT_EQ(result.pairs[2].first, 1);
  EXPECT_EQ(result.pairs[2].second, 2);
}

TEST_F(DocumentAlignerTest, AStrangerLeavesTheOthersBeadsAsTheyAre) {
  const VersionInput stranger = {.language = "de",
                                 .text = "Lauter fremde Worte. Niemand kennt sie."};
  const VersionInput german = {.language = "de", .text = kGerman};
  const AlignedDocuments alone = Align({{.text = kEnglish}, {.text = kFrench}, german}).value();
  const AlignedDocuments result =
      Align({{.text = kEnglish}, stranger, {.text = kFrench}, german}).value();
  EXPECT_EQ(CoverageFault(result.beads, {5, 2, 3, 3}), "");
  std::vector<std::string> others;
  for (MultiBead bead : result.beads) {
    if (!bead.sides[1].empty()) {
      EXPECT_EQ(bead.sides[1].size(), 1);
      EXPECT_GT(bead.probability, 0.5);
      EXPECT_TRUE(bead.sides[0].empty() && bead.sides[2].empty() && bead.sides[3].empty());
      continue;
    }
    bead.sides.erase(bead.sides.begin() + 1);
    others.push_back(Text({bead})[0]);
  }
  EXPECT_EQ(others, Text(alone.beads));
  EXPECT_EQ(result.warnings.back().reason, Reason::kVersionLeftOut);
  EXPECT_THAT(result.warnings.back().versions, ElementsAre(1));
  EXPECT_THAT(result.warnings.back().message, HasSubstr("versions[1]"));
}

TEST_F(DocumentAlignerTest, TwoDocumentsInOneRequestAreAlignedApart) {
  const VersionInput first = {.language = "en", .text = "The cat drinks milk. The dog sleeps."};
  const VersionInput first_french = {.language = "fr", .text = "Chat boit lait. Chien dort."};
  const VersionInput second = {.language = "en", .text = "The sun shines. The bird sings."};
  const VersionInput second_french = {.language = "fr", .text = "Soleil brille. Oiseau chante."};
  const AlignedDocuments result = Align({first, second, second_french, first_french}).value();
  EXPECT_EQ(CoverageFault(result.beads, {2, 2, 2, 2}), "");
  for (const MultiBead& bead : result.beads) {
    EXPECT_EQ(bead.sides[0].empty(), bead.sides[3].empty());
    EXPECT_EQ(bead.sides[1].empty(), bead.sides[2].empty());
    EXPECT_NE(bead.sides[0].empty(), bead.sides[1].empty());
  }
  EXPECT_EQ(result.warnings.back().reason, Reason::kVersionLeftOut);
  EXPECT_THAT(result.warnings.back().versions, ElementsAre(1, 2));
}

TEST_F(DocumentAlignerTest, AnUncoveredVersionIsNotLeftOut) {
  const AlignedDocuments result =
      Align({{.language = "en", .sentences = {"Rosalind sleeps 8", "cat 1998", "dog 2020"}},
             {.language = "fr", .sentences = {"Rosalind dort 8", "chat 1998", "chien 2020"}},
             {.language = "sw", .sentences = {"Rosalind 8 analala", "paka 1998", "mbwa 2020"}}})
          .value();
  EXPECT_THAT(Text(result.beads), ElementsAre("[0]:[0]:[0]", "[1]:[1]:[1]", "[2]:[2]:[2]"));
  EXPECT_THAT(ReasonsOf(result), Not(::testing::Contains(Reason::kVersionLeftOut)));
}

TEST_F(DocumentAlignerTest, EverySentenceOfSixteenVersionsIsCoveredOnce) {
  std::vector<VersionInput> versions;
  std::vector<int> sizes;
  for (int v = 0; v < kVersionsMax; ++v) {
    versions.push_back({.language = v % 3 == 0   ? "en"
                                    : v % 3 == 1 ? "fr"
                                                 : "de",
                        .text = v % 3 == 0   ? kEnglish
                                : v % 3 == 1 ? kFrench
                                             : kGerman});
    sizes.push_back(v % 3 == 0 ? 5 : 3);
  }
  const AlignedDocuments result = Align(versions).value();
  EXPECT_EQ(CoverageFault(result.beads, sizes), "");
  EXPECT_EQ(result.pairs.size(), 120u);
  EXPECT_EQ(result.versions.size(), 16u);
  EXPECT_EQ(result.beads.size(), 3u);
}

TEST_F(DocumentAlignerTest, AMissingSentenceStaysAlone) {
  const AlignedDocuments result =
      Align({{.language = "en",
              .sentences = {"The cat sleeps", "The child reads a book", "The bird sings"}},
             {.language = "fr", .sentences = {"chat dort", "oiseau chante"}}})
          .value();
  EXPECT_THAT(Text(result.beads), ElementsAre("[0]:[0]", "[1]:[]", "[2]:[1]"));
}

TEST_F(DocumentAlignerTest, MergesMayBeTurnedOff) {
  const AlignedDocuments result =
      Align({{.text = kEnglish}, {.text = kFrench}}, {.merges = false}).value();
  EXPECT_EQ(CoverageFault(result.beads, {5, 3}), "");
  for (const MultiBead& bead : result.beads) {
    EXPECT_LE(bead.sides[0].size(), 1);
    EXPECT_LE(bead.sides[1].size(), 1);
  }
}

TEST_F(DocumentAlignerTest, BeadsOfManyVersionsAreNoLargerThanAllowed) {
  const std::vector<VersionInput> versions = {
      {.text = kEnglish}, {.text = kFrench}, {.language = "de", .text = kGerman}};
  for (const int size_max : {1, 2, 8}) {
    const AlignedDocuments result = Align(versions, {.bead_size_max = size_max}).value();
    EXPECT_EQ(CoverageFault(result.beads, {5, 3, 3}), "");
    for (const MultiBead& bead : result.beads) {
      for (const SentenceRun& side : bead.sides) EXPECT_LE(side.size(), size_max);
    }
  }
  const AlignedDocuments result = Align(versions, {.merges = false}).value();
  for (const MultiBead& bead : result.beads) {
    for (const SentenceRun& side : bead.sides) EXPECT_LE(side.size(), 1);
  }
}

TEST_F(DocumentAlignerTest, BeadsAreNoLargerThanAllowed) {
  const std::vector<VersionInput> versions = {
      {.language = "en", .sentences = {"cat", "drinks", "milk", "dog", "sleeps"}},
      {.language = "fr", .sentences = {"chat boit lait chien dort"}}};
  for (const int size_max : {1, 2, 4, 5, 8}) {
    const AlignedDocuments result = Align(versions, {.bead_size_max = size_max}).value();
    EXPECT_EQ(CoverageFault(result.beads, {5, 1}), "");
    int largest = 0;
    for (const MultiBead& bead : result.beads) largest = std::max(largest, bead.sides[0].size());
    EXPECT_LE(largest, size_max);
    EXPECT_EQ(largest == 5, size_max >= 5);
  }
}

TEST_F(DocumentAlignerTest, BlankSentencesKeepTheirIndexAndStayUnaligned) {
  const AlignedDocuments result =
      Align({{.language = "en", .sentences = {"", "The cat sleeps", " ", "The bird sings", "\t"}},
             {.language = "fr", .sentences = {"chat dort", "\u3000", "oiseau chante"}}})
          .value();
  EXPECT_EQ(CoverageFault(result.beads, {5, 3}), "");
  std::vector<std::string> two_sided;
  for (const std::string& bead : Text(result.beads)) {
    if (bead.find("[]") == std::string::npos) two_sided.push_back(bead);
  }
  EXPECT_THAT(two_sided, ElementsAre("[1]:[0]", "[3]:[2]"));
  EXPECT_EQ(result.beads.size(), 6u);
}

TEST_F(DocumentAlignerTest, LanguagesAreDetectedUnlessGiven) {
  const AlignedDocuments result = Align({{.text = kEnglish},
                                         {.sentences = {"chat boit lait", "été"}},
                                         {.language = "de-AT", .text = kGerman}})
                                      .value();
  EXPECT_EQ(result.versions[0].language, "en");
  EXPECT_TRUE(result.versions[0].language_detected);
  EXPECT_DOUBLE_EQ(result.versions[0].language_confidence, 0.75);
  EXPECT_EQ(result.versions[1].language, "fr");
  EXPECT_TRUE(result.versions[1].language_detected);
  EXPECT_EQ(result.versions[2].language, "de-AT");
  EXPECT_FALSE(result.versions[2].language_detected);
  EXPECT_EQ(result.versions[2].language_confidence, 1);
}

TEST_F(DocumentAlignerTest, TheLanguageOfManySentencesIsDetectedOnAllParts) {
  // Only the latter half is French, far beyond what is looked at in one piece.
  Sentences sentences(4000, "chat boit lait chien dort");
  std::fill(sentences.begin() + 2000, sentences.end(), "chat été");
  const AlignedDocuments result = Align({{.sentences = sentences}, {.text = kEnglish}}).value();
  EXPECT_EQ(result.versions[0].language, "fr");
}

TEST_F(DocumentAlignerTest, AnUncoveredLanguageWarnsAndAlignsOnNumbersAndNames) {
  const AlignedDocuments result =
      Align({{.language = "en", .sentences = {"Rosalind sleeps 8", "cat 1998", "dog 2020"}},
             {.language = "sw", .sentences = {"Rosalind 8 analala", "paka 1998", "mbwa 2020"}}})
          .value();
  EXPECT_THAT(Text(result.beads), ElementsAre("[0]:[0]", "[1]:[1]", "[2]:[2]"));
  ASSERT_FALSE(result.warnings.empty());
  EXPECT_EQ(result.warnings[0].reason, Reason::kLanguageNotCovered);
  EXPECT_THAT(result.warnings[0].versions, ElementsAre(1));
  EXPECT_THAT(result.warnings[0].message, HasSubstr("versions[1]"));
  EXPECT_THAT(result.warnings[0].message, HasSubstr("sw"));
}

TEST_F(DocumentAlignerTest, AnUncertainLanguageWarns) {
  const AlignedDocuments result = Align({{.text = kEnglish}, {.text = "12. 34. 56."}}).value();
  EXPECT_EQ(result.versions[1].language, "und");
  EXPECT_THAT(ReasonsOf(result),
              ElementsAre(Reason::kLanguageNotCovered, Reason::kLanguageUncertain,
                          Reason::kVersionsUnrelated));
}

TEST_F(DocumentAlignerTest, UnrelatedVersionsWarnPairByPair) {
  const AlignedDocuments result =
      Align({{.text = kEnglish},
             {.language = "de", .text = "Lauter fremde Worte. Niemand kennt sie."},
             {.text = kFrench}})
          .value();
  ASSERT_EQ(result.pairs.size(), 3u);
  EXPECT_LT(result.pairs[0].probability, 0.5);
  EXPECT_GT(result.pairs[1].probability, 0.5);
  EXPECT_LT(result.pairs[2].probability, 0.5);
  ASSERT_THAT(ReasonsOf(result), ElementsAre(Reason::kVersionsUnrelated, Reason::kVersionsUnrelated,
                                             Reason::kVersionLeftOut));
  EXPECT_THAT(result.warnings[0].versions, ElementsAre(0, 1));
  EXPECT_THAT(result.warnings[1].versions, ElementsAre(1, 2));
  EXPECT_THAT(result.warnings[0].message, Not(HasSubstr("Worte")));
}

TEST_F(DocumentAlignerTest, FaultsNameTheFieldTheLimitAndTheValue) {
  const VersionInput good = {.language = "en", .text = kEnglish};
  struct Case {
    const char* name;
    std::vector<VersionInput> versions;
    AlignOptions options = {};
    absl::StatusCode code;
    RequestFault fault;
  };
  const std::vector<Case> cases = {
      {.name = "no version",
       .versions = {},
       .code = absl::StatusCode::kInvalidArgument,
       .fault = {"TOO_FEW_VERSIONS", "versions", "2-16", "0"}},
      {.name = "one version",
       .versions = {good},
       .code = absl::StatusCode::kInvalidArgument,
       .fault = {"TOO_FEW_VERSIONS", "versions", "2-16", "1"}},
      {.name = "seventeen versions",
       .versions = std::vector<VersionInput>(17, good),
       .code = absl::StatusCode::kInvalidArgument,
       .fault = {"TOO_MANY_VERSIONS", "versions", "2-16", "17"}},
      {.name = "no text",
       .versions = {good, {.language = "en"}},
       .code = absl::StatusCode::kInvalidArgument,
       .fault = {"TEXT_BLANK", "versions[1].text", "", ""}},
      {.name = "white space",
       .versions = {{.text = " \n\t\u3000"}, good},
       .code = absl::StatusCode::kInvalidArgument,
       .fault = {"TEXT_BLANK", "versions[0].text", "", ""}},
      {.name = "blank sentences",
       .versions = {good, good, {.language = "fr", .sentences = {"", " ", "\u00A0"}}},
       .code = absl::StatusCode::kInvalidArgument,
       .fault = {"TEXT_BLANK", "versions[2].sentences", "", ""}},
      {.name = "too many sentences of a text",
       .versions = {good, good},
       .options = {.sentences_max = 4},
       .code = absl::StatusCode::kResourceExhausted,
       .fault = {"TOO_MANY_SENTENCES", "versions[0].text", "4", "5"}},
      {.name = "too many sentences given",
       .versions = {{.sentences = {"cat", "dog"}}, {.sentences = {"chat", "chien", "lait"}}},
       .options = {.sentences_max = 2},
       .code = absl::StatusCode::kResourceExhausted,
       .fault = {"TOO_MANY_SENTENCES", "versions[1].sentences", "2", "3"}},
      {.name = "a sentence of a text too long",
       .versions = {good, good},
       .options = {.sentence_bytes_max = 20},
       .code = absl::StatusCode::kResourceExhausted,
       .fault = {"SENTENCE_TOO_LONG", "versions[0].text", "20", "23"}},
      {.name = "a given sentence too long",
       .versions = {{.sentences = {"cat", "dog"}}, {.sentences = {"chat", "chien"}}},
       .options = {.sentence_bytes_max = 4},
       .code = absl::StatusCode::kResourceExhausted,
       .fault = {"SENTENCE_TOO_LONG", "versions[1].sentences[1]", "4", "5"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const absl::Status status = Align(c.versions, c.options).status();
    EXPECT_EQ(status.code(), c.code);
    const RequestFault fault = FaultOf(status);
    EXPECT_EQ(fault.reason, c.fault.reason);
    EXPECT_EQ(fault.field, c.fault.field);
    EXPECT_EQ(fault.limit, c.fault.limit);
    EXPECT_EQ(fault.value, c.fault.value);
    EXPECT_FALSE(status.message().empty());
    for (const char* word : {"cat", "chien", "sleeps"}) {
      EXPECT_THAT(std::string(status.message()), Not(HasSubstr(word)));
    }
  }
}

TEST_F(DocumentAlignerTest, LimitsThatAreJustMetAreFine) {
  EXPECT_TRUE(Align({{.text = kEnglish}, {.language = "en", .text = kEnglish}},
                    {.sentence_bytes_max = 23, .sentences_max = 5})
                  .ok());
}

// Raises a flag once it has seen a word.
class CancellingEmbedder final : public SentenceEmbedder {
 public:
  int dimension() const override { return Space().dimension(); }
  const std::vector<std::string>& languages() const override { return Space().languages(); }
  bool EmbedWord(absl::string_view word, float* out) const override {
    if (word == "stop") cancelled = true;
    return Space().EmbedWord(word, out);
  }

  mutable std::atomic<bool> cancelled = false;
};

TEST_F(DocumentAlignerTest, ACallCancelledMidwayStops) {
  std::vector<std::string> lines(3000, "cat drinks milk");
  lines[1000] = "stop";
  const Sentences sentences(lines.begin(), lines.end());
  for (const size_t version : {size_t{0}, size_t{1}}) {
    std::vector<VersionInput> versions(2, {.language = "en", .sentences = {"cat drinks milk"}});
    versions[version].sentences = sentences;
    const CancellingEmbedder embedder;
    const DocumentAligner aligner(identifier_, embedder, weights_);
    EXPECT_EQ(
        aligner.Align(versions, {}, StopCondition(&embedder.cancelled, absl::InfiniteFuture()))
            .status()
            .code(),
        absl::StatusCode::kCancelled);
  }
}

TEST_F(DocumentAlignerTest, APassedDeadlineStops) {
  EXPECT_EQ(Align({{.text = kEnglish}, {.text = kFrench}}, {},
                  StopCondition(nullptr, absl::InfinitePast()))
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(DocumentAlignerTest, TheDeadlineIsSeenInTheMiddleOfTheWork) {
  const MadeUpOptions made_up = {.beads = 4000, .words = 500};
  const MadeUpDocuments documents = MakeUpDocuments(made_up);
  const TableEmbedder space(MadeUpWords(made_up));
  const DocumentAligner aligner(identifier_, space, weights_);
  const std::vector<VersionInput> versions = {
      {.language = "en", .sentences = Sentences(documents.source.begin(), documents.source.end())},
      {.language = "fr", .sentences = Sentences(documents.target.begin(), documents.target.end())}};
  const absl::Time begin = absl::Now();
  const absl::Status status =
      aligner.Align(versions, {}, StopCondition(nullptr, begin + absl::Milliseconds(20))).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
}

std::string Everything(const AlignedDocuments& result) {
  std::string all;
  for (const MultiBead& bead : result.beads) {
    absl::StrAppend(&all, absl::StrJoin(Text({bead}), ""), " ", bead.probability, " ", bead.score,
                    "\n");
  }
  for (const VersionPair& pair : result.pairs) absl::StrAppend(&all, pair.probability, "\n");
  for (const AlignmentWarning& warning : result.warnings) absl::StrAppend(&all, warning.message);
  return all;
}

TEST_F(DocumentAlignerTest, TheSameRequestGivesTheSameAnswerInEveryThread) {
  const DocumentAligner aligner(identifier_, Space(), weights_);
  const std::vector<VersionInput> versions = {
      {.text = kEnglish}, {.text = kFrench}, {.language = "de", .text = kGerman}};
  const std::string expected = Everything(aligner.Align(versions, {}, {}).value());
  std::vector<std::thread> threads;
  std::atomic<int> different = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        different += Everything(aligner.Align(versions, {}, {}).value()) != expected;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
}

// Versions of a made-up document, every second one the source.
struct ManyVersions {
  ManyVersions(const MadeUpOptions& made_up, size_t count)
      : documents(MakeUpDocuments(made_up)), space(MadeUpWords(made_up)) {
    for (size_t v = 0; v < count; ++v) {
      const std::vector<std::string>& lines = v % 2 == 0 ? documents.source : documents.target;
      versions.push_back({.language = v % 2 == 0 ? "en" : "fr",
                          .sentences = Sentences(lines.begin(), lines.end())});
    }
  }

  const MadeUpDocuments documents;
  const TableEmbedder space;
  std::vector<VersionInput> versions;
};

TEST_F(DocumentAlignerTest, HelpersChangeNothingInTheAnswer) {
  for (const auto& [beads, count] : {std::pair(1000, 2), std::pair(320, 5)}) {
    const ManyVersions many({.beads = beads, .words = 600, .seed = 5}, count);
    const DocumentAligner aligner(identifier_, many.space, weights_);
    const std::string expected = Everything(aligner.Align(many.versions, {}, {}).value());
    for (const int workers : {1, 2, 5}) {
      WorkerPool pool({.workers = workers});
      const AlignOptions options = {.parallel = &pool};
      EXPECT_TRUE(Everything(aligner.Align(many.versions, options, {}).value()) == expected)
          << count << " versions, " << workers << " workers";
    }
  }
}

TEST_F(DocumentAlignerTest, LanguagesThatAreNotCoveredAreHelpedToo) {
  ManyVersions many({.beads = 850, .words = 600, .seed = 6}, 2);
  many.versions[1].language = "xx";
  const DocumentAligner aligner(identifier_, many.space, weights_);
  WorkerPool pool({.workers = 3});
  EXPECT_TRUE(Everything(aligner.Align(many.versions, {.parallel = &pool}, {}).value()) ==
              Everything(aligner.Align(many.versions, {}, {}).value()));
}

// Counts loops, and cancels in one of them.
class CancellingParallel final : public Parallel {
 public:
  CancellingParallel(Parallel& parallel, int cancel_in)
      : parallel_(parallel), cancel_in_(cancel_in) {}

  void Run(size_t count, absl::FunctionRef<void(size_t part)> part) override {
    if (cancelled) ++loops_after;
    if (++loops == cancel_in_) cancelled = true;
    parallel_.Run(count, part);
  }

  std::atomic<int> loops = 0;
  std::atomic<int> loops_after = 0;  // begun once it was cancelled
  std::atomic<bool> cancelled = false;

 private:
  Parallel& parallel_;
  const int cancel_in_;
};

TEST_F(DocumentAlignerTest, ACancellationIsSeenInEveryStage) {
  for (const size_t count : {2, 3}) {
    const ManyVersions many({.beads = 900, .words = 400, .seed = 8}, count);
    const DocumentAligner aligner(identifier_, many.space, weights_);
    CancellingParallel counted(Parallel::None(), 0);
    ASSERT_TRUE(aligner.Align(many.versions, {.parallel = &counted}, {}).ok());
    EXPECT_GE(counted.loops, 20);
    WorkerPool pool({.workers = 2});
    const int step = count == 2 ? 1 : 7;
    for (int loop = 1; loop <= counted.loops; loop += step) {
      CancellingParallel cancelling(pool, loop);
      const auto stopped =
          aligner.Align(many.versions, {.parallel = &cancelling},
                        StopCondition(&cancelling.cancelled, absl::InfiniteFuture()));
      ASSERT_EQ(stopped.status().code(), absl::StatusCode::kCancelled) << loop;
      // The stage that it came in is not followed by others. Of three versions three
      // pairs may be in it at once, each with a few loops of its own.
      EXPECT_LE(cancelling.loops_after, 5 * static_cast<int>(count)) << loop;
    }
  }
}

TEST_F(DocumentAlignerTest, SwappedVersionsGiveTheMirroredAnswer) {
  const MadeUpOptions made_up = {.beads = 150, .words = 400, .deletions = 0.1, .seed = 7};
  const MadeUpDocuments documents = MakeUpDocuments(made_up);
  const TableEmbedder space(MadeUpWords(made_up));
  const DocumentAligner aligner(identifier_, space, weights_);
  const VersionInput source = {
      .language = "en", .sentences = Sentences(documents.source.begin(), documents.source.end())};
  const VersionInput target = {
      .language = "fr", .sentences = Sentences(documents.target.begin(), documents.target.end())};
  // Deletions aside, whose order among one another is free.
  const auto two_sided = [](const AlignedDocuments& result, int first) {
    std::vector<std::string> beads;
    for (MultiBead bead : result.beads) {
      if (bead.sides[0].empty() || bead.sides[1].empty()) continue;
      if (first == 1) std::swap(bead.sides[0], bead.sides[1]);
      beads.push_back(Text({bead})[0]);
    }
    return beads;
  };
  const AlignedDocuments forth = aligner.Align({source, target}, {}, {}).value();
  const AlignedDocuments back = aligner.Align({target, source}, {}, {}).value();
  EXPECT_EQ(two_sided(forth, 0), two_sided(back, 1));
  EXPECT_NEAR(forth.pairs[0].probability, back.pairs[0].probability, 1e-4);
}

TEST_F(DocumentAlignerTest, ALongDocumentIsAlignedThroughTheBand) {
  const MadeUpOptions made_up = {.beads = 2500, .missing_block = 60, .seed = 9};
  const MadeUpDocuments documents = MakeUpDocuments(made_up);
  const TableEmbedder space(MadeUpWords(made_up));
  const DocumentAligner aligner(identifier_, space, weights_);
  const AlignedDocuments result =
      aligner
          .Align({{.language = "en",
                   .sentences = Sentences(documents.source.begin(), documents.source.end())},
                  {.language = "fr",
                   .sentences = Sentences(documents.target.begin(), documents.target.end())}},
                 {}, {})
          .value();
  EXPECT_EQ(CoverageFault(result.beads, {static_cast<int>(documents.source.size()),
                                         static_cast<int>(documents.target.size())}),
            "");
  size_t right = 0;
  size_t two_sided = 0;
  size_t next = 0;
  for (const Bead& bead : documents.beads) {
    if (bead.source.empty() || bead.target.empty()) continue;
    ++two_sided;
    while (next < result.beads.size() && result.beads[next].sides[0].begin < bead.source.begin) {
      ++next;
    }
    for (size_t b = next; b < result.beads.size(); ++b) {
      if (result.beads[b].sides[0].begin > bead.source.begin) break;
      right += result.beads[b].sides[0] == bead.source && result.beads[b].sides[1] == bead.target;
    }
  }
  EXPECT_GT(static_cast<double>(right) / static_cast<double>(two_sided), 0.99);
}

TEST_F(DocumentAlignerTest, OddTextsAreCoveredOrRefused) {
  std::mt19937 random(31);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    std::vector<std::string> texts;
    std::vector<VersionInput> versions(2 + round % 3);
    for (size_t v = 0; v < versions.size(); ++v) texts.push_back(RandomText(random() % 80, random));
    for (size_t v = 0; v < versions.size(); ++v) versions[v].text = texts[v];
    const absl::StatusOr<AlignedDocuments> result = Align(versions);
    if (!result.ok()) {
      EXPECT_EQ(FaultOf(result.status()).reason, "TEXT_BLANK") << result.status();
      continue;
    }
    std::vector<int> sizes;
    for (const AlignedVersion& version : result->versions) {
      sizes.push_back(static_cast<int>(version.sentences.size()));
    }
    EXPECT_EQ(CoverageFault(result->beads, sizes), "");
    for (const MultiBead& bead : result->beads) {
      EXPECT_GE(bead.probability, 0);
      EXPECT_LE(bead.probability, 1);
    }
  }
}

}  // namespace
}  // namespace hexapla
