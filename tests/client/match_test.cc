// SPDX-License-Identifier: Apache-2.0
#include "client/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/client/fake_service.h"
#include "tests/client/temporary_file.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Response = v1::MatchDocumentsResponse;

Response Group(const std::vector<std::string>& ids, float probability) {
  Response response;
  response.mutable_group()->set_probability(probability);
  for (const std::string& id : ids) {
    v1::GroupMember& member = *response.mutable_group()->add_members();
    member.set_id(id);
    member.set_language("en");
    member.set_probability(probability);
  }
  return response;
}

Response Summary() {
  Response response;
  response.mutable_summary();
  return response;
}

// Runs the command against a server that answers with `replies_` when it has
// read the heap.
class MatchTest : public ::testing::Test {
 protected:
  MatchTest() {
    service_.match = [this](FakeService::MatchStream& stream) {
      v1::MatchDocumentsRequest request;
      while (stream.Read(&request)) requests_.push_back(request);
      // A caller that hangs up may have changed them before this is done.
      const std::vector<Response> replies = replies_;
      for (const Response& reply : replies) stream.Write(reply);
      return status_;
    };
  }

  // A file of this content, given to the command.
  std::string Add(const std::string& content) {
    files_.push_back(std::make_unique<TemporaryFile>(content));
    command_.files.push_back(files_.back()->name());
    return files_.back()->name();
  }

  ExitCode Run(const std::string& standard_input = "") {
    std::istringstream input(standard_input);
    std::ostringstream output;
    std::ostringstream errors;
    const ExitCode code =
        RunMatch(command_, {"fake"}, absl::Seconds(10),
                 [this](const std::vector<std::string>&) { return service_.InProcessClient(); },
                 {.input = input, .output = output, .errors = errors, .terminal = {}});
    output_ = output.str();
    errors_ = errors.str();
    return code;
  }

  FakeService service_;
  MatchCommand command_;
  std::vector<std::unique_ptr<TemporaryFile>> files_;
  std::vector<v1::MatchDocumentsRequest> requests_;
  std::vector<Response> replies_;
  grpc::Status status_;
  std::string output_;
  std::string errors_;
};

TEST_F(MatchTest, GroupsAreLinesOfNamesAsGiven) {
  const std::string a = Add("One.");
  const std::string b = Add("Un.");
  const std::string c = Add("Two.");
  replies_ = {Group({"0", "2"}, 0.9F), Group({"1"}, 1), Summary()};
  EXPECT_EQ(Run(), kExitDone);
  EXPECT_EQ(output_, a + "\t" + c + "\n" + b + "\n");
  EXPECT_EQ(errors_, "");
  ASSERT_THAT(requests_, SizeIs(4));
  EXPECT_TRUE(requests_[0].has_options());
  EXPECT_EQ(requests_[1].document().id(), "0");
  EXPECT_EQ(requests_[3].document().content().text(), "Two.");
}

TEST_F(MatchTest, JsonLinesTellProbabilitiesAndTheSummary) {
  const std::string a = Add("One.");
  command_.format = OutputFormat::kJsonl;
  replies_ = {Group({"0"}, 0.5F), Summary()};
  EXPECT_EQ(Run(), kExitDone);
  EXPECT_THAT(output_, HasSubstr("{\"members\":[{\"id\":\"" + a + "\",\"language\":\"en\""));
  EXPECT_THAT(output_, HasSubstr("\"probability\":0.5}\n{\"summary\":{\"document_count\":0"));
}

TEST_F(MatchTest, OptionsAndLanguagesReachTheServer) {
  Add("One.");
  Add("Un.");
  command_.languages = {"en", ""};
  command_.min_probability = 0.75;
  command_.allow_same_language = true;
  replies_ = {Summary()};
  EXPECT_EQ(Run(), kExitDone);
  EXPECT_FLOAT_EQ(requests_[0].options().min_probability(), 0.75F);
  EXPECT_TRUE(requests_[0].options().allow_same_language());
  EXPECT_EQ(requests_[1].document().content().language(), "en");
  EXPECT_EQ(requests_[2].document().content().language(), "");
}

