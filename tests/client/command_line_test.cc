// SPDX-License-Identifier: Apache-2.0
#include "client/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Arguments = std::vector<std::string>;

CommandLine Parse(const Arguments& arguments, const Environment& environment = {}) {
  auto result = ParseCommandLine(arguments, environment);
  if (const auto* exit = std::get_if<EarlyExit>(&result)) {
    ADD_FAILURE() << exit->standard_error << exit->standard_output;
    return {};
  }
  return std::get<CommandLine>(result);
}

EarlyExit ParseExit(const Arguments& arguments, const Environment& environment = {}) {
  auto result = ParseCommandLine(arguments, environment);
  if (std::holds_alternative<CommandLine>(result)) {
    ADD_FAILURE() << "no early exit";
    return {};
  }
  return std::get<EarlyExit>(result);
}

AlignCommand ParseAlign(const Arguments& arguments) {
  return std::get<AlignCommand>(Parse(arguments).command);
}

DetectCommand ParseDetect(const Arguments& arguments) {
  return std::get<DetectCommand>(Parse(arguments).command);
}

TEST(CommandLineTest, AlignHasDefaults) {
  const AlignCommand align = ParseAlign({"align", "a.txt", "b.txt"});
  EXPECT_THAT(align.files, ElementsAre("a.txt", "b.txt"));
  EXPECT_EQ(align.format, std::nullopt);
  EXPECT_EQ(align.input.format, InputFormat::kAuto);
  EXPECT_THAT(align.languages, IsEmpty());
  EXPECT_EQ(align.min_probability, 0);
  EXPECT_EQ(align.min_document_probability, std::nullopt);
  EXPECT_EQ(align.max_bead_size, std::nullopt);
  EXPECT_FALSE(align.no_merges);
}

TEST(CommandLineTest, AlignTakesAllItsFlags) {
  const AlignCommand align =
      ParseAlign({"align", "--lines", "a", "--format=beads", "--languages=en,,zh-Hant", "b",
                  "--min_probability=0.25", "--min_document_probability", "0.5",
                  "--max_bead_size=8", "--no_merges", "c"});
  EXPECT_THAT(align.files, ElementsAre("a", "b", "c"));
  EXPECT_EQ(align.format, OutputFormat::kBeads);
  EXPECT_EQ(align.input.format, InputFormat::kLines);
  EXPECT_THAT(align.languages, ElementsAre("en", "", "zh-Hant"));
  EXPECT_EQ(align.min_probability, 0.25);
  EXPECT_EQ(align.min_document_probability, 0.5);
  EXPECT_EQ(align.max_bead_size, 8);
  EXPECT_TRUE(align.no_merges);
}

TEST(CommandLineTest, DetectTakesTheOptionsOfADetection) {
  const DetectCommand defaults = ParseDetect({"detect"});
  EXPECT_FALSE(defaults.spans || defaults.group_macrolanguages || defaults.skip_normalization);
  EXPECT_EQ(defaults.model, "");
  const DetectCommand detect = ParseDetect({"detect", "--spans", "--hints=en,fr", "--model=lid218",
                                            "--group_macrolanguages", "--skip_normalization", "a"});
  EXPECT_TRUE(detect.spans && detect.group_macrolanguages && detect.skip_normalization);
  EXPECT_THAT(detect.hints, ElementsAre("en", "fr"));
  EXPECT_EQ(detect.model, "lid218");
}

TEST(CommandLineTest, DetectHasDefaultsAndFlags) {
  EXPECT_THAT(ParseDetect({"detect"}).files, ElementsAre("-"));
  EXPECT_EQ(ParseDetect({"detect"}).top, 1);
  const DetectCommand detect = ParseDetect(
      {"detect", "--lines", "--top=3", "--candidates=en,fr", "--format=jsonl", "a", "-", "b"});
  EXPECT_THAT(detect.files, ElementsAre("a", "-", "b"));
  EXPECT_EQ(detect.input.format, InputFormat::kLines);
  EXPECT_EQ(detect.top, 3);
  EXPECT_THAT(detect.candidates, ElementsAre("en", "fr"));
  EXPECT_EQ(detect.format, OutputFormat::kJsonl);
}

