// SPDX-License-Identifier: Apache-2.0
#include "client/corpus.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"

#include "tests/client/fake_service.h"
#include "tests/client/temporary_file.h"

namespace hexapla {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::StartsWith;
using Request = v1::StreamAlignDocumentsRequest;
using Response = v1::StreamAlignDocumentsResponse;
using AlignStream = FakeService::AlignStream;

std::string SetLine(const std::string& id, const std::string& text = "One.") {
  return absl::StrCat(R"({"id":")", id, R"(","versions":[{"text":")", text,
                      R"("},{"sentences":["Un."]}]})", "\n");
}

// Answers a set with a bead without sides, whose score is the length of its first
// text.
void Answer(const std::string& request_id, size_t bytes, AlignStream& stream) {
  Response reply;
  reply.set_request_id(request_id);
  reply.mutable_progress();
  stream.Write(reply);
  reply.mutable_beads()->add_beads()->set_score(static_cast<float>(bytes));
  stream.Write(reply);
  reply.mutable_summary()->set_document_probability(0.5);
  stream.Write(reply);
}

class CorpusTest : public ::testing::Test {
 protected:
  CorpusTest() {
    command_.retry_for = absl::Seconds(5);
    command_.progress = ProgressStyle::kNone;
    service_.align_stream = [this](AlignStream& stream) { return AnswerAll(stream, 1 << 30); };
  }

  // Answers so many sets and then says that it has to go.
  grpc::Status AnswerAll(AlignStream& stream, int count) {
    Request request;
    std::map<std::string, size_t> parts;
    while (stream.Read(&request)) {
      const std::string& id = request.request_id();
      requests_.push_back(request);
      size_t bytes = 0;
      if (request.has_documents()) {
        bytes = request.documents().versions(0).text().size();
      } else {
        if (request.chunk().version_index() == 0) parts[id] += request.chunk().text().size();
        if (!request.has_end()) continue;
        bytes = parts[id];
      }
      if (count-- <= 0) return {grpc::StatusCode::UNAVAILABLE, "going"};
      Answer(id, bytes, stream);
    }
    return grpc::Status::OK;
  }

  absl::Status Run(const std::string& input) {
    const TemporaryFile file(input);
    command_.input = file.name();
    command_.output = output_.name();
    return RunFiles();
  }
  absl::Status RunFiles() {
    std::ostringstream errors;
    const absl::Status status =
        RunCorpus(command_, {"fake"}, timeout_,
                  [this](const std::vector<std::string>&) { return service_.InProcessClient(); },
                  {.input = input_, .output = standard_output_, .errors = errors, .terminal = {}});
    errors_ = errors.str();
    return status;
  }