TEST_F(MatchTest, FilesThatCannotBeReadLeaveTheOthersAlone) {
  const std::string a = Add("One.");
  command_.files.push_back("/no/such/file");
  const std::string empty = Add("");
  const std::string blank = Add(" \n");
  const std::string bytes = Add("\xFF");
  const std::string b = Add("Un.");
  replies_ = {Group({"0", "5"}, 0.9F), Summary()};
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_EQ(output_, a + "\t" + b + "\n");
  EXPECT_THAT(errors_, HasSubstr("hexapla: /no/such/file: cannot be read"));
  EXPECT_THAT(errors_, HasSubstr(empty + " is empty\n"));
  EXPECT_THAT(errors_, HasSubstr(blank + " holds nothing but white space\n"));
  EXPECT_THAT(errors_, HasSubstr(bytes + ": invalid UTF-8 at byte offset 0; "));
  EXPECT_THAT(requests_, SizeIs(3));
}

TEST_F(MatchTest, DocumentsThatFailAreNamed) {
  Add("One.");
  const std::string b = Add("Un.");
  Response error;
  error.mutable_error()->set_id("1");
  *error.mutable_error()->mutable_status() = ErrorWithDetails(
      grpc::StatusCode::RESOURCE_EXHAUSTED, "document.content.text has 5 bytes; the limit is 4",
      "TEXT_TOO_LONG", "document.content.text");
  replies_ = {error, Group({"0"}, 1), Summary()};
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_EQ(errors_, "hexapla: " + b + " has 5 bytes; the limit is 4 [TEXT_TOO_LONG]\n");
  command_.format = OutputFormat::kJsonl;
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_THAT(output_, HasSubstr("{\"id\":\"" + b +
                                 "\",\"error\":{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":\""));
}

TEST_F(MatchTest, NearDuplicatesAndWarningsAreTold) {
  const std::string a = Add("One.");
  Add("");
  const std::string b = Add("One!");
  Response group = Group({"2"}, 1);
  group.mutable_group()->mutable_members(0)->set_near_duplicate_of("0");
  Response summary = Summary();
  v1::Warning& warning = *summary.mutable_summary()->add_warnings();
  warning.add_indices(1);  // of the documents sent
  warning.set_message("the language is uncertain");
  replies_ = {Group({"0"}, 1), group, summary};
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_THAT(errors_, HasSubstr("note: " + b + " nearly repeats " + a + "\n"));
  EXPECT_THAT(errors_, HasSubstr("warning: " + b + ": the language is uncertain\n"));
}

TEST_F(MatchTest, AWarningAboutManyNamesAFew) {
  Response summary = Summary();
  for (int i = 0; i < 5; ++i) {
    Add("One.");
    if (i == 0) summary.mutable_summary()->add_warnings()->set_message("careful");
    summary.mutable_summary()->mutable_warnings(0)->add_indices(i);
  }
  replies_ = {summary};
  EXPECT_EQ(Run(), kExitDone);
  EXPECT_THAT(errors_, HasSubstr(command_.files[2] + " and 2 more: careful\n"));
}

TEST_F(MatchTest, NamesMayComeFromAFileOrStandardInput) {
  const std::string a = Add("One.");
  const std::string b = Add("Un.");
  command_.files.pop_back();
  command_.files_from = "-";
  replies_ = {Group({"0", "1"}, 0.9F), Summary()};
  EXPECT_EQ(Run("\n" + b + "\r\n"), kExitDone);
  EXPECT_EQ(output_, a + "\t" + b + "\n");
  const TemporaryFile names(b);
  command_.files_from = names.name();
  EXPECT_EQ(Run(), kExitDone);
  command_.files_from = "/no/such/list";
  EXPECT_EQ(Run(), kExitFailed);
}

TEST_F(MatchTest, StandardInputIsADocument) {
  command_.files = {"-"};
  replies_ = {Group({"0"}, 1), Summary()};
  EXPECT_EQ(Run("One."), kExitDone);
  EXPECT_EQ(output_, "-\n");
  EXPECT_EQ(requests_[1].document().content().text(), "One.");
}