TEST(CommandLineTest, FilesMayBeNamedLikeCommandsAndFlags) {
  EXPECT_THAT(ParseAlign({"align", "models", "detect"}).files, ElementsAre("models", "detect"));
  EXPECT_THAT(ParseAlign({"align", "--", "--lines", "-x"}).files, ElementsAre("--lines", "-x"));
  EXPECT_THAT(ParseAlign({"align", "a,b", "a b\tc"}).files, ElementsAre("a,b", "a b\tc"));
}

TEST(CommandLineTest, GlobalFlagsStandBeforeAndAfterTheCommand) {
  for (const Arguments& arguments : {Arguments{"--server=localhost:1,[::1]:2", "--timeout=1.5",
                                               "--connect_timeout=200ms", "health"},
                                     Arguments{"health", "--server", "localhost:1,[::1]:2",
                                               "--timeout", "1500ms", "--connect_timeout=0.2"}}) {
    const ConnectionOptions connection = Parse(arguments).connection;
    EXPECT_THAT(connection.servers, ElementsAre("localhost:1", "[::1]:2"));
    EXPECT_EQ(connection.timeout, absl::Milliseconds(1500));
    EXPECT_EQ(connection.connect_timeout, absl::Milliseconds(200));
  }
}

TEST(CommandLineTest, TheServerComesFromFlagThenEnvironmentThenDefault) {
  EXPECT_THAT(Parse({"health"}).connection.servers, ElementsAre("127.0.0.1:50051"));
  EXPECT_THAT(Parse({"health"}, {{"HEXAPLA_SERVER", "127.0.0.1:1,[::1]:2"}}).connection.servers,
              ElementsAre("127.0.0.1:1", "[::1]:2"));
  EXPECT_THAT(Parse({"health", "--server=localhost:3"}, {{"HEXAPLA_SERVER", "127.0.0.1:1"}})
                  .connection.servers,
              ElementsAre("localhost:3"));
}

TEST(CommandLineTest, LocalTakesAModelDirectory) {
  const ConnectionOptions connection =
      Parse({"models", "--local", "--models=/opt/models"}, {{"HEXAPLA_SERVER", "ignored:1"}})
          .connection;
  EXPECT_TRUE(connection.local);
  EXPECT_EQ(connection.models, "/opt/models");
}

TEST(CommandLineTest, TheModelsOfLocalComeFromFlagThenEnvironment) {
  const Environment environment = {{"HEXAPLA_MODELS", "/environment"}};
  EXPECT_EQ(Parse({"models", "--local"}).connection.models, "");
  EXPECT_EQ(Parse({"models", "--local"}, environment).connection.models, "/environment");
  EXPECT_EQ(Parse({"models", "--local", "--models=/flag"}, environment).connection.models, "/flag");
  // A server's models are its own affair.
  EXPECT_EQ(Parse({"models"}, environment).connection.models, "");
}

TEST(CommandLineTest, AnEmptyEntryOfLanguagesIsDetected) {
  EXPECT_THAT(ParseAlign({"align", "a", "b", "--languages=en,"}).languages, ElementsAre("en", ""));
  EXPECT_THAT(ParseAlign({"align", "a", "b", "--languages=,fr"}).languages, ElementsAre("", "fr"));
  EXPECT_THAT(ParseExit({"align", "--help"}).standard_output,
              HasSubstr("an empty entry is detected"));
}

