// SPDX-License-Identifier: Apache-2.0
#include "server/service/match_stream.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"
#include "tests/server/service/raw_stream.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Request = v1::MatchDocumentsRequest;

Request Document(const std::string& id, const std::string& text) {
  Request request;
  request.mutable_document()->set_id(id);
  request.mutable_document()->mutable_content()->set_text(text);
  return request;
}

// One call of MatchDocuments.
class MatchCall {
 public:
  explicit MatchCall(InProcessServer& server)
      : stub_(v1::AlignmentService::NewStub(server.channel())),
        stream_(stub_->MatchDocuments(&context_)) {}

  bool Send(const Request& request) { return stream_->Write(request); }
  void Cancel() { context_.TryCancel(); }

  // Closes our side and reads all replies; the status of the call.
  grpc::Status Finish() {
    stream_->WritesDone();
    return ReadAll();
  }
  grpc::Status ReadAll() {
    v1::MatchDocumentsResponse response;
    while (stream_->Read(&response)) {
      if (response.has_group()) groups_.push_back(response.group());
      if (response.has_error()) errors_.push_back(response.error());
      if (response.has_summary()) summary_ = response.summary();
    }
    return stream_->Finish();
  }

  // "a b" for each group, "c=a" for what repeats a.
  std::vector<std::string> Groups() const {
    std::vector<std::string> result;
    for (const v1::DocumentGroup& group : groups_) {
      std::string text;
      for (const v1::GroupMember& member : group.members()) {
        absl::StrAppend(&text, text.empty() ? "" : " ", member.id(),
                        member.near_duplicate_of().empty() ? "" : "=", member.near_duplicate_of());
      }
      result.push_back(text);
    }
    return result;
  }
  const std::vector<v1::DocumentGroup>& groups() const { return groups_; }
  const std::vector<v1::DocumentError>& errors() const { return errors_; }
  const v1::MatchSummary& summary() const { return summary_; }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::AlignmentService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, v1::MatchDocumentsResponse>> stream_;
  std::vector<v1::DocumentGroup> groups_;
  std::vector<v1::DocumentError> errors_;
  v1::MatchSummary summary_;
};

// The models of the tests give every pair a probability of one half, and call a
// text with "é" French.
class MatchStreamTest : public ::testing::Test {
 protected:
  void Start(const ServiceLimits& limits, const WorkerPoolOptions& pool = {.workers = 2}) {
    server_ =
        std::make_unique<InProcessServer>(InProcessServerOptions{.limits = limits, .pool = pool});
  }
  // Sends a heap of two versions; the groups, or the reason of the error.
  std::vector<std::string> MatchTwo() {
    MatchCall call(*server_);
    call.Send(Document("a", "One two."));
    call.Send(Document("b", "Un é."));
    const grpc::Status status = call.Finish();
    if (status.ok()) return call.Groups();
    return {ReasonOf(RpcStatusOf(status))};
  }

  std::unique_ptr<InProcessServer> server_;
};

TEST_F(MatchStreamTest, GroupsAndSummaryFollowTheHeap) {
  Start({});
  MatchCall call(*server_);
  call.Send(Document("a.txt", "One two."));
  call.Send(Document("b.txt", "Un é."));
  call.Send(Document("c.txt", "Three four."));
  ASSERT_TRUE(call.Finish().ok());
  EXPECT_THAT(call.Groups(), ElementsAre("a.txt b.txt", "c.txt"));
  EXPECT_FLOAT_EQ(call.groups()[0].probability(), 0.5F);
  EXPECT_EQ(call.groups()[0].members(1).language(), "fr");
  EXPECT_FLOAT_EQ(call.groups()[0].members(1).language_confidence(), 0.75F);
  EXPECT_FLOAT_EQ(call.groups()[1].probability(), 1);
  EXPECT_EQ(call.summary().document_count(), 3);
  EXPECT_EQ(call.summary().group_count(), 2);
  EXPECT_EQ(call.summary().metadata().models_size(), 3);
  EXPECT_TRUE(call.summary().metadata().has_compute_duration());
}

TEST_F(MatchStreamTest, AnEmptyHeapHasASummary) {
  Start({});
  MatchCall call(*server_);
  ASSERT_TRUE(call.Finish().ok());
  EXPECT_THAT(call.Groups(), IsEmpty());
  EXPECT_EQ(call.summary().document_count(), 0);
}