TEST_F(MatchTest, LargeFilesGoInPartsCutBetweenCharacters) {
  std::string text;
  while (text.size() < (3 << 20)) text += "\xE2\x82\xAC";
  Add(text);
  replies_ = {Group({"0"}, 1), Summary()};
  EXPECT_EQ(Run(), kExitDone);
  std::string joined;
  for (size_t i = 1; i < requests_.size(); ++i) {
    EXPECT_EQ(requests_[i].document().id(), "0");
    EXPECT_EQ(requests_[i].document().content().text().size() % 3, 0u);
    joined += requests_[i].document().content().text();
  }
  EXPECT_GE(requests_.size(), 4u);
  EXPECT_TRUE(joined == text);
}

TEST_F(MatchTest, LinesAreSentences) {
  Add("One.\n\nTwo.");
  command_.input.format = InputFormat::kLines;
  replies_ = {Group({"0"}, 1), Summary()};
  EXPECT_EQ(Run(), kExitDone);
  EXPECT_THAT(requests_[1].document().content().sentences(), ElementsAre("One.", "", "Two."));
}

TEST_F(MatchTest, LanguagesMustFitTheFiles) {
  Add("One.");
  command_.languages = {"en", "fr"};
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(errors_, HasSubstr("--languages: 2 given for 1 files"));
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(MatchTest, AnErrorOfTheCallFailsTheCommand) {
  Add("One.");
  command_.retry_for = absl::ZeroDuration();
  status_ = ToGrpc(Overloaded());
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_EQ(errors_, "hexapla: too much work [SERVER_OVERLOADED]\n");
  EXPECT_EQ(service_.calls, 1);
  status_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  EXPECT_EQ(Run(), kExitUnreachable);
  // Not one that another call would meet again.
  command_.retry_for = absl::Minutes(1);
  status_ = ToGrpc(ErrorWithDetails(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many documents",
                                    "BATCH_TOO_LARGE", ""));
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_EQ(service_.calls, 3);
}

TEST_F(MatchTest, WhatIsRefusedIsSentAgainAndToldOnce) {
  const std::string a = Add("One.");
  command_.files.push_back("-");
  command_.files.push_back("/no/such/file");
  replies_ = {Group({"0", "1"}, 0.9F), Summary()};
  // The second breaks among the replies.
  const std::vector<grpc::Status> statuses = {
      ToGrpc(Overloaded()), grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"), grpc::Status::OK};
  service_.match = [&, answer = service_.match](FakeService::MatchStream& stream) {
    requests_.clear();
    const auto call = static_cast<size_t>(service_.calls - 1);
    return call == 0 ? statuses[0] : (answer(stream), statuses.at(call));
  };
  EXPECT_EQ(Run("Un."), kExitFailed);  // for the file that is not there
  EXPECT_EQ(service_.calls, 3);
  EXPECT_EQ(output_, a + "\t-\n");
  ASSERT_THAT(requests_, SizeIs(3));
  EXPECT_EQ(requests_[2].document().content().text(), "Un.");
  EXPECT_THAT(errors_, HasSubstr("warning: too much work [SERVER_OVERLOADED]; trying again"));
  EXPECT_EQ(errors_.find("/no/such/file"), errors_.rfind("/no/such/file"));
}

TEST_F(MatchTest, ItGivesUpInTime) {
  Add("One.");
  command_.retry_for = absl::Milliseconds(300);
  status_ = ToGrpc(Overloaded());
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_GE(service_.calls, 2);
  EXPECT_THAT(errors_, HasSubstr("hexapla: too much work [SERVER_OVERLOADED]\n"));
}

TEST_F(MatchTest, NamesWithTabsStayOneField) {
  const TemporaryFile folder("");
  const std::string name = folder.name() + "\ta\nb\\c";
  std::ofstream(name) << "One.";
  command_.files = {name};
  replies_ = {Group({"0"}, 1), Summary()};
  EXPECT_EQ(Run(), kExitDone);
  EXPECT_EQ(output_, folder.name() + "\\ta\\nb\\\\c\n");
  std::remove(name.c_str());
}

TEST_F(MatchTest, RepliesThatDoNotFitAreRefused) {
  Add("One.");
  const std::vector<std::vector<Response>> cases = {
      {Group({"1"}, 1), Summary()}, {Group({"x"}, 1), Summary()}, {Response()}, {}};
  for (const std::vector<Response>& replies : cases) {
    replies_ = replies;
    EXPECT_EQ(Run(), kExitFailed);
    EXPECT_THAT(errors_, HasSubstr("is the server of this version?"));
  }
}

}  // namespace
}  // namespace hexapla
