// SPDX-License-Identifier: Apache-2.0
#include "client/detect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

struct Outcome {
  ExitCode exit_code;
  std::string output;
  std::string errors;
};

// Languages of texts are tested with the other commands.
class DetectSpansTest : public testing::Test {
 protected:
  DetectSpansTest() {
    // The first four bytes are English, the rest French.
    fake_.spans = [this](const v1::DetectSpansRequest& request, auto& response) {
      request_ = request;
      texts_.push_back(request.text());
      const int size = static_cast<int>(request.text().size());
      AddSpan(0, std::min(4, size), "en", response);
      if (size > 4) AddSpan(4, size, "fr", response);
      return grpc::Status::OK;
    };
  }

  static void AddSpan(int begin, int end, const std::string& language,
                      v1::DetectSpansResponse& response) {
    v1::LanguageSpan& span = *response.add_spans();
    span.set_begin(begin);
    span.set_end(end);
    v1::LanguageDetection& detection = *span.mutable_detection();
    detection.set_language(language);
    detection.set_confidence(0.75f);
    detection.set_reliable(language == "en");
    detection.set_script("Latn");
    detection.set_raw_label("l");
    detection.set_model("m@1");
    v1::LanguageGuess& guess = *detection.add_alternatives();
    guess.set_language("de");
    guess.set_confidence(0.25f);
    v1::LanguageShare& share = *response.add_shares();
    share.set_language(language);
    share.set_share(0.5f);
  }

  Outcome Run(DetectCommand command) {
    command.spans = true;
    std::istringstream input(standard_input_);
    std::ostringstream output;
    std::ostringstream errors;
    const Connector connect =
        [this](
            const std::vector<std::string>&) -> absl::StatusOr<std::unique_ptr<AlignmentClient>> {
      if (!reachable_) return absl::UnavailableError("no connection");
      return fake_.InProcessClient();
    };
    const ExitCode exit_code = RunDetect(
        command, {"live:1"}, connect,
        {.input = input, .output = output, .errors = errors, .terminal = {.columns = 72}});
    return {.exit_code = exit_code, .output = output.str(), .errors = errors.str()};
  }

  FakeService fake_;
  bool reachable_ = true;
  std::string standard_input_ = "One.\tDeux.\n";
  v1::DetectSpansRequest request_;
  std::vector<std::string> texts_;
};

TEST_F(DetectSpansTest, TsvHasARowASpan) {
  const Outcome outcome = Run({.files = {"-"}, .top = 2});
  EXPECT_EQ(outcome.exit_code, kExitDone);
  EXPECT_EQ(outcome.errors, "");
  EXPECT_EQ(outcome.output,
            "#file\tline\tbegin\tend\tlanguage\tconfidence\treliable\tscript\traw_label\tmodel\t"
            "text\tlanguage_2\tconfidence_2\n"
            "-\t\t0\t4\ten\t0.7500\ttrue\tLatn\tl\tm@1\tOne.\tde\t0.2500\n"
            "-\t\t4\t11\tfr\t0.7500\tfalse\tLatn\tl\tm@1\t\\tDeux.\\n\tde\t0.2500\n");
}

TEST_F(DetectSpansTest, JsonlHasAnObjectAText) {
  const Outcome outcome = Run(
      {.files = {"-"}, .input = {.format = InputFormat::kLines}, .format = OutputFormat::kJsonl});
  EXPECT_THAT(outcome.output, HasSubstr("{\"file\":\"-\",\"line\":1,\"spans\":[{\"begin\":0,"));
  EXPECT_THAT(outcome.output, HasSubstr("\"shares\":[{\"language\":\"en\",\"share\":0.5}"));
}

TEST_F(DetectSpansTest, ATableShowsSharesAndText) {
  EXPECT_EQ(Run({.files = {"-"}, .format = OutputFormat::kTable}).output,
            "-  en 50 %, fr 50 %\n"
            "        0  English (en)              0.75   de 0.25  One.\n"
            "        4  French (fr)               0.75?  de 0.25  Deux.\n");
}