TEST(CommandLineTest, AnEmptyValueTakesNoWordAfterIt) {
  for (const Arguments& arguments :
       {Arguments{"--server=", "health"}, Arguments{"health", "--server="},
        Arguments{"--server", "", "health"}, Arguments{"align", "a", "--server=", "b"}}) {
    const EarlyExit exit = ParseExit(arguments);
    EXPECT_EQ(exit.exit_code, kExitUsage);
    EXPECT_THAT(exit.standard_error, HasSubstr("--server: the value is empty"));
  }
  EXPECT_THAT(ParseExit({"align", "--format=", "a", "b"}).standard_error,
              HasSubstr("--format: the value is empty"));
  EXPECT_THAT(ParseAlign({"align", "--", "--server=", "b="}).files, ElementsAre("--server=", "b="));
}

TEST(CommandLineTest, HelpAndVersionSucceed) {
  EXPECT_THAT(ParseExit({"--help"}).standard_output, HasSubstr("Examples:"));
  EXPECT_THAT(ParseExit({"--version"}).standard_output, HasSubstr("hexapla "));
  for (const char* command : {"align", "detect", "models", "health"}) {
    const EarlyExit exit = ParseExit({command, "--help"});
    EXPECT_EQ(exit.exit_code, kExitDone);
    EXPECT_EQ(exit.standard_error, "");
    EXPECT_THAT(exit.standard_output, HasSubstr("Example")) << command;
    EXPECT_THAT(exit.standard_output, HasSubstr(std::string("hexapla ") + command));
  }
}

