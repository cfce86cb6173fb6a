// SPDX-License-Identifier: Apache-2.0
#include "server/service/proto_conversion.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla {
namespace {

using ::testing::ElementsAre;

// "Añ 😀." is 9 bytes, 6 UTF-16 units and 5 code points; "Ok." follows a space.
constexpr char kText[] = "A\xC3\xB1 \xF0\x9F\x98\x80. Ok.";

v1::AlignDocumentsRequest TwoVersions() {
  v1::AlignDocumentsRequest request;
  request.add_versions()->set_text(kText);
  v1::DocumentVersion& given = *request.add_versions();
  given.set_language("FR-ca");
  given.add_sentences("Un.");
  given.add_sentences("");
  return request;
}

// What the engine would say of TwoVersions.
AlignedDocuments Aligned() {
  AlignedDocuments aligned;
  aligned.versions = {{.language = "en",
                       .language_detected = true,
                       .language_confidence = 0.5,
                       .sentences = {{0, 9}, {10, 13}}},
                      {.language = "fr-CA", .sentences = {}}};
  aligned.beads = {
      {.sides = {{0, 2}, {0, 1}}, .score = 2, .probability = 0.875},
      {.sides = {{2, 2}, {1, 2}}, .score = -1, .probability = 0.25},
  };
  aligned.pairs = {{.first = 0, .second = 1, .probability = 0.5}};
  aligned.warnings = {{.reason = AlignmentWarning::Reason::kLanguageUncertain,
                       .versions = {0},
                       .message = "unsure"}};
  return aligned;
}

v1::AlignDocumentsResponse ToAlignDocumentsResponse(const v1::AlignDocumentsRequest& request,
                                                    const AlignedDocuments& aligned,
                                                    const SentenceLanguages& languages) {
  v1::AlignDocumentsResponse response;
  SetAlignDocumentsResponse(request, aligned, languages, response);
  return response;
}

v1::LanguageDetection ToLanguageDetection(const Identification& identification, int top_k,
                                          const std::string& model) {
  v1::LanguageDetection detection;
  SetLanguageDetection(identification, top_k, model, detection);
  return detection;
}

TEST(ProtoConversionTest, VersionsBecomeInputsThatBorrowTheText) {
  const v1::AlignDocumentsRequest request = TwoVersions();
  const std::vector<VersionInput> inputs = ToVersionInputs(request);
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].language, "");
  EXPECT_EQ(inputs[0].text.data(), request.versions(0).text().data());
  EXPECT_TRUE(inputs[0].sentences.empty());
  EXPECT_EQ(inputs[1].language, "fr-CA");
  EXPECT_THAT(inputs[1].sentences, ElementsAre("Un.", ""));
}

TEST(ProtoConversionTest, CostIsTheBytesOfAllTextAndSomeOfEachSentence) {
  EXPECT_EQ(TextBytes(TwoVersions()), 13 + 3 + 2 * static_cast<int64_t>(kSentenceOverhead));
}

TEST(ProtoConversionTest, UnsetOptionsMeanTheEnginesDefaults) {
  const AlignOptions options = ToAlignOptions({}, {.sentence_bytes_max = 7, .sentences_max = 8});
  EXPECT_EQ(options.bead_size_max, AlignOptions().bead_size_max);
  EXPECT_TRUE(options.merges);
  EXPECT_EQ(options.sentence_bytes_max, 7u);
  EXPECT_EQ(options.sentences_max, 8u);
}

TEST(ProtoConversionTest, GivenOptionsReachTheEngine) {
  v1::AlignmentOptions proto;
  proto.set_max_bead_size(8);
  proto.set_no_merges(true);
  const AlignOptions options = ToAlignOptions(proto, {});
  EXPECT_EQ(options.bead_size_max, 8);
  EXPECT_FALSE(options.merges);
}

TEST(ProtoConversionTest, OffsetsAreInTheUnitAskedFor) {
  struct UnitCase {
    v1::EncodingType unit;
    int first_end;
    int second_end;
  };
  const UnitCase cases[] = {
      {v1::ENCODING_TYPE_UNSPECIFIED, 9, 13},
      {v1::ENCODING_TYPE_UTF8, 9, 13},
      {v1::ENCODING_TYPE_UTF16, 6, 10},
      {v1::ENCODING_TYPE_CODE_POINT, 5, 9},
  };
  for (const UnitCase& test : cases) {
    v1::AlignDocumentsRequest request = TwoVersions();
    request.mutable_options()->set_encoding_type(test.unit);
    const v1::AlignDocumentsResponse response = ToAlignDocumentsResponse(request, Aligned(), {});
    const v1::AlignedVersion& version = response.summary().versions(0);
    ASSERT_EQ(version.sentences_size(), 2);
    EXPECT_EQ(version.sentences(0).begin(), 0);
    EXPECT_EQ(version.sentences(0).end(), test.first_end);
    EXPECT_EQ(version.sentences(1).begin(), test.first_end + 1);
    EXPECT_EQ(version.sentences(1).end(), test.second_end);
  }
}

