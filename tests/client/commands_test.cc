// SPDX-License-Identifier: Apache-2.0
#include "client/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/client/fake_service.h"
#include "tests/client/temporary_file.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Outcome {
  ExitCode exit_code;
  std::string output;
  std::string errors;
};

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    // One bead with everything: what most tests need.
    fake_.align = [this](const v1::AlignDocumentsRequest& request, auto& response) {
      align_request_ = request;
      response = reply_.Response();
      return grpc::Status::OK;
    };
    fake_.detect = [this](const v1::DetectLanguagesRequest& request, auto& response) {
      batch_sizes_.push_back(request.texts_size());
      detect_request_ = request;
      for (const std::string& text : request.texts()) {
        response.add_results()->mutable_detection()->set_language(text.empty() ? "und" : "en");
      }
      return grpc::Status::OK;
    };
  }

  Outcome Run(const CommandLine& command_line) {
    std::istringstream input(standard_input_);
    std::ostringstream output;
    std::ostringstream errors;
    const Connector connect = [this](const std::vector<std::string>& servers)
        -> absl::StatusOr<std::unique_ptr<AlignmentClient>> {
      connected_.push_back(servers);
      if (servers[0] == "dead:1") return absl::UnavailableError("no connection to dead:1");
      return fake_.InProcessClient();
    };
    const ExitCode exit_code =
        RunCommand(command_line, connect,
                   {.input = input, .output = output, .errors = errors, .terminal = terminal_});
    return {.exit_code = exit_code, .output = output.str(), .errors = errors.str()};
  }
  template <typename Command>
  Outcome RunOn(const std::vector<std::string>& servers, Command command) {
    return Run({.connection = {.servers = servers}, .command = std::move(command)});
  }
  Outcome RunAlign(AlignCommand command) { return RunOn({"live:1"}, std::move(command)); }
  Outcome RunDetect(DetectCommand command) { return RunOn({"live:1"}, std::move(command)); }

  FakeService fake_;
  Terminal terminal_;
  std::string standard_input_;
  AlignmentReply reply_ = AlignmentReply({"en", "fr"}).Bead(0.97F, {{0}, {0, 1}}).Pair(0, 1, 0.9F);
  // What the service saw.
  v1::AlignDocumentsRequest align_request_;
  v1::DetectLanguagesRequest detect_request_;
  std::vector<int> batch_sizes_;
  std::vector<std::vector<std::string>> connected_;
};

const TemporaryFile& English() {
  static const TemporaryFile file("\xEF\xBB\xBFOne.\r\n\r\nTwo.");
  return file;
}
const TemporaryFile& French() {
  static const TemporaryFile file("Un.\nDeux.\n");
  return file;
}

AlignCommand AlignBoth(OutputFormat format = OutputFormat::kBeads) {
  return {.files = {English().name(), French().name()}, .format = format};
}

TEST_F(CommandsTest, AlignSendsTextAsItIs) {
  const Outcome outcome = RunAlign(AlignBoth());
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_EQ(outcome.output, "[0]:[0, 1]:0.97\n");
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(align_request_.versions(0).text(), "One.\r\n\r\nTwo.");
  EXPECT_EQ(align_request_.versions(0).sentences_size(), 0);
  EXPECT_EQ(align_request_.versions(1).text(), "Un.\nDeux.\n");
  EXPECT_FALSE(align_request_.options().return_text());
}

TEST_F(CommandsTest, AlignSendsLinesAsSentences) {
  AlignCommand command = AlignBoth(OutputFormat::kTsv);
  command.input.format = InputFormat::kLines;
  EXPECT_EQ(RunAlign(command).exit_code, kExitDone);
  EXPECT_EQ(align_request_.versions(0).text(), "");
  EXPECT_THAT(align_request_.versions(0).sentences(), ElementsAre("One.", "", "Two."));
  EXPECT_THAT(align_request_.versions(1).sentences(), ElementsAre("Un.", "Deux."));
  EXPECT_TRUE(align_request_.options().return_text());
}

TEST_F(CommandsTest, AlignSendsItsOptions) {
  AlignCommand command = AlignBoth();
  command.languages = {"en", ""};
  command.min_probability = 0.25;
  command.max_bead_size = 3;
  command.no_merges = true;
  EXPECT_EQ(RunAlign(command).exit_code, kExitDone);
  EXPECT_EQ(align_request_.versions(0).language(), "en");
  EXPECT_EQ(align_request_.versions(1).language(), "");
  EXPECT_EQ(align_request_.options().min_probability(), 0.25F);
  EXPECT_EQ(align_request_.options().max_bead_size(), 3);
  EXPECT_TRUE(align_request_.options().no_merges());
}