TEST(CommandLineTest, WrongUsageIsOneLineThatNamesTheFault) {
  struct Case {
    Arguments arguments;
    const char* message;
  };
  const Case cases[] = {
      {.arguments = {}, .message = "hexapla: no command given"},
      {.arguments = {"frobnicate", "x"}, .message = "hexapla: unknown command frobnicate"},
      {.arguments = {"--frobnicate", "health"}, .message = "--frobnicate"},
      {.arguments = {"align", "a", "b", "--frobnicate"}, .message = "--frobnicate"},
      {.arguments = {"align"}, .message = "0 given; expected 2 to 16"},
      {.arguments = {"align", "a"}, .message = "1 given; expected 2 to 16"},
      {.arguments = {"align", "a", "b", "--format=pdf"}, .message = "--format: unknown value"},
      {.arguments = {"align", "a", "b", "c", "--format=xliff"},
       .message = "--format=xliff: 3 files given; XLIFF holds two versions"},
      {.arguments = {"detect", "--format=html"}, .message = "--format: unknown value"},
      {.arguments = {"align", "a", "b", "--encoding=klingon"},
       .message = "--encoding: unknown value \"klingon\"; expected auto or a name"},
      {.arguments = {"match", "a", "b", "--encoding="},
       .message = "--encoding: the value is empty"},
      {.arguments = {"align", "a", "b", "--input_format=docx"}, .message = "--input_format"},
      {.arguments = {"align", "a", "b", "--lines", "--input_format=text"}, .message = "--lines"},
      {.arguments = {"align", "a", "b", "--languages=en"}, .message = "1 given for 2 files"},
      {.arguments = {"align", "a", "b", "--languages=en,fr,de"}, .message = "3 given for 2 files"},
      {.arguments = {"align", "a", "b", "--min_probability=1.5"}, .message = "--min_probability"},
      {.arguments = {"align", "a", "b", "--min_probability=nan"}, .message = "--min_probability"},
      {.arguments = {"align", "a", "b", "--min_probability=high"}, .message = "--min_probability"},
      {.arguments = {"align", "a", "b", "--min_document_probability=-1"},
       .message = "--min_document_probability"},
      {.arguments = {"align", "a", "b", "--max_bead_size=0"}, .message = "--max_bead_size"},
      {.arguments = {"align", "a", "b", "--max_bead_size=9"}, .message = "--max_bead_size"},
      {.arguments = {"align", "-", "-"}, .message = "standard input"},
      {.arguments = {"detect", "--format=beads"}, .message = "--format: unknown value"},
      {.arguments = {"detect", "--top=0"}, .message = "--top"},
      {.arguments = {"detect", "--top=17"}, .message = "--top"},
      {.arguments = {"detect", "--candidates=en,,fr"}, .message = "--candidates"},
      {.arguments = {"detect", "--hints=en,"}, .message = "--hints"},
      {.arguments = {"detect", "--model="}, .message = "--model: the value is empty"},
      {.arguments = {"match"}, .message = "FILE: none given, nor --files_from"},
      {.arguments = {"match", "-", "-"}, .message = "standard input"},
      {.arguments = {"match", "-", "--files_from=-"}, .message = "standard input"},
      {.arguments = {"match", "a", "--format=table"}, .message = "--format: unknown value"},
      {.arguments = {"match", "a", "--min_probability=2"}, .message = "--min_probability"},
      {.arguments = {"match", "a", "--lines", "--input_format=text"}, .message = "--lines"},
      {.arguments = {"match", "a", "--retry_for=soon"}, .message = "--retry_for"},
      {.arguments = {"score", "--languages=en"}, .message = "1 given for two columns"},
      {.arguments = {"score", "a", "b"}, .message = "2 given; expected at most one"},
      {.arguments = {"corpus", "in"}, .message = "1 given; expected IN.jsonl OUT.jsonl"},
      {.arguments = {"corpus", "in", "out", "more"}, .message = "3 given"},
      {.arguments = {"corpus", "in", "out", "--workers=0"}, .message = "--workers"},
      {.arguments = {"corpus", "in", "out", "--workers=1025"}, .message = "--workers"},
      {.arguments = {"corpus", "in", "out", "--retry_for=soon"}, .message = "--retry_for"},
      {.arguments = {"corpus", "in", "out", "--progress=loud"}, .message = "--progress"},
      {.arguments = {"corpus", "in", "out", "--shard=4"}, .message = "--shard: 4: expected I/N"},
      {.arguments = {"corpus", "in", "out", "--shard=4/4"}, .message = "--shard"},
      {.arguments = {"corpus", "in", "out", "--shard=-1/4"}, .message = "--shard"},
      {.arguments = {"corpus", "in", "out", "--shard=1/2/3"}, .message = "--shard"},
      {.arguments = {"corpus", "in", "out", "--shard=0/0"}, .message = "--shard"},
      {.arguments = {"corpus", "in", "out", "--shard=0/1000001"}, .message = "--shard"},
      {.arguments = {"corpus", "in", "out", "--min_probability=2"}, .message = "--min_probability"},
      {.arguments = {"corpus", "in", "out", "--format=html"},
       .message = "--format: unknown value \"html\"; expected jsonl, tmx, xliff"},
      {.arguments = {"corpus", "in", "out", "--format=xliff"},
       .message = "needs the two languages of the file"},
      {.arguments = {"corpus", "in", "out", "--format=xliff", "--languages=en,"},
       .message = "needs the two languages of the file"},
      {.arguments = {"corpus", "in", "out", "--max_bead_size=9"}, .message = "--max_bead_size"},
      {.arguments = {"corpus", "in", "out", "--languages=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"},
       .message = "--languages"},
      {.arguments = {"health", "extra"}, .message = "extra"},
      {.arguments = {"health", "--server=a:1,,b:2"}, .message = "--server"},
      {.arguments = {"health", "--server=a:port"}, .message = "--server"},
      {.arguments = {"health", "--server=unix:/a,unix:/b"}, .message = "--server"},
      {.arguments = {"health", "--timeout=soon"}, .message = "--timeout"},
      {.arguments = {"health", "--timeout=0"}, .message = "--timeout"},
      {.arguments = {"health", "--connect_timeout=-1s"}, .message = "--connect_timeout"},
      {.arguments = {"health", "--local", "--server=a:1"}, .message = "--local"},
      {.arguments = {"health", "--models=/m"}, .message = "--models"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.message);
    const EarlyExit exit = ParseExit(test.arguments);
    EXPECT_EQ(exit.exit_code, kExitUsage);
    EXPECT_EQ(exit.standard_output, "");
    EXPECT_THAT(exit.standard_error, HasSubstr(test.message));
    EXPECT_EQ(std::count(exit.standard_error.begin(), exit.standard_error.end(), '\n'), 1);
  }
}