  std::vector<std::string> Lines() const {
    std::ifstream file(output_.name());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  FakeService service_;
  CorpusCommand command_;
  absl::Duration timeout_ = absl::Seconds(200);
  const TemporaryFile output_{""};
  std::istringstream input_;
  std::ostringstream standard_output_;
  std::string errors_;
  std::vector<Request> requests_;
};

TEST_F(CorpusTest, EverySetGetsALine) {
  ASSERT_TRUE(Run(SetLine("a") + "\n" + SetLine("b", "Three.") + SetLine("c")).ok());
  const std::string bead = R"([{"sides":[],"probability":0,"score":)";
  EXPECT_THAT(Lines(),
              ElementsAre(R"({"id":"a","beads":)" + bead + R"(4}],"document_probability":0.5})",
                          R"({"id":"b","beads":)" + bead + R"(6}],"document_probability":0.5})",
                          R"({"id":"c","beads":)" + bead + R"(4}],"document_probability":0.5})"));
  EXPECT_EQ(errors_, "");
}

TEST_F(CorpusTest, SetsThatAnOverloadedServerRefusesAreSentAgain) {
  int refusals = 3;
  service_.align_stream = [&](AlignStream& stream) {
    Request request;
    while (stream.Read(&request)) {
      if (refusals-- <= 0) {
        Answer(request.request_id(), 4, stream);
        continue;
      }
      Response reply;
      reply.set_request_id(request.request_id());
      *reply.mutable_error() = Overloaded();
      stream.Write(reply);
    }
    return grpc::Status::OK;
  };
  ASSERT_TRUE(Run(SetLine("a") + "\n" + SetLine("b") + "\n" + SetLine("c")).ok());
  ASSERT_EQ(Lines().size(), 3u);
  for (const std::string& line : Lines()) EXPECT_THAT(line, HasSubstr("document_probability"));
  EXPECT_THAT(errors_, HasSubstr("more work than it admits; trying again"));
}

TEST_F(CorpusTest, ASetThatIsRefusedForTooLongFailsAndTheRestIsDone) {
  int refusals = 0;
  service_.align_stream = [&](AlignStream& stream) {
    Request request;
    while (stream.Read(&request)) {
      if (request.request_id() != "2") {
        Answer(request.request_id(), 4, stream);
        continue;
      }
      ++refusals;
      Response reply;
      reply.set_request_id(request.request_id());
      *reply.mutable_error() = Overloaded();
      stream.Write(reply);
    }
    return grpc::Status::OK;
  };
  const std::string input = SetLine("a") + SetLine("b") + SetLine("c");
  for (const absl::Duration retry_for : {absl::ZeroDuration(), absl::Milliseconds(300)}) {
    command_.retry_for = retry_for;
    std::ofstream(output_.name(), std::ios::trunc);
    refusals = 0;
    EXPECT_EQ(Run(input).code(), absl::StatusCode::kInvalidArgument);
    ASSERT_EQ(Lines().size(), 3u);
    EXPECT_THAT(Lines()[0], HasSubstr("document_probability"));
    EXPECT_EQ(Lines()[1], R"({"id":"b","error":{"code":"RESOURCE_EXHAUSTED","message":)"
                          R"("line 2: too much work [SERVER_OVERLOADED]"}})");
    EXPECT_THAT(Lines()[2], HasSubstr("document_probability"));
    if (retry_for == absl::ZeroDuration()) {
      EXPECT_EQ(refusals, 1);
    } else {
      EXPECT_GE(refusals, 2);
    }
  }
}

TEST_F(CorpusTest, OptionsAndLanguagesAreSent) {
  command_.languages = {"en", "fr"};
  command_.max_bead_size = 3;
  command_.no_merges = true;
  command_.min_probability = 0.25;
  ASSERT_TRUE(Run(SetLine("a")).ok());
  ASSERT_EQ(requests_.size(), 1u);
  const v1::AlignDocumentsRequest& set = requests_[0].documents();
  EXPECT_EQ(set.versions(1).language(), "fr");
  EXPECT_EQ(set.options().max_bead_size(), 3);
  EXPECT_TRUE(set.options().no_merges());
  EXPECT_EQ(set.options().min_probability(), 0.25);
  EXPECT_TRUE(set.options().return_text());
}

TEST_F(CorpusTest, OnlyGivenSentencesNeedNoText) {
  ASSERT_TRUE(Run(R"({"id":"a","versions":[{"sentences":["x"]},{"sentences":["y"]}]})").ok());
  EXPECT_FALSE(requests_[0].documents().options().return_text());
}

TEST_F(CorpusTest, BadLinesAreErrorsOfTheirOwnAndTheRestIsDone) {
  const std::string input =
      SetLine("a") + "no JSON\n" + SetLine("a") + "{\"id\":\"b\",\"versions\":1}\n" + SetLine("c");
  const absl::Status status = Run(input);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("3 of 5 sets failed"));
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_THAT(lines[1], HasSubstr(R"("id":"a","line":3,"error":{"code":"ALREADY_EXISTS",)"
                                  R"("message":"line 3: the id is that of line 1 too")"));
  EXPECT_THAT(lines[2],
              HasSubstr(R"("id":"b","error":{"code":"INVALID_ARGUMENT","message":"line 4:)"));
  EXPECT_THAT(lines[4], HasSubstr(R"("id":null,"line":2,"error")"));
  // The same again has nothing to do and the same outcome.
  EXPECT_EQ(Run(input).message(), status.message());
  EXPECT_EQ(Lines(), lines);
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(CorpusTest, FailedSetsCanBeAllowed) {
  command_.allow_failed_sets = true;
  EXPECT_TRUE(Run(SetLine("a") + "no JSON\n").ok());
  EXPECT_EQ(Lines().size(), 2u);
  EXPECT_THAT(errors_, HasSubstr("warning: 1 of 2 sets failed; " + output_.name() + " says why"));
}

TEST_F(CorpusTest, ShardsTogetherSayWhatOneRunSays) {
  command_.allow_failed_sets = true;
  std::string input = "\nno JSON\n";
  for (int i = 0; i < 30; ++i) input += SetLine(absl::StrCat(i));
  // Each of them in another shard than the line that had the id first.
  for (int i = 0; i < 5; ++i) input += SetLine(absl::StrCat(i));
  ASSERT_TRUE(Run(input).ok());
  const std::vector<std::string> expected = Lines();
  ASSERT_EQ(expected.size(), 36u);

  command_.shards = 4;
  std::vector<std::string> found;
  for (command_.shard = 0; command_.shard < command_.shards; ++command_.shard) {
    std::ofstream(output_.name(), std::ios::trunc);
    ASSERT_TRUE(Run(input).ok());
    const std::vector<std::string> lines = Lines();
    EXPECT_THAT(lines.size(), AllOf(Ge(8u), Le(10u)));
    found.insert(found.end(), lines.begin(), lines.end());
  }
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected);
}

TEST_F(CorpusTest, ShardWithoutLinesIsDoneAtOnce) {
  command_.shard = 2;
  command_.shards = 3;
  EXPECT_TRUE(Run(SetLine("a") + SetLine("b")).ok());
  EXPECT_THAT(Lines(), IsEmpty());
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(CorpusTest, ErrorsOfTheServerAreKeptPerSet) {
  service_.align_stream = [](AlignStream& stream) {
    Request request;
    while (stream.Read(&request)) {
      Response reply;
      reply.set_request_id(request.request_id());
      *reply.mutable_error() =
          ErrorWithDetails(grpc::StatusCode::RESOURCE_EXHAUSTED, "versions[0].text is too long",
                           "TEXT_TOO_LONG", "versions[0].text");
      stream.Write(reply);
    }
    return grpc::Status::OK;
  };
  EXPECT_EQ(Run(SetLine("a")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Lines(), ElementsAre(R"({"id":"a","error":{"code":"RESOURCE_EXHAUSTED","message":)"
                                   R"("line 1: versions[0].text is too long [TEXT_TOO_LONG]"}})"));
}

TEST_F(CorpusTest, LostConnectionsAreMadeAgainAndNothingIsLostOrTwice) {
  service_.align_stream = [this](AlignStream& stream) { return AnswerAll(stream, 7); };
  std::string input;
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ids.insert(absl::StrCat("set ", i));
    input += SetLine(absl::StrCat("set ", i));
  }
  ASSERT_TRUE(Run(input).ok());
  const std::vector<std::string> lines = Lines();
  EXPECT_EQ(lines.size(), 100u);
  for (const std::string& line : lines) ids.erase(nlohmann::json::parse(line)["id"]);
  EXPECT_THAT(ids, IsEmpty());
  EXPECT_GE(service_.calls, 15);
  EXPECT_THAT(errors_, HasSubstr("warning: the server is not available: going; trying again"));
}

TEST_F(CorpusTest, ServerThatStaysAwayEndsTheRunAndAnotherDoesTheRest) {
  command_.retry_for = absl::Milliseconds(200);
  int left = 2;
  service_.align_stream = [&](AlignStream& stream) {
    return AnswerAll(stream, std::exchange(left, 0));
  };
  const std::string input = SetLine("a") + SetLine("b") + SetLine("c") + SetLine("d");
  EXPECT_TRUE(absl::IsUnavailable(Run(input)));
  EXPECT_EQ(Lines().size(), 2u);
  left = 100;
  requests_.clear();
  ASSERT_TRUE(Run(input).ok());
  EXPECT_EQ(Lines().size(), 4u);
  EXPECT_EQ(requests_.size(), 2u);
}

TEST_F(CorpusTest, StreamThatEndsEarlyWithoutAnErrorIsTriedAgain) {
  int calls = 0;
  service_.align_stream = [&](AlignStream& stream) {
    return ++calls == 1 ? grpc::Status::OK : AnswerAll(stream, 1 << 30);
  };
  EXPECT_TRUE(Run(SetLine("a")).ok());
  EXPECT_EQ(Lines().size(), 1u);
}

TEST_F(CorpusTest, OtherErrorsOfTheStreamEndTheRun) {
  service_.align_stream = [](AlignStream&) {
    return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "no token");
  };
  EXPECT_EQ(Run(SetLine("a")).code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(service_.calls, 1);
}

TEST_F(CorpusTest, AStreamThatAnOverloadedServerRefusesIsTriedAgain) {
  int calls = 0;
  service_.align_stream = [&](AlignStream& stream) {
    return ++calls < 3 ? ToGrpc(Overloaded()) : AnswerAll(stream, 1 << 30);
  };
  command_.retry_for = absl::ZeroDuration();
  const absl::Status status = Run(SetLine("a"));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("[SERVER_OVERLOADED]"));
  EXPECT_THAT(Lines(), IsEmpty());
  command_.retry_for = absl::Minutes(1);
  EXPECT_TRUE(Run(SetLine("a")).ok());
  EXPECT_EQ(Lines().size(), 1u);
}

TEST_F(CorpusTest, AStreamThatIsTakenForStalledIsTriedAgain) {
  int calls = 0;
  service_.align_stream = [&](AlignStream& stream) {
    return ++calls == 1 ? grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "stalled")
                        : AnswerAll(stream, 1 << 30);
  };
  EXPECT_TRUE(Run(SetLine("a")).ok());
  EXPECT_EQ(Lines().size(), 1u);
}