TEST_F(CommandsTest, TheFormatFollowsTheTerminal) {
  AlignCommand command = AlignBoth();
  command.format = std::nullopt;
  EXPECT_THAT(RunAlign(command).output, HasSubstr("#bead\t"));
  terminal_.interactive = true;
  EXPECT_THAT(RunAlign(command).output, HasSubstr(" │ "));
}

TEST_F(CommandsTest, AlignWarnsOfUnrelatedVersions) {
  reply_.Pair(0, 1, 0.03F).Warning(v1::Warning::REASON_VERSIONS_UNRELATED, {0, 1}, "not twice");
  const Outcome outcome = RunAlign(AlignBoth());
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_EQ(outcome.errors, "warning: " + English().name() + " and " + French().name() +
                                " look unrelated (0.03)\n");
}

TEST_F(CommandsTest, AlignPassesOnOtherWarnings) {
  reply_.Warning(v1::Warning::REASON_LANGUAGE_NOT_COVERED, {1}, "no\nvectors for \"tlh\"")
      .Warning(v1::Warning::REASON_LANGUAGE_UNCERTAIN, {0}, "versions[0]: uncertain");
  const Outcome outcome = RunAlign(AlignBoth());
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_EQ(outcome.errors, "warning: " + French().name() + ": no vectors for \"tlh\"\n" +
                                "warning: " + English().name() + ": uncertain\n");
}

TEST_F(CommandsTest, AlignFailsUnderTheDocumentProbability) {
  AlignCommand command = AlignBoth();
  command.min_document_probability = 0.95;
  const Outcome outcome = RunAlign(command);
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(outcome.errors, HasSubstr("0.90 is under --min_document_probability=0.95"));
  command.min_document_probability = 0.5;
  EXPECT_EQ(RunAlign(command).exit_code, kExitDone);
}

TEST_F(CommandsTest, AWrongFileIsFoundWithoutAServer) {
  const TemporaryFile latin1("caf\xE9");
  for (const std::string& file : {latin1.name(), std::string("/nonexistent")}) {
    const Outcome outcome = RunOn({"dead:1"}, AlignCommand{.files = {English().name(), file}});
    EXPECT_EQ(outcome.exit_code, kExitFailed);
    EXPECT_THAT(outcome.errors, HasSubstr("hexapla: " + file + ": "));
  }
  EXPECT_TRUE(connected_.empty());
}

TEST_F(CommandsTest, AnUnreachableServerHasACodeOfItsOwn) {
  EXPECT_EQ(RunOn({"dead:1"}, AlignBoth()).exit_code, kExitUnreachable);
  EXPECT_EQ(RunOn({"dead:1"}, DetectCommand{.files = {French().name()}}).exit_code,
            kExitUnreachable);
  EXPECT_EQ(RunOn({"dead:1"}, DetectCommand{.files = {French().name()}}).output, "");
  EXPECT_EQ(RunOn({"dead:1"}, ModelsCommand{}).exit_code, kExitUnreachable);
  EXPECT_EQ(RunOn({"dead:1"}, HealthCommand{}).exit_code, kExitUnreachable);
}

TEST_F(CommandsTest, AnErrorOfACallNamesTheFile) {
  fake_.align = [](const auto&, auto&) {
    return ToGrpc(ErrorWithDetails(grpc::StatusCode::INVALID_ARGUMENT, "versions[1].text is blank",
                                   "TEXT_BLANK", "versions[1].text"));
  };
  const Outcome outcome = RunAlign(AlignBoth());
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_EQ(outcome.errors, "hexapla: " + French().name() + " is blank [TEXT_BLANK]\n");
}

TEST_F(CommandsTest, AnErrorOfACallNamesTheFlag) {
  const auto fail = [](const std::string& field) {
    return ToGrpc(ErrorWithDetails(grpc::StatusCode::INVALID_ARGUMENT, field + " is malformed",
                                   "LANGUAGE_MALFORMED", field));
  };
  fake_.align = [&](const auto&, auto&) { return fail("versions[1].language"); };
  fake_.detect = [&](const auto&, auto&) { return fail("options.candidates[1]"); };
  AlignCommand align = AlignBoth();
  align.languages = {"en", "x_y"};
  EXPECT_EQ(RunAlign(align).errors, "hexapla: --languages: \"x_y\" for " + French().name() +
                                        " is malformed [LANGUAGE_MALFORMED]\n");
  const Outcome detect = RunDetect({.files = {French().name()}, .candidates = {"en", "x1"}});
  EXPECT_EQ(detect.exit_code, kExitFailed);
  EXPECT_EQ(detect.errors, "hexapla: --candidates: \"x1\" is malformed [LANGUAGE_MALFORMED]\n");
}