TEST(CommandLineTest, TheNumberOfFilesIsBounded) {
  Arguments arguments = {"align"};
  for (int file = 0; file < 16; ++file) arguments.push_back("f" + std::to_string(file));
  EXPECT_EQ(ParseAlign(arguments).files.size(), 16U);
  arguments.push_back("f16");
  EXPECT_EQ(ParseExit(arguments).exit_code, kExitUsage);
}

TEST(CommandLineTest, CorpusTakesItsFilesAndFlags) {
  const CommandLine parsed = std::get<CommandLine>(ParseCommandLine(
      {"corpus", "-", "out", "--languages=en,,fr", "--workers=3", "--retry_for=0",
       "--progress=lines", "--no_merges", "--max_bead_size=2", "--min_probability=0.5",
       "--shard=3/16", "--allow_failed_sets", "--format=tmx", "--pages=review"},
      {}));
  const auto& corpus = std::get<CorpusCommand>(parsed.command);
  EXPECT_EQ(corpus.input, "-");
  EXPECT_EQ(corpus.output, "out");
  EXPECT_THAT(corpus.languages, testing::ElementsAre("en", "", "fr"));
  EXPECT_EQ(corpus.workers, 3);
  EXPECT_EQ(corpus.retry_for, absl::ZeroDuration());
  EXPECT_EQ(corpus.progress, ProgressStyle::kLines);
  EXPECT_TRUE(corpus.no_merges);
  EXPECT_EQ(corpus.max_bead_size, 2);
  EXPECT_EQ(corpus.min_probability, 0.5);
  EXPECT_EQ(corpus.shard, 3);
  EXPECT_EQ(corpus.shards, 16);
  EXPECT_TRUE(corpus.allow_failed_sets);
  EXPECT_EQ(corpus.format, OutputFormat::kTmx);
  EXPECT_EQ(corpus.pages, "review");
}

TEST(CommandLineTest, MatchTakesItsFlags) {
  const CommandLine parsed = std::get<CommandLine>(ParseCommandLine(
      {"match", "a", "-", "--files_from=names", "--format=jsonl", "--lines", "--languages=en,,fr",
       "--min_probability=0.75", "--allow_same_language", "--retry_for=90s"},
      {}));
  const auto& match = std::get<MatchCommand>(parsed.command);
  EXPECT_THAT(match.files, testing::ElementsAre("a", "-"));
  EXPECT_EQ(match.files_from, "names");
  EXPECT_EQ(match.format, OutputFormat::kJsonl);
  EXPECT_EQ(match.input.format, InputFormat::kLines);
  EXPECT_THAT(match.languages, testing::ElementsAre("en", "", "fr"));
  EXPECT_EQ(match.min_probability, 0.75);
  EXPECT_TRUE(match.allow_same_language);
  EXPECT_EQ(match.retry_for, absl::Seconds(90));
}

TEST(CommandLineTest, AMalformedEnvironmentIsAUsageErrorToo) {
  EXPECT_EQ(ParseExit({"health"}, {{"HEXAPLA_SERVER", "a:b:c:"}}).exit_code, kExitUsage);
}

TEST(CommandLineTest, ScoreReadsStandardInputUnlessAFileIsNamed) {
  const auto parse = [](const Arguments& arguments) {
    return std::get<ScoreCommand>(std::get<CommandLine>(ParseCommandLine(arguments, {})).command);
  };
  EXPECT_EQ(parse({"score"}).file, "-");
  EXPECT_EQ(parse({"score", "pairs.tsv"}).file, "pairs.tsv");
  EXPECT_THAT(parse({"score", "--languages=en,"}).languages, testing::ElementsAre("en", ""));
}

}  // namespace
}  // namespace hexapla
