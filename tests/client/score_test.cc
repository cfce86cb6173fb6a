// SPDX-License-Identifier: Apache-2.0
#include "client/score.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/fake_service.h"
#include "tests/client/temporary_file.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ScoreTest : public ::testing::Test {
 protected:
  ScoreTest() {
    // Half for the first pair, and so on down.
    service_.score = [this](const v1::ScorePairsRequest& request,
                            v1::ScorePairsResponse& response) {
      requests_.push_back(request);
      for (int i = 0; i < request.pairs_size(); ++i) {
        response.add_results()->mutable_score()->set_probability(0.5F / static_cast<float>(i + 1));
      }
      response.set_source_language("en");
      response.set_target_language("fr");
      return grpc::Status::OK;
    };
  }

  ExitCode Run(const std::string& input) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream errors;
    const ExitCode code =
        RunScore(command_, {"fake"},
                 [this](const std::vector<std::string>&) { return service_.InProcessClient(); },
                 {.input = in, .output = out, .errors = errors, .terminal = {}});
    output_ = out.str();
    errors_ = errors.str();
    return code;
  }

  FakeService service_;
  ScoreCommand command_;
  std::string output_;
  std::string errors_;
  std::vector<v1::ScorePairsRequest> requests_;
};

TEST_F(ScoreTest, EveryLineComesBackWithItsProbability) {
  EXPECT_EQ(Run("One.\tUn.\nTwo.\tDeux.\tnote\n"), kExitDone);
  EXPECT_EQ(output_, "One.\tUn.\t0.5000\nTwo.\tDeux.\tnote\t0.2500\n");
  EXPECT_EQ(errors_, "");
  ASSERT_THAT(requests_, SizeIs(1));
  EXPECT_EQ(requests_[0].pairs(1).target(), "Deux.");
  EXPECT_EQ(requests_[0].source_language(), "");
}

TEST_F(ScoreTest, EscapesAreReadForTheServerAndKeptInTheOutput) {
  EXPECT_EQ(Run("a\\tb\\\\n\\x\\\tU\\nn\\r\n"), kExitDone);
  EXPECT_EQ(output_, "a\\tb\\\\n\\x\\\tU\\nn\\r\t0.5000\n");
  EXPECT_EQ(requests_[0].pairs(0).source(), "a\tb\\n\\x\\");
  EXPECT_EQ(requests_[0].pairs(0).target(), "U\nn\r");
}

TEST_F(ScoreTest, BlankLinesAndSidesKeepTheirPlaceWithoutAProbability) {
  EXPECT_EQ(Run("\nOne.\tUn.\n \t\n\tUn.\nTwo.\tDeux."), kExitDone);
  EXPECT_EQ(output_, "\t\nOne.\tUn.\t0.5000\n \t\t\n\tUn.\t\nTwo.\tDeux.\t0.2500\n");
  EXPECT_EQ(errors_, "");
}

TEST_F(ScoreTest, BadLinesAreReportedAndKeepTheirPlace) {
  EXPECT_EQ(Run("no tab\nOne.\tUn.\nx\xFF\ty\n"), kExitFailed);
  EXPECT_EQ(output_, "no tab\t\nOne.\tUn.\t0.5000\nx\xFF\ty\t\n");
  EXPECT_THAT(errors_, HasSubstr("hexapla: -:1: one column; expected two"));
  EXPECT_THAT(errors_, HasSubstr("hexapla: -:3: invalid UTF-8 at byte 1 of the line"));
}

TEST_F(ScoreTest, PairsThatTheServerRefusesAreNamedByTheirLine) {
  service_.score = [](const v1::ScorePairsRequest&, v1::ScorePairsResponse& response) {
    response.add_results()->mutable_score();
    *response.add_results()->mutable_error() = ErrorWithDetails(
        grpc::StatusCode::RESOURCE_EXHAUSTED, "pairs[1].target has 9 bytes; the limit is 8",
        "SENTENCE_TOO_LONG", "pairs[1].target");
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run("\na\tb\nc\td\n"), kExitFailed);
  EXPECT_EQ(output_, "\t\na\tb\t0.0000\nc\td\t\n");
  EXPECT_EQ(errors_,
            "hexapla: -:3: the second column has 9 bytes; the limit is 8 [SENTENCE_TOO_LONG]\n");
}