TEST_F(CommandsTest, AFileWithoutTextIsFoundWithoutAServer) {
  const TemporaryFile empty("\xEF\xBB\xBF");
  const TemporaryFile blank(" \r\n\t\xE2\x80\xA9\n");
  for (const InputFormat format : {InputFormat::kAuto, InputFormat::kLines}) {
    const auto run = [&](const TemporaryFile& file) {
      return RunOn({"dead:1"}, AlignCommand{.files = {English().name(), file.name()},
                                            .input = {.format = format}});
    };
    EXPECT_EQ(run(empty).exit_code, kExitFailed);
    EXPECT_EQ(run(empty).errors, "hexapla: " + empty.name() + " is empty\n");
    EXPECT_EQ(run(blank).exit_code, kExitFailed);
    EXPECT_EQ(run(blank).errors, "hexapla: " + blank.name() + " holds nothing but white space\n");
  }
  EXPECT_TRUE(connected_.empty());
  EXPECT_EQ(RunDetect({.files = {empty.name()}}).exit_code, kExitDone);
}

TEST_F(CommandsTest, AServerThatStaysUnavailableIsUnreachable) {
  fake_.align = [](const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
  };
  EXPECT_EQ(RunAlign(AlignBoth()).exit_code, kExitUnreachable);
}

TEST_F(CommandsTest, AReplyThatDoesNotFitIsRefused) {
  reply_.Bead(1, {{0}, {0}, {0}});
  EXPECT_EQ(RunAlign(AlignBoth()).exit_code, kExitFailed);
  reply_ = AlignmentReply({"en", "fr"}).Pair(0, 7, 0.1F);
  EXPECT_EQ(RunAlign(AlignBoth()).exit_code, kExitFailed);
  reply_ = AlignmentReply({"en"});
  EXPECT_EQ(RunAlign(AlignBoth()).exit_code, kExitFailed);
}

TEST_F(CommandsTest, DetectNamesTheLanguageOfFilesAndStandardInput) {
  standard_input_ = "from a pipe";
  const Outcome outcome = RunDetect({.files = {"-", French().name()}});
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_THAT(outcome.output, HasSubstr("\n-\t\ten\t"));
  EXPECT_THAT(outcome.output, HasSubstr("\n" + French().name() + "\t\ten\t"));
  EXPECT_THAT(detect_request_.texts(), ElementsAre("from a pipe", "Un.\nDeux.\n"));
}

TEST_F(CommandsTest, DetectHasARowForEveryLineBlankOnesToo) {
  const Outcome outcome = RunDetect({.files = {English().name()},
                                     .input = {.format = InputFormat::kLines},
                                     .top = 2,
                                     .candidates = {"en", "fr"}});
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_THAT(detect_request_.texts(), ElementsAre("One.", "", "Two."));
  EXPECT_EQ(detect_request_.options().top_k(), 2);
  EXPECT_THAT(detect_request_.options().candidates(), ElementsAre("en", "fr"));
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 4);
  EXPECT_THAT(outcome.output, HasSubstr(English().name() + "\t2\tund\t"));
}

TEST_F(CommandsTest, DetectSendsManyLinesInBatches) {
  std::string lines;
  for (int line = 0; line < 2500; ++line) lines += "line\n";
  const TemporaryFile file(lines);
  const Outcome outcome = RunDetect(
      {.files = {file.name(), French().name()}, .input = {.format = InputFormat::kLines}});
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_THAT(batch_sizes_, ElementsAre(1024, 1024, 454));
  EXPECT_EQ(connected_.size(), 1U);
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 2503);
  EXPECT_THAT(outcome.output, HasSubstr(file.name() + "\t2500\ten"));
  EXPECT_THAT(outcome.output, HasSubstr(French().name() + "\t2\ten"));
}

TEST_F(CommandsTest, DetectAsksAboutTheBeginningOfALargeFile) {
  const TemporaryFile file(std::string(3 << 20, 'x'));
  EXPECT_EQ(RunDetect({.files = {file.name()}}).exit_code, kExitDone);
  EXPECT_EQ(detect_request_.texts(0).size(), size_t{256} << 10);
}