TEST_F(MatchStreamTest, OptionsReachTheEngine) {
  Start({});
  MatchCall strict(*server_);
  Request first = Document("a", "One.");
  first.mutable_options()->set_min_probability(0.6F);
  strict.Send(first);
  strict.Send(Document("b", "Un é."));
  ASSERT_TRUE(strict.Finish().ok());
  EXPECT_THAT(strict.Groups(), ElementsAre("a", "b"));

  MatchCall loose(*server_);
  first.mutable_options()->set_min_probability(0);
  first.mutable_options()->set_allow_same_language(true);
  loose.Send(first);
  loose.Send(Document("b", "Two."));
  ASSERT_TRUE(loose.Finish().ok());
  EXPECT_THAT(loose.Groups(), ElementsAre("a b"));
}

TEST_F(MatchStreamTest, PartsOfADocumentAreJoined) {
  Start({});
  MatchCall call(*server_);
  Request part = Document("a", "On");
  part.mutable_document()->mutable_content()->set_language("EN");
  call.Send(part);
  call.Send(Document("a", "e é."));
  Request sentences;
  sentences.mutable_document()->set_id("b");
  sentences.mutable_document()->mutable_content()->add_sentences("Un é.");
  call.Send(sentences);
  call.Send(sentences);
  ASSERT_TRUE(call.Finish().ok());
  EXPECT_THAT(call.errors(), IsEmpty());
  EXPECT_THAT(call.Groups(), ElementsAre("a b"));
  EXPECT_EQ(call.groups()[0].members(0).language(), "en");
  EXPECT_EQ(call.groups()[0].members(1).language(), "fr");
}

TEST_F(MatchStreamTest, EachDocumentAnswersForItself) {
  Start({.document_bytes_max = 100, .sentence_bytes_max = 20, .sentences_max = 3});
  MatchCall call(*server_);
  call.Send(Document("good", "One."));
  call.Send(Document("empty", ""));
  call.Send(Document("blank", " \n"));
  call.Send(Document("long", std::string(60, 'x')));
  call.Send(Document("long", std::string(60, 'x')));
  call.Send(Document("long", std::string(60, 'x')));
  call.Send(Document("good", "Again."));
  call.Send(Document("", "No name."));
  call.Send(Document(std::string(1025, 'n'), "Name."));
  Request language = Document("language", "One.");
  language.mutable_document()->mutable_content()->set_language("e");
  call.Send(language);
  Request both = Document("both", "One.");
  both.mutable_document()->mutable_content()->add_sentences("Two.");
  call.Send(both);
  call.Send(Document("sentence", "Twenty and more of them."));
  call.Send(Document("sentences", "One. Two. Three. Four."));
  Request given;
  given.mutable_document()->set_id("given");
  for (int s = 0; s < 4; ++s) given.mutable_document()->mutable_content()->add_sentences("x");
  call.Send(given);
  call.Send(Document("also good", "Un é."));
  ASSERT_TRUE(call.Finish().ok());
  EXPECT_THAT(call.Groups(), ElementsAre("good also good"));
  std::vector<std::string> errors;
  for (const v1::DocumentError& error : call.errors()) {
    errors.push_back(absl::StrCat(error.id().substr(0, 9), " ", ReasonOf(error.status())));
  }
  EXPECT_THAT(errors, ElementsAre("empty TEXT_BLANK", "blank TEXT_BLANK", "long TEXT_TOO_LONG",
                                  "good STEP_OUT_OF_ORDER", " FIELD_MISSING",
                                  "nnnnnnnnn TEXT_TOO_LONG", "language LANGUAGE_MALFORMED",
                                  "both TEXT_AMBIGUOUS", "sentence SENTENCE_TOO_LONG",
                                  "sentences TOO_MANY_SENTENCES", "given TOO_MANY_SENTENCES"));
  EXPECT_EQ(call.summary().document_count(), 2);
}

TEST_F(MatchStreamTest, NearDuplicatesSayWhomTheyRepeat) {
  Start({});
  MatchCall call(*server_);
  call.Send(Document("a", "One two three four."));
  call.Send(Document("copy", "One two three four."));
  call.Send(Document("b", "Un é."));
  ASSERT_TRUE(call.Finish().ok());
  EXPECT_THAT(call.Groups(), ElementsAre("a b", "copy=a"));
}