// A server that says nothing to some sets. The caller gives up, and then asks for its
// health; until then this side stays open for the answer.
class SilenceTest : public CorpusTest {
 protected:
  SilenceTest() {
    service_.align_stream = [this](AlignStream& stream) {
      const int call = service_.calls;
      const std::set<std::string> silent = call == 1 ? silent_ : std::set<std::string>();
      Request request;
      while (stream.Read(&request)) {
        if (!silent.contains(request.request_id())) Answer(request.request_id(), 4, stream);
      }
      while (!silent.empty() && service_.calls == call) absl::SleepFor(absl::Milliseconds(5));
      return grpc::Status::OK;
    };
    command_.retry_for = absl::ZeroDuration();
  }

  // Lines of the sets to which the first stream says nothing.
  std::set<std::string> silent_;
};

TEST_F(SilenceTest, TheSetThatTakesTooLongFailsAndTheRestIsDone) {
  timeout_ = absl::Seconds(1);
  silent_ = {"1", "3"};
  EXPECT_EQ(Run(SetLine("a") + SetLine("b") + SetLine("c") + SetLine("d")).code(),
            absl::StatusCode::kInvalidArgument);
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], R"({"id":"a","error":{"code":"DEADLINE_EXCEEDED","message":)"
                      R"-("line 1: no answer within 1s (--timeout)"}})-");
  for (int i = 1; i < 4; ++i) EXPECT_THAT(lines[i], HasSubstr("document_probability"));
}