TEST_F(DetectSpansTest, EveryLineHasARowBlankOnesToo) {
  standard_input_ = "One.\n\nTwo\r\n";
  const Outcome outcome = Run({.files = {"-"}, .input = {.format = InputFormat::kLines}});
  EXPECT_THAT(texts_, ElementsAre("One.", "Two"));
  EXPECT_THAT(outcome.output,
              HasSubstr("\n-\t2\t0\t0\tund\t0.0000\tfalse\t\t\t\t\n-\t3\t0\t3\ten"));
}

TEST_F(DetectSpansTest, OptionsReachTheServer) {
  Run({.files = {"-"},
       .top = 3,
       .candidates = {"en"},
       .hints = {"fr"},
       .model = "lid218",
       .group_macrolanguages = true,
       .skip_normalization = true});
  const v1::DetectionOptions& options = request_.options();
  EXPECT_EQ(options.top_k(), 3);
  EXPECT_THAT(options.candidates(), ElementsAre("en"));
  EXPECT_THAT(options.hints(), ElementsAre("fr"));
  EXPECT_EQ(options.model(), "lid218");
  EXPECT_TRUE(options.group_macrolanguages());
  EXPECT_TRUE(options.skip_normalization());
}

TEST_F(DetectSpansTest, ARefusedTextLeavesTheOthersAlone) {
  const auto answer = fake_.spans;
  fake_.spans = [&answer](const v1::DetectSpansRequest& request,
                          v1::DetectSpansResponse& response) {
    if (request.text() != "long") return answer(request, response);
    return ToGrpc(ErrorWithDetails(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                   "text has 4 bytes; the limit is 3", "TEXT_TOO_LONG", "text"));
  };
  standard_input_ = "long\nOne.\n";
  const Outcome outcome = Run({.files = {"-"}, .input = {.format = InputFormat::kLines}});
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_EQ(outcome.errors, "hexapla: -:1 has 4 bytes; the limit is 3 [TEXT_TOO_LONG]\n");
  EXPECT_THAT(outcome.output, HasSubstr("-\t2\t0\t4\ten"));
}

TEST_F(DetectSpansTest, AnErrorOfTheOptionsEndsItWithTheFlagsName) {
  fake_.spans = [](const v1::DetectSpansRequest&, v1::DetectSpansResponse&) {
    return ToGrpc(ErrorWithDetails(grpc::StatusCode::FAILED_PRECONDITION,
                                   "options.model names a model that is not here: x",
                                   "MODEL_NOT_FOUND", "options.model"));
  };
  standard_input_ = "One.\nTwo.\n";
  const Outcome outcome =
      Run({.files = {"-"}, .input = {.format = InputFormat::kLines}, .model = "x"});
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_EQ(outcome.errors,
            "hexapla: --model names a model that is not here: x [MODEL_NOT_FOUND]\n");
  EXPECT_EQ(outcome.output, "");
}

TEST_F(DetectSpansTest, AReplyThatDoesNotCoverTheTextIsAnError) {
  for (const auto& [begin, end] : {std::pair(0, 3), std::pair(1, 11), std::pair(0, 99)}) {
    fake_.spans = [begin = begin, end = end](const v1::DetectSpansRequest&,
                                             v1::DetectSpansResponse& response) {
      AddSpan(begin, end, "en", response);
      return grpc::Status::OK;
    };
    EXPECT_EQ(Run({.files = {"-"}}).exit_code, kExitFailed);
  }
}

TEST_F(DetectSpansTest, WithoutAServerNothingIsWritten) {
  reachable_ = false;
  const Outcome outcome = Run({.files = {"-"}});
  EXPECT_EQ(outcome.exit_code, kExitUnreachable);
  EXPECT_EQ(outcome.output, "");
}

TEST_F(DetectSpansTest, InvalidUtf8IsFoundHere) {
  const TemporaryFile file("ab\xFF");
  const Outcome outcome = Run({.files = {file.name(), "-"}});
  EXPECT_EQ(outcome.exit_code, kExitFailed);
  EXPECT_THAT(outcome.errors, HasSubstr("byte offset 2"));
  EXPECT_THAT(outcome.output, HasSubstr("-\t\t0\t4\ten"));
}

}  // namespace
}  // namespace hexapla
