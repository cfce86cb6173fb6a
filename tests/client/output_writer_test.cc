// SPDX-License-Identifier: Apache-2.0
#include "client/output_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string WriteAlignment(OutputFormat format, const AlignmentReply& reply,
                           const std::vector<std::string>& files) {
  std::ostringstream output;
  OutputWriter(format, {}, output).WriteAlignment(reply.Response(), files);
  return output.str();
}

DetectionRow Row(const std::string& file, std::optional<int64_t> line, const std::string& language,
                 float confidence) {
  DetectionRow row = {.file = file, .line = line};
  v1::LanguageDetection& detection = *row.result.mutable_detection();
  detection.set_language(language);
  detection.set_confidence(confidence);
  detection.set_reliable(confidence > 0.5F);
  detection.set_script("Latn");
  detection.set_raw_label(language == "und" ? "" : language);
  detection.set_model("lid.176@1");
  return row;
}

std::string WriteDetections(OutputFormat format, bool lines, int top,
                            const std::vector<DetectionRow>& rows, int columns = 80) {
  std::ostringstream output;
  OutputWriter writer(format, {.columns = columns}, output);
  std::vector<std::string> files;
  for (const DetectionRow& row : rows) files.push_back(row.file);
  writer.BeginDetections(files, lines, top);
  for (const DetectionRow& row : rows) writer.WriteDetection(row);
  return output.str();
}

TEST(EscapeTsvTest, EscapesExactlyFourCharacters) {
  EXPECT_EQ(EscapeTsv("a\tb\nc\rd\\e"), "a\\tb\\nc\\rd\\\\e");
  EXPECT_EQ(EscapeTsv("\\n is not a newline"), "\\\\n is not a newline");
  EXPECT_EQ(EscapeTsv("é, \"quotes\" and \u2028 stay"), "é, \"quotes\" and \u2028 stay");
}

TEST(BeadsFormatTest, IsExact) {
  EXPECT_EQ(WriteAlignment(OutputFormat::kBeads,
                           AlignmentReply({"en", "fr"})
                               .Bead(0.97F, {{0}, {0, 1}})
                               .Bead(0.125F, {{1}, {}})
                               .Bead(1, {{}, {2}}),
                           {"a", "b"}),
            "[0]:[0, 1]:0.97\n"
            "[1]:[]:0.12\n"
            "[]:[2]:1.00\n");
  EXPECT_EQ(WriteAlignment(OutputFormat::kBeads,
                           AlignmentReply({"en", "fr", "ar"}).Bead(0.91F, {{3}, {4}, {3, 4}}),
                           {"a", "b", "c"}),
            "[3]:[4]:[3, 4]:0.91\n");
}

TEST(AlignmentTsvTest, HasAHeaderAndEscapedText) {
  EXPECT_EQ(
      WriteAlignment(OutputFormat::kTsv,
                     AlignmentReply({"en", "fr"})
                         .Bead(0.75F, {{0}, {0, 1}}, {{"One\ttab"}, {"Un.", "Deux\nlignes."}})
                         .Bead(0.5F, {{1}, {}}, {{"C:\\temp"}, {}}),
                     {"a", "b"}),
      "#bead\tprobability\tscore\tindices_1\tlanguage_1\ttext_1\tindices_2\tlanguage_2\ttext_2\n"
      "0\t0.7500\t1.0000\t0\ten\tOne\\ttab\t0,1\tfr\tUn. Deux\\nlignes.\n"
      "1\t0.5000\t0.0000\t1\ten\tC:\\\\temp\t\tfr\t\n");
}

TEST(AlignmentJsonlTest, IsOneObjectABeadAndASummary) {
  const std::string output = WriteAlignment(
      OutputFormat::kJsonl,
      AlignmentReply({"en", "fr"}).Bead(0.75F, {{0}, {}}, {{"One\nline"}, {}}).Pair(0, 1, 0.5F),
      {"a", "b"});
  const std::vector<std::string> lines = absl::StrSplit(output, '\n');
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(
      lines[0],
      "{\"sides\":[{\"sentence_indices\":[0],\"sentences\":[\"One\\nline\"],\"probability\":0},"
      "{\"sentence_indices\":[],\"sentences\":[],\"probability\":0}],\"probability\":0.75,"
      "\"score\":1}");
  EXPECT_EQ(lines[2], "");
  const nlohmann::json summary = nlohmann::json::parse(lines[1]).at("summary");
  EXPECT_EQ(summary.at("versions").at(1).at("language"), "fr");
  EXPECT_EQ(summary.at("pairs").at(0).at("first"), 0);
  EXPECT_EQ(summary.at("document_probability"), 0.5);
  EXPECT_EQ(summary.at("warnings"), nlohmann::json::array());
}