TEST_F(ScoreTest, LongInputGoesInBatchesOfOneLanguagePair) {
  std::string input;
  for (int i = 0; i < 2500; ++i) input += "a\tb\n";
  EXPECT_EQ(Run(input), kExitDone);
  ASSERT_THAT(requests_, SizeIs(3));
  EXPECT_EQ(requests_[1].source_language(), "en");
  EXPECT_EQ(requests_[2].target_language(), "fr");
  EXPECT_EQ(std::count(output_.begin(), output_.end(), '\n'), 2500);
}

TEST_F(ScoreTest, LinesWithoutALanguageDecideNothingForTheOthers) {
  service_.score = [this](const v1::ScorePairsRequest& request, v1::ScorePairsResponse& response) {
    requests_.push_back(request);
    for (int i = 0; i < request.pairs_size(); ++i) response.add_results()->mutable_score();
    response.set_source_language(requests_.size() == 1 ? "und" : "en");
    response.set_target_language("fr");
    return grpc::Status::OK;
  };
  std::string input;
  for (int i = 0; i < 2500; ++i) input += "1\t2\n";
  EXPECT_EQ(Run(input), kExitDone);
  ASSERT_THAT(requests_, SizeIs(3));
  EXPECT_EQ(requests_[1].source_language(), "");
  EXPECT_EQ(requests_[1].target_language(), "fr");
  EXPECT_EQ(requests_[2].source_language(), "en");
}

TEST_F(ScoreTest, LanguagesAndFileOfTheCommandAreUsed) {
  const TemporaryFile file("a\tb\n");
  command_.file = file.name();
  command_.languages = {"de", ""};
  EXPECT_EQ(Run(""), kExitDone);
  EXPECT_EQ(requests_[0].source_language(), "de");
  EXPECT_EQ(requests_[0].target_language(), "");
}

TEST_F(ScoreTest, NothingToScoreNeedsNoServer) {
  EXPECT_EQ(Run(""), kExitDone);
  EXPECT_EQ(output_, "");
  EXPECT_EQ(Run("\n"), kExitDone);
  EXPECT_EQ(output_, "\t\n");
  command_.file = "/no such file";
  EXPECT_EQ(Run(""), kExitFailed);
  EXPECT_THAT(errors_, HasSubstr("hexapla: /no such file: cannot be read"));
  command_.file = "/tmp";
  EXPECT_EQ(Run(""), kExitFailed);
  EXPECT_EQ(service_.calls, 0);
}

TEST_F(ScoreTest, ErrorsOfTheCallEndTheRun) {
  service_.score = [](const auto&, auto&) {
    return ToGrpc(ErrorWithDetails(grpc::StatusCode::INVALID_ARGUMENT,
                                   "source_language is no well-formed BCP-47 tag",
                                   "LANGUAGE_MALFORMED", "source_language"));
  };
  EXPECT_EQ(Run("a\tb\n"), kExitFailed);
  EXPECT_EQ(errors_, "hexapla: --languages is no well-formed BCP-47 tag [LANGUAGE_MALFORMED]\n");
}

TEST_F(ScoreTest, WarningsAreGivenOnce) {
  const auto score = service_.score;
  service_.score = [score](const v1::ScorePairsRequest& request, v1::ScorePairsResponse& response) {
    response.add_warnings()->set_message("mind this");
    response.add_warnings()->set_message("target_language: the language is uncertain");
    return score(request, response);
  };
  std::string input;
  for (int i = 0; i < 2500; ++i) input += "a\tb\n";
  EXPECT_EQ(Run(input), kExitDone);
  EXPECT_EQ(errors_, "warning: mind this\nwarning: the second column: the language is uncertain\n");
}

}  // namespace
}  // namespace hexapla