TEST_F(SilenceTest, AServerThatIsNotThereIsLeftAlone) {
  timeout_ = absl::Milliseconds(300);
  silent_ = {"1"};
  service_.health_status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
  const absl::Status status = Run(SetLine("a"));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no answer within 300ms"));
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(CorpusTest, LargeSetGoesInPartsThatMayCutCharacters) {
  std::string text;
  for (int i = 0; i < 700000; ++i) text += "\xC3\xA9";
  ASSERT_TRUE(Run(SetLine("a", "x" + text)).ok());
  ASSERT_GE(requests_.size(), 5u);
  EXPECT_TRUE(requests_.front().has_open());
  EXPECT_TRUE(requests_.back().has_end());
  std::string joined;
  std::vector<std::string> sentences;
  for (const Request& request : requests_) {
    EXPECT_LT(request.ByteSizeLong(), 1u << 20);
    joined += request.chunk().text();
    for (const std::string& sentence : request.chunk().sentences()) sentences.push_back(sentence);
  }
  EXPECT_EQ(joined, "x" + text);
  EXPECT_THAT(sentences, ElementsAre("Un."));
}

TEST_F(CorpusTest, WorkersBoundTheSetsInFlight) {
  command_.workers = 3;
  size_t most = 0;
  service_.align_stream = [&most](AlignStream& stream) {
    Request request;
    std::vector<std::string> open;
    // Answers only when no more come.
    while (stream.Read(&request)) {
      open.push_back(request.request_id());
      most = std::max(most, open.size());
      if (open.size() < 3) continue;
      for (const std::string& id : open) Answer(id, 0, stream);
      open.clear();
    }
    return grpc::Status::OK;
  };
  std::string input;
  for (int i = 0; i < 30; ++i) input += SetLine(absl::StrCat(i));
  ASSERT_TRUE(Run(input).ok());
  EXPECT_EQ(most, 3u);
  EXPECT_EQ(Lines().size(), 30u);
}

// Answers every set with one bead of its first sentences.
grpc::Status AnswerWithText(AlignStream& stream) {
  Request request;
  while (stream.Read(&request)) {
    Response reply;
    reply.set_request_id(request.request_id());
    v1::Bead& bead = *reply.mutable_beads()->add_beads();
    for (const v1::DocumentVersion& version : request.documents().versions()) {
      v1::BeadSide& side = *bead.add_sides();
      side.add_sentence_indices(0);
      side.add_sentences(version.text() + absl::StrJoin(version.sentences(), " "));
    }
    stream.Write(reply);
    for (const v1::DocumentVersion& version : request.documents().versions()) {
      reply.mutable_summary()->add_versions()->set_language(version.language());
    }
    stream.Write(reply);
  }
  return grpc::Status::OK;
}

TEST_F(CorpusTest, SetsBecomeUnitsOfOneMemory) {
  service_.align_stream = AnswerWithText;
  command_.format = OutputFormat::kTmx;
  command_.languages = {"en", "fr"};
  const std::string input = SetLine("a") + "no JSON\n" + SetLine("b", "Two.");
  EXPECT_EQ(Run(input).code(), absl::StatusCode::kInvalidArgument);
  const std::vector<std::string> lines = Lines();
  // Sorted: comments, the foot, the head.
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_THAT(lines[0], HasSubstr("<tuv xml:lang=\"en\"><seg>One.</seg></tuv>"
                                  "<tuv xml:lang=\"fr\"><seg>Un.</seg></tuv></tu>"));
  EXPECT_THAT(lines[1], HasSubstr("<!--{\"id\":\"b\",\"beads\":1"));
  EXPECT_THAT(lines[2], HasSubstr("<!--{\"id\":null,\"line\":2,\"error\":"));
  EXPECT_EQ(lines[3], "</body></tmx>");
  // The same again has nothing to do.
  requests_.clear();
  EXPECT_EQ(Run(input).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Lines(), lines);
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(CorpusTest, SetsThatXliffCannotHoldAreErrorsOfTheirOwn) {
  service_.align_stream = AnswerWithText;
  command_.format = OutputFormat::kXliff;
  command_.languages = {"en", "fr"};
  EXPECT_EQ(
      Run(SetLine("a") + R"({"id":"b","versions":[{"language":"de","text":"x"},{"text":"y"}]})")
          .code(),
      absl::StatusCode::kInvalidArgument);
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], HasSubstr("<file id=\"f1\" original=\"a\""));
  EXPECT_THAT(lines[1], HasSubstr("line 2: versions[0].language is not en"));
}