TEST_F(CommandsTest, DetectGoesOnAfterAWrongFile) {
  const Outcome outcome = RunDetect({.files = {"/nonexistent", French().name()}});
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_THAT(outcome.errors, HasSubstr("/nonexistent: cannot be read"));
  EXPECT_THAT(outcome.output, HasSubstr(French().name() + "\t\ten"));
}

TEST_F(CommandsTest, DetectReportsATextThatFails) {
  fake_.detect = [](const auto&, auto& response) {
    *response.add_results()->mutable_error() = ErrorWithDetails(
        grpc::StatusCode::RESOURCE_EXHAUSTED, "texts[0] has too much", "TEXT_TOO_LONG", "");
    response.add_results()->mutable_detection()->set_language("fr");
    return grpc::Status::OK;
  };
  const Outcome outcome =
      RunDetect({.files = {French().name()}, .input = {.format = InputFormat::kLines}});
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_EQ(outcome.errors, "hexapla: " + French().name() + ":1 has too much [TEXT_TOO_LONG]\n");
  EXPECT_THAT(outcome.output, HasSubstr("\t1\tund"));
  EXPECT_THAT(outcome.output, HasSubstr("\t2\tfr"));
}

TEST_F(CommandsTest, DetectNamesTheFileOfAFailureThatDoesNot) {
  fake_.detect = [](const auto&, auto& response) {
    *response.add_results()->mutable_error() =
        ErrorWithDetails(grpc::StatusCode::INTERNAL, "no luck", "ODD", "");
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunDetect({.files = {French().name()}}).errors,
            "hexapla: " + French().name() + ": no luck [ODD]\n");
}

TEST_F(CommandsTest, DetectSaysOnceWhichCandidatesAreNotKnown) {
  fake_.detect = [](const auto& request, auto& response) {
    for (int text = 0; text < request.texts_size(); ++text) response.add_results();
    v1::Warning& warning = *response.add_warnings();
    warning.set_reason(v1::Warning::REASON_CANDIDATE_NOT_COVERED);
    for (const int index : {1, 2, 7, -1}) warning.add_indices(index);
    warning.set_message("2 of the candidates are not known to lid");
    response.add_warnings()->set_message("odd");
    return grpc::Status::OK;
  };
  std::string lines;
  for (int line = 0; line < 1100; ++line) lines += "line\n";
  const TemporaryFile file(lines);
  EXPECT_EQ(RunDetect({.files = {file.name()},
                       .input = {.format = InputFormat::kLines},
                       .candidates = {"en", "tlh", "xx"}})
                .errors,
            "warning: --candidates tlh, xx: 2 of the candidates are not known to lid\n"
            "warning: odd\n");
}

TEST_F(CommandsTest, ModelsListsThem) {
  fake_.models.add_models()->set_name("space");
  const Outcome outcome = RunOn({"live:1"}, ModelsCommand{.format = OutputFormat::kTable});
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_THAT(outcome.output, HasSubstr("space\n"));
}

TEST_F(CommandsTest, HealthAsksEveryServer) {
  const Outcome outcome = RunOn({"live:1", "live:2"}, HealthCommand{});
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_EQ(outcome.output, "live:1 SERVING\nlive:2 SERVING\n");
  EXPECT_EQ(RunOn({"live:1", "dead:1"}, HealthCommand{}).exit_code, kExitUnreachable);
}

TEST_F(CommandsTest, HealthFailsUnlessServing) {
  fake_.health = grpc::health::v1::HealthCheckResponse::NOT_SERVING;
  const Outcome outcome = RunOn({"live:1"}, HealthCommand{});
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_EQ(outcome.output, "live:1 NOT_SERVING\n");
}

TEST_F(CommandsTest, LocalNeedsNoAddress) {
  const Outcome outcome = Run({.connection = {.local = true}, .command = HealthCommand{}});
  EXPECT_EQ(outcome.output, "local SERVING\n");
}

TEST_F(CommandsTest, AnOutputThatCannotBeWrittenIsAFailure) {
  std::istringstream input;
  std::ostringstream output;
  std::ostringstream errors;
  output.setstate(std::ios::badbit);
  const CommandLine command_line = {.connection = {.servers = {"live:1"}},
                                    .command = HealthCommand{}};
  EXPECT_EQ(RunCommand(command_line, [this](const auto&) { return fake_.InProcessClient(); },
                       {.input = input, .output = output, .errors = errors, .terminal = {}}),
            kExitFailed);
  EXPECT_EQ(errors.str(), "hexapla: the output cannot be written\n");
}

}  // namespace
}  // namespace hexapla