TEST(DetectionTsvTest, HasOneRowATextAndPairsForFurtherGuesses) {
  DetectionRow guesses = Row("b.txt", 2, "nl", 0.75F);
  v1::LanguageGuess& guess = *guesses.result.mutable_detection()->add_alternatives();
  guess.set_language("de");
  guess.set_confidence(0.125F);
  EXPECT_EQ(WriteDetections(OutputFormat::kTsv, true, 3, {Row("a\tb.txt", 1, "und", 0), guesses}),
            "#file\tline\tlanguage\tconfidence\treliable\tscript\traw_label\tmodel"
            "\tlanguage_2\tconfidence_2\tlanguage_3\tconfidence_3\n"
            "a\\tb.txt\t1\tund\t0.0000\tfalse\tLatn\t\tlid.176@1\t\t\t\t\n"
            "b.txt\t2\tnl\t0.7500\ttrue\tLatn\tnl\tlid.176@1\tde\t0.1250\t\t\n");
}

TEST(DetectionTsvTest, AFileHasNoLineAndAFailedTextIsUnd) {
  DetectionRow failed = {.file = "b"};
  failed.result.mutable_error()->set_code(8);
  EXPECT_EQ(WriteDetections(OutputFormat::kTsv, false, 1, {Row("a", {}, "en", 1), failed}),
            "#file\tline\tlanguage\tconfidence\treliable\tscript\traw_label\tmodel\n"
            "a\t\ten\t1.0000\ttrue\tLatn\ten\tlid.176@1\n"
            "b\t\tund\t0.0000\tfalse\t\t\t\n");
}

TEST(DetectionJsonlTest, NamesFileAndLineBesideTheMessage) {
  const std::string output = WriteDetections(
      OutputFormat::kJsonl, true, 1, {Row("a \"b\"\xFF", 7, "en", 0.5F), Row("c", 8, "fr", 1)});
  const std::vector<std::string> lines = absl::StrSplit(output, '\n');
  ASSERT_EQ(lines.size(), 3U);
  const nlohmann::json row = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(row.at("file"), "a \"b\"\uFFFD");
  EXPECT_EQ(row.at("line"), 7);
  EXPECT_EQ(row.at("detection").at("language"), "en");
  EXPECT_EQ(row.at("detection").at("raw_label"), "en");
  EXPECT_EQ(row.at("detection").at("reliable"), false);
}

TEST(DetectionTableTest, NamesLanguagesAndMarksDoubt) {
  EXPECT_EQ(WriteDetections(OutputFormat::kTable, false, 1,
                            {Row("letter.txt", {}, "fr", 0.98F), Row("b", {}, "zh-Hant", 0.4F)}),
            "letter.txt  French (fr)               0.98\n"
            "b           Chinese (Traditional) (zh-Hant)  0.40?\n");
}

TEST(DetectionTableTest, ShowsTheBeginningOfALine) {
  DetectionRow row = Row("a", 1, "ar", 1);
  row.text = "مرحبا بكم في الجزيرة الصغيرة";
  const std::string output = WriteDetections(OutputFormat::kTable, true, 1, {row}, 60);
  EXPECT_THAT(output, StartsWith("a:1       Arabic (ar)               1.00   \u2067مرحبا"));
  EXPECT_THAT(output, HasSubstr("…\u2069\n"));
}

v1::ListModelsResponse Models() {
  v1::ListModelsResponse response;
  v1::Model& model = *response.add_models();
  model.set_name("space");
  model.set_kind(v1::MODEL_KIND_EMBEDDING_SPACE);
  model.set_version("3");
  model.add_languages("en");
  model.add_languages("fr");
  model.set_dimension(160);
  model.set_size_bytes(12500000);
  model.set_sha256("00ff");
  model.set_licence("Apache-2.0");
  model.set_source("trained\nhere");
  model.set_is_default(true);
  return response;
}

std::string WriteModels(OutputFormat format) {
  std::ostringstream output;
  OutputWriter(format, {}, output).WriteModels(Models());
  return output.str();
}

TEST(ModelsTest, HaveATable) {
  EXPECT_EQ(WriteModels(OutputFormat::kTable),
            "space (default)\n"
            "  kind        embedding space\n"
            "  version     3\n"
            "  languages   2: en fr\n"
            "  dimension   160\n"
            "  size        12.5 MB\n"
            "  sha-256     00ff\n"
            "  licence     Apache-2.0\n"
            "  source      trained here\n");
}

TEST(ModelsTest, ASmallFileHasItsSizeInBytes) {
  v1::ListModelsResponse response = Models();
  response.mutable_models(0)->set_size_bytes(784);
  std::ostringstream output;
  OutputWriter(OutputFormat::kTable, {}, output).WriteModels(response);
  EXPECT_THAT(output.str(), HasSubstr("  size        784 bytes\n"));
}

TEST(ModelsTest, HaveTsv) {
  EXPECT_EQ(WriteModels(OutputFormat::kTsv),
            "#name\tkind\tversion\tdimension\tsize_bytes\tsha256\tlicence\tsource\tdefault"
            "\tlanguages\n"
            "space\tembedding space\t3\t160\t12500000\t00ff\tApache-2.0\ttrained\\nhere\ttrue"
            "\ten,fr\n");
}

TEST(ModelsTest, HaveJsonl) {
  const nlohmann::json model = nlohmann::json::parse(WriteModels(OutputFormat::kJsonl));
  EXPECT_EQ(model.at("kind"), "MODEL_KIND_EMBEDDING_SPACE");
  EXPECT_EQ(model.at("size_bytes"), "12500000");
}

}  // namespace
}  // namespace hexapla