TEST_F(CorpusTest, XliffWithoutAResultEndsWithAnEmptyFileUntilThereIsOne) {
  service_.align_stream = AnswerWithText;
  command_.format = OutputFormat::kXliff;
  command_.languages = {"en", "fr"};
  const std::string failed = "no JSON\n";
  EXPECT_FALSE(Run(failed).ok());
  // Sorted: the comment, the head, the foot.
  ASSERT_EQ(Lines().size(), 3u);
  EXPECT_THAT(Lines()[2], StartsWith("<file id=\"f0\">"));
  EXPECT_FALSE(Run(failed + SetLine("a")).ok());
  ASSERT_EQ(Lines().size(), 4u);
  EXPECT_THAT(Lines()[0], HasSubstr("<file id=\"f2\""));
  EXPECT_EQ(Lines()[2], "</xliff>");
}

TEST_F(CorpusTest, AReplyThatDoesNotFitIsAnErrorOfItsSet) {
  command_.format = OutputFormat::kTmx;  // for which the usual fake's bead lacks its sides
  EXPECT_FALSE(Run(SetLine("a")).ok());
  EXPECT_THAT(Lines()[0], HasSubstr("the reply does not fit the request"));
}

TEST_F(CorpusTest, PagesComeBesideTheLines) {
  service_.align_stream = AnswerWithText;
  command_.pages = testing::TempDir() + "/corpus_test_pages/new";
  ASSERT_TRUE(Run(SetLine("a") + SetLine("b/c")).ok());
  EXPECT_EQ(Lines().size(), 2u);
  for (const char* name : {"a.html", "b%2Fc.html"}) {
    EXPECT_TRUE(std::filesystem::exists(command_.pages + "/" + name)) << name;
  }
  std::filesystem::remove_all(testing::TempDir() + "/corpus_test_pages");
}