TEST_F(MatchStreamTest, UnknownLanguagesDrawAWarning) {
  Start({});
  MatchCall call(*server_);
  Request klingon = Document("k", "nuqneH");
  klingon.mutable_document()->mutable_content()->set_language("tlh");
  call.Send(Document("empty", ""));
  call.Send(klingon);
  call.Send(Document("digits", "1 2 3"));
  ASSERT_TRUE(call.Finish().ok());
  ASSERT_EQ(call.summary().warnings_size(), 3);
  EXPECT_EQ(call.summary().warnings(0).reason(), v1::Warning::REASON_LANGUAGE_NOT_COVERED);
  EXPECT_THAT(call.summary().warnings(0).indices(), ElementsAre(1));
  EXPECT_THAT(call.summary().warnings(0).message(), HasSubstr("tlh"));
  EXPECT_THAT(call.summary().warnings(1).indices(), ElementsAre(2));
  EXPECT_EQ(call.summary().warnings(2).reason(), v1::Warning::REASON_LANGUAGE_UNCERTAIN);
}

struct BadCall {
  std::string name;
  std::function<void(MatchCall&)> send;
  grpc::StatusCode code;
  std::string reason;
};

TEST_F(MatchStreamTest, BadCallsAreExplainedAndTheNextIsAnswered) {
  Start({.match_documents_max = 3, .match_bytes_max = 5000});
  const auto with_options = [](const std::function<void(v1::MatchOptions&)>& set) {
    Request request;
    set(*request.mutable_options());
    return request;
  };
  const std::vector<BadCall> cases = {
      {"probability",
       [&](MatchCall& call) {
         call.Send(with_options([](v1::MatchOptions& o) { o.set_min_probability(1.5F); }));
       },
       grpc::StatusCode::INVALID_ARGUMENT, "VALUE_OUT_OF_RANGE"},
      {"model",
       [&](MatchCall& call) {
         call.Send(with_options([](v1::MatchOptions& o) { o.set_model("labse"); }));
       },
       grpc::StatusCode::FAILED_PRECONDITION, "MODEL_NOT_FOUND"},
      {"late options",
       [&](MatchCall& call) {
         call.Send(Document("a", "One."));
         call.Send(with_options([](v1::MatchOptions&) {}));
       },
       grpc::StatusCode::INVALID_ARGUMENT, "STEP_OUT_OF_ORDER"},
      {"documents",
       [](MatchCall& call) {
         for (int d = 0; d < 4; ++d) call.Send(Document(absl::StrCat(d), "x"));
       },
       grpc::StatusCode::RESOURCE_EXHAUSTED, "BATCH_TOO_LARGE"},
      {"bytes",
       [](MatchCall& call) {
         call.Send(Document("a", std::string(3000, 'x')));
         call.Send(Document("b", std::string(3000, 'x')));
       },
       grpc::StatusCode::RESOURCE_EXHAUSTED, "BATCH_TOO_LARGE"},
  };
  for (const BadCall& test : cases) {
    MatchCall call(*server_);
    test.send(call);
    const grpc::Status status = call.Finish();
    EXPECT_EQ(status.error_code(), test.code) << test.name;
    EXPECT_EQ(ReasonOf(RpcStatusOf(status)), test.reason) << test.name;
    EXPECT_THAT(MatchTwo(), ElementsAre("a b")) << "after " << test.name;
  }
}

TEST_F(MatchStreamTest, BytesThatAreNoMessageEndTheCallAndNothingIsMatched) {
  Start({});
  for (const std::string& bytes : kNoMessages) {
    RawStream caller(*server_->channel(), "/hexapla.v1.AlignmentService/MatchDocuments");
    caller.Send(Document("a", "One two.").SerializeAsString()).Send(bytes);
    const grpc::Status status = caller.Close();
    EXPECT_THAT(caller.replies(), IsEmpty());
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "REQUEST_INVALID");
    EXPECT_THAT(MatchTwo(), ElementsAre("a b"));
  }
}