TEST(ProtoConversionTest, VersionsKeepLanguageAndCount) {
  const v1::AlignDocumentsResponse response =
      ToAlignDocumentsResponse(TwoVersions(), Aligned(), {});
  ASSERT_EQ(response.summary().versions_size(), 2);
  const v1::AlignedVersion& detected = response.summary().versions(0);
  EXPECT_EQ(detected.language(), "en");
  EXPECT_TRUE(detected.language_detected());
  EXPECT_EQ(detected.language_confidence(), 0.5f);
  EXPECT_EQ(detected.sentence_count(), 2);
  const v1::AlignedVersion& given = response.summary().versions(1);
  EXPECT_EQ(given.language(), "fr-CA");
  EXPECT_FALSE(given.language_detected());
  EXPECT_EQ(given.sentence_count(), 2);
  EXPECT_EQ(given.sentences_size(), 0);
}

TEST(ProtoConversionTest, BeadsListIndicesAndAnAbsentSideIsEmpty) {
  const v1::AlignDocumentsResponse response =
      ToAlignDocumentsResponse(TwoVersions(), Aligned(), {});
  ASSERT_EQ(response.beads_size(), 2);
  EXPECT_THAT(response.beads(0).sides(0).sentence_indices(), ElementsAre(0, 1));
  EXPECT_THAT(response.beads(0).sides(1).sentence_indices(), ElementsAre(0));
  EXPECT_EQ(response.beads(0).probability(), 0.875f);
  EXPECT_EQ(response.beads(0).score(), 2);
  EXPECT_EQ(response.beads(0).sides(0).sentences_size(), 0);
  ASSERT_EQ(response.beads(1).sides_size(), 2);
  EXPECT_THAT(response.beads(1).sides(0).sentence_indices(), ElementsAre());
  EXPECT_THAT(response.beads(1).sides(1).sentence_indices(), ElementsAre(1));
}

TEST(ProtoConversionTest, TextComesBackExactlyWhenAskedFor) {
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_options()->set_return_text(true);
  const v1::AlignDocumentsResponse response = ToAlignDocumentsResponse(request, Aligned(), {});
  EXPECT_THAT(response.beads(0).sides(0).sentences(),
              ElementsAre("A\xC3\xB1 \xF0\x9F\x98\x80.", "Ok."));
  EXPECT_THAT(response.beads(0).sides(1).sentences(), ElementsAre("Un."));
  EXPECT_THAT(response.beads(1).sides(1).sentences(), ElementsAre(""));
}

TEST(ProtoConversionTest, BeadsUnderTheAskedProbabilityAreLeftOut) {
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_options()->set_min_probability(0.25f);
  EXPECT_EQ(ToAlignDocumentsResponse(request, Aligned(), {}).beads_size(), 2);
  request.mutable_options()->set_min_probability(0.26f);
  EXPECT_EQ(ToAlignDocumentsResponse(request, Aligned(), {}).beads_size(), 1);
}

TEST(ProtoConversionTest, DocumentProbabilityIsTheLowestOfThePairs) {
  AlignedDocuments aligned = Aligned();
  aligned.pairs.push_back({.first = 0, .second = 2, .probability = 0.25});
  const v1::AlignDocumentsResponse response = ToAlignDocumentsResponse(TwoVersions(), aligned, {});
  ASSERT_EQ(response.summary().pairs_size(), 2);
  EXPECT_EQ(response.summary().pairs(1).second(), 2);
  EXPECT_EQ(response.summary().pairs(1).probability(), 0.25f);
  EXPECT_EQ(response.summary().document_probability(), 0.25f);
}

TEST(ProtoConversionTest, WarningsKeepReasonVersionsAndMessage) {
  const v1::AlignDocumentsResponse response =
      ToAlignDocumentsResponse(TwoVersions(), Aligned(), {});
  ASSERT_EQ(response.summary().warnings_size(), 1);
  const v1::Warning& warning = response.summary().warnings(0);
  EXPECT_EQ(warning.reason(), v1::Warning::REASON_LANGUAGE_UNCERTAIN);
  EXPECT_THAT(warning.indices(), ElementsAre(0));
  EXPECT_EQ(warning.message(), "unsure");
}