TEST_F(CorpusTest, PagesThatSetsDoneBeforeLackAreCounted) {
  service_.align_stream = AnswerWithText;
  command_.allow_failed_sets = true;
  const std::string input = SetLine("a") + SetLine("b") + "no JSON\n{\"id\":\"bad\"}\n";
  ASSERT_TRUE(Run(input).ok());
  command_.pages = testing::TempDir() + "/corpus_test_pages";
  ASSERT_TRUE(Run(input + SetLine("c")).ok());
  EXPECT_THAT(errors_, HasSubstr("warning: sets done before that have no page in " +
                                 command_.pages + ": 2; "));
  std::ofstream(command_.pages + "/a.html") << "<p>";
  std::ofstream(command_.pages + "/b.html");
  ASSERT_TRUE(Run(input + SetLine("c")).ok());
  EXPECT_THAT(errors_, HasSubstr(command_.pages + ": 1; "));
  std::ofstream(command_.pages + "/b.html") << "<p>";
  ASSERT_TRUE(Run(input + SetLine("c")).ok());
  EXPECT_THAT(errors_, Not(HasSubstr("no page")));
  std::filesystem::remove_all(command_.pages);
}

TEST_F(CorpusTest, AFolderThatCannotBeMadeNeedsNoServer) {
  command_.pages = output_.name() + "/pages";
  EXPECT_THAT(std::string(Run(SetLine("a")).message()), HasSubstr("no folder for the pages"));
  EXPECT_EQ(service_.calls, 0);
}

TEST_F(CorpusTest, StandardStreamsServeAsFiles) {
  command_.input = "-";
  command_.output = "-";
  input_.str(SetLine("a"));
  ASSERT_TRUE(RunFiles().ok());
  EXPECT_THAT(standard_output_.str(), HasSubstr(R"({"id":"a","beads":[)"));
}

TEST_F(CorpusTest, WrongFilesNeedNoServer) {
  command_.input = "/no such file";
  command_.output = output_.name();
  EXPECT_THAT(std::string(RunFiles().message()), HasSubstr("/no such file: cannot be read"));
  command_.input = "/tmp";
  EXPECT_THAT(std::string(RunFiles().message()), HasSubstr("/tmp: cannot be read"));
  command_.input = output_.name();
  EXPECT_THAT(std::string(RunFiles().message()), HasSubstr("the same file"));
  EXPECT_EQ(service_.calls, 0);
}

}  // namespace
}  // namespace hexapla