TEST_F(MatchStreamTest, AllHeapsTogetherAreBounded) {
  Start({.match_bytes_max = 5000});
  {
    MatchCall large(*server_);
    large.Send(Document("a", std::string(4400, 'x')));
    // Until the server has read it.
    std::vector<std::string> answer;
    for (int attempt = 0; attempt < 500; ++attempt) {
      answer = MatchTwo();
      if (answer != std::vector<std::string>{"a b"}) break;
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_THAT(answer, ElementsAre("SERVER_OVERLOADED"));
    large.Cancel();
    EXPECT_EQ(large.ReadAll().error_code(), grpc::StatusCode::CANCELLED);
  }
  std::vector<std::string> answer;
  for (int attempt = 0; attempt < 500; ++attempt) {
    answer = MatchTwo();
    if (answer == std::vector<std::string>{"a b"}) break;
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_THAT(answer, ElementsAre("a b"));
}

TEST_F(MatchStreamTest, ACallerThatStallsIsGivenUp) {
  Start({.stream_stall_max = absl::Milliseconds(100)});
  MatchCall call(*server_);
  call.Send(Document("a", "One."));
  const grpc::Status status = call.ReadAll();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "DEADLINE_EXCEEDED");
  EXPECT_THAT(status.error_message(), HasSubstr("stalled"));
}

TEST_F(MatchStreamTest, WhatAllStreamsHoldIsBounded) {
  Start({.streams_bytes_max = 5000});
  {
    MatchCall large(*server_);
    large.Send(Document("a", std::string(4400, 'x')));
    for (int i = 0; i < 1000 && server_->stream_memory().held() == 0; ++i) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_THAT(MatchTwo(), ElementsAre("SERVER_OVERLOADED"));
    large.Cancel();
    EXPECT_EQ(large.ReadAll().error_code(), grpc::StatusCode::CANCELLED);
  }
  for (int i = 0; i < 1000 && server_->stream_memory().held() > 0; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_THAT(MatchTwo(), ElementsAre("a b"));
  MatchCall larger(*server_);
  larger.Send(Document("a", std::string(5001, 'x')));
  const grpc::Status status = larger.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "LIMIT_EXCEEDED");
}

TEST_F(MatchStreamTest, StreamsBeyondTheLimitAreRefused) {
  Start({.streams_max = 1});
  const auto wait_for_streams = [this](size_t streams) {
    for (int i = 0; i < 1000 && server_->stream_memory().streams() != streams; ++i) {
      absl::SleepFor(absl::Milliseconds(10));
    }
  };
  MatchCall open(*server_);
  wait_for_streams(1);
  EXPECT_THAT(MatchTwo(), ElementsAre("SERVER_OVERLOADED"));
  open.Cancel();
  EXPECT_EQ(open.ReadAll().error_code(), grpc::StatusCode::CANCELLED);
  wait_for_streams(0);
  EXPECT_THAT(MatchTwo(), ElementsAre("a b"));
}

TEST_F(MatchStreamTest, AFullPoolFailsTheMatchAtOnceAndSaysWhenToRetry) {
  Start({}, {.workers = 1, .cheap_workers = 0, .cost_max = 100, .cheap_cost_reserve = 0});
  absl::Notification begun;
  absl::Notification let_go;
  ASSERT_TRUE(server_->pool()
                  .Submit(WorkLane::kHeavy, 100,
                          [&] {
                            begun.Notify();
                            let_go.WaitForNotification();
                          })
                  .ok());
  begun.WaitForNotification();
  MatchCall call(*server_);
  call.Send(Document("a", "One two."));
  const grpc::Status status = call.Finish();
  let_go.Notify();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "SERVER_OVERLOADED");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(RpcStatusOf(status)).has_value());
  for (int i = 0; i < 1000 && server_->pool().stats().cost > 0; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_THAT(MatchTwo(), ElementsAre("a b"));
}

TEST_F(MatchStreamTest, CancellationStopsTheMatch) {
  Start({});
  MatchCall call(*server_);
  for (int d = 0; d < 600; ++d) {
    std::string text;
    for (int s = 0; s < 40; ++s) {
      for (int w = 0; w < 10; ++w) {
        const int letter = (d / 2 + s * w) % 26;
        absl::StrAppend(&text, std::string(1, static_cast<char>('a' + letter)), d / 2, "x", w, " ");
      }
      absl::StrAppend(&text, d % 2 == 0 ? "end.\n" : "é.\n");
    }
    call.Send(Document(absl::StrCat(d), text));
  }
  std::thread caller([&] {
    while (server_->pool().stats().running[1] == 0) absl::SleepFor(absl::Milliseconds(1));
    absl::SleepFor(absl::Milliseconds(50));
    call.Cancel();
  });
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::CANCELLED);
  caller.join();
  const absl::Time cancelled = absl::Now();
  while (server_->pool().stats().running[1] > 0 && absl::Now() - cancelled < absl::Seconds(100)) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_LT(absl::Now() - cancelled, absl::Seconds(2));
  EXPECT_THAT(MatchTwo(), ElementsAre("a b"));
}

TEST_F(MatchStreamTest, AShutdownEndsCallsThatStillSend) {
  Start({});
  MatchCall call(*server_);
  call.Send(Document("a", "One."));
  server_->alignment().Drain();
  const grpc::Status status = call.ReadAll();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "SERVER_NOT_READY");
  EXPECT_THAT(MatchTwo(), ElementsAre("SERVER_NOT_READY"));
}

}  // namespace
}  // namespace hexapla