TEST(ProtoConversionTest, SentenceLanguagesStandBesideTheOffsets) {
  const SentenceLanguages languages = {{{"en", "", 0.5f}, {"es", "", 0.75f}},
                                       {{"fr", "", 1}, {"und", "", 0}}};
  const v1::AlignDocumentsResponse response =
      ToAlignDocumentsResponse(TwoVersions(), Aligned(), languages);
  const v1::AlignedVersion& raw = response.summary().versions(0);
  EXPECT_EQ(raw.sentences(1).language(), "es");
  EXPECT_EQ(raw.sentences(1).language_confidence(), 0.75f);
  EXPECT_EQ(raw.sentences(1).end(), 13);
  const v1::AlignedVersion& given = response.summary().versions(1);
  ASSERT_EQ(given.sentences_size(), 2);
  EXPECT_EQ(given.sentences(1).language(), "und");
}

TEST(ProtoConversionTest, AMarginNeedsTwoGuessesWhateverTopK) {
  v1::DetectionOptions proto;
  EXPECT_EQ(ToIdentifyOptions(proto).guesses_max, 2);
  proto.set_top_k(5);
  proto.add_candidates("iw");
  const IdentifyOptions options = ToIdentifyOptions(proto);
  EXPECT_EQ(options.guesses_max, 5);
  EXPECT_THAT(options.candidates, ElementsAre("he"));
}

TEST(ProtoConversionTest, GuessesBeyondTopKAreLeftOut) {
  const Identification identification = {
      .guesses = {{"en", "eng", 0.5f}, {"fr", "fra", 0.25f}, {"de", "deu", 0.125f}},
      .script = "Latn",
      .reliable = true};
  const v1::LanguageDetection one = ToLanguageDetection(identification, 0, "lid@1");
  EXPECT_EQ(one.language(), "en");
  EXPECT_EQ(one.raw_label(), "eng");
  EXPECT_EQ(one.confidence(), 0.5f);
  EXPECT_EQ(one.margin(), 0.25f);
  EXPECT_TRUE(one.reliable());
  EXPECT_EQ(one.script(), "Latn");
  EXPECT_EQ(one.model(), "lid@1");
  EXPECT_EQ(one.alternatives_size(), 0);
  const v1::LanguageDetection two = ToLanguageDetection(identification, 2, "lid@1");
  ASSERT_EQ(two.alternatives_size(), 1);
  EXPECT_EQ(two.alternatives(0).language(), "fr");
  EXPECT_EQ(ToLanguageDetection(identification, 16, "lid@1").alternatives_size(), 2);
}

TEST(ProtoConversionTest, MarginOfALoneGuessIsItsConfidence) {
  EXPECT_EQ(ToLanguageDetection({.guesses = {{"en", "eng", 0.5f}}, .script = ""}, 1, "").margin(),
            0.5f);
}

TEST(ProtoConversionTest, MetadataCarryModelsAndTimes) {
  ModelInfo info;
  info.name = "space";
  info.version = "3";
  v1::ResponseMetadata metadata;
  SetMetadata({&info}, absl::Nanoseconds(-5), absl::Milliseconds(1500), metadata);
  ASSERT_EQ(metadata.models_size(), 1);
  EXPECT_EQ(metadata.models(0).name(), "space");
  EXPECT_EQ(metadata.models(0).version(), "3");
  EXPECT_EQ(metadata.queue_duration().nanos(), 0);  // a clock set back
  EXPECT_EQ(metadata.compute_duration().seconds(), 1);
  EXPECT_EQ(metadata.compute_duration().nanos(), 500000000);
}

TEST(ProtoConversionTest, ModelKeepsItsManifestEntry) {
  ModelInfo info = {.name = "space",
                    .kind = ModelKind::kEmbedding,
                    .version = "3",
                    .file = "space.ftz",
                    .size_bytes = int64_t{1} << 40,
                    .sha256 = "ab",
                    .languages = {"en", "fr"},
                    .dimension = 160,
                    .licence = "Apache-2.0",
                    .source = "here"};
  const v1::Model model = ToModel(info, true);
  EXPECT_EQ(model.name(), "space");
  EXPECT_EQ(model.kind(), v1::MODEL_KIND_EMBEDDING_SPACE);
  EXPECT_EQ(model.version(), "3");
  EXPECT_THAT(model.languages(), ElementsAre("en", "fr"));
  EXPECT_EQ(model.dimension(), 160);
  EXPECT_EQ(model.size_bytes(), int64_t{1} << 40);
  EXPECT_EQ(model.sha256(), "ab");
  EXPECT_EQ(model.licence(), "Apache-2.0");
  EXPECT_EQ(model.source(), "here");
  EXPECT_TRUE(model.is_default());
  EXPECT_FALSE(ToModel(info, false).is_default());
  EXPECT_EQ(ToModelKind(ModelKind::kLanguageIdentifier), v1::MODEL_KIND_LANGUAGE_IDENTIFIER);
  EXPECT_EQ(ToModelKind(ModelKind::kBeadWeights), v1::MODEL_KIND_SCORING_WEIGHTS);
}

}  // namespace
}  // namespace hexapla
