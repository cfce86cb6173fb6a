// SPDX-License-Identifier: Apache-2.0
#include "server/service/align_stream.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"
#include "tests/server/service/raw_stream.h"
#include "tests/server/service/stand_in_engines.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Request = v1::StreamAlignDocumentsRequest;
using Response = v1::StreamAlignDocumentsResponse;

Request Whole(const std::string& id) {
  Request request;
  request.set_request_id(id);
  *request.mutable_documents() = TwoVersions();
  return request;
}

Request Open(const std::string& id, int versions = 2) {
  Request request;
  request.set_request_id(id);
  request.mutable_open();
  for (int v = 0; v < versions; ++v) request.mutable_open()->add_versions();
  return request;
}

Request Chunk(const std::string& id, int version, const std::string& text) {
  Request request;
  request.set_request_id(id);
  request.mutable_chunk()->set_version_index(version);
  request.mutable_chunk()->set_text(text);
  return request;
}

Request End(const std::string& id) {
  Request request;
  request.set_request_id(id);
  request.mutable_end();
  return request;
}

Request Cancel(const std::string& id) {
  Request request;
  request.set_request_id(id);
  request.mutable_cancel();
  return request;
}

// One stream as a caller sees it.
class Caller {
 public:
  explicit Caller(InProcessServer& server, absl::Duration timeout = absl::Seconds(200))
      : stub_(v1::AlignmentService::NewStub(server.channel())) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    stream_ = stub_->StreamAlignDocuments(&context_);
  }

  Caller& Send(const Request& request) {
    stream_->Write(request);
    return *this;
  }
  // The next reply; an empty one at the end.
  Response Read() {
    Response response;
    if (!stream_->Read(&response)) response.Clear();
    return response;
  }
  // Reads on to the last reply of any set.
  Response ReadLast() {
    while (true) {
      Response response = Read();
      Keep(response);
      if (!response.has_summary() && !response.has_error() && !response.request_id().empty()) {
        continue;
      }
      return response;
    }
  }
  void HalfClose() { stream_->WritesDone(); }
  // Closes this side and reads the rest.
  grpc::Status Close() {
    HalfClose();
    return ReadToEnd();
  }
  grpc::Status ReadToEnd() {
    Response response;
    while (stream_->Read(&response)) Keep(response);
    return stream_->Finish();
  }
  void Keep(const Response& response) {
    replies[response.request_id()].push_back(response);
    if (response.has_summary() || response.has_error()) order.push_back(response.request_id());
  }
  void Vanish() { context_.TryCancel(); }

  // The reason of a set's last reply; "" for success.
  std::string ReasonFor(const std::string& id) {
    if (replies[id].empty()) return "no reply";
    const Response& last = replies[id].back();
    if (last.has_error()) return ReasonOf(last.error());
    return last.has_summary() ? "" : "no last reply";
  }

  std::map<std::string, std::vector<Response>> replies;
  std::vector<std::string> order;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::AlignmentService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream_;
};

// Answers with `count` sentences of one byte in every version.
auto AnswerSentences(size_t count) {
  return [count](const ModelSet&, const std::vector<VersionInput>& versions, const AlignOptions&,
                 const StopCondition&) {
    AlignedDocuments aligned;
    for (size_t v = 0; v < versions.size(); ++v) {
      AlignedVersion& added = aligned.versions.emplace_back();
      added.language = "en";
      added.sentences.assign(count, {0, 1});
    }
    return aligned;
  };
}

class AlignStreamTest : public ::testing::Test {
 protected:
  void Start(InProcessServerOptions options) {
    server_ = std::make_unique<InProcessServer>(std::move(options));
  }
  void StartWith(AlignFunction align) { Start({.align = std::move(align)}); }

  bool Eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000 && !holds(); ++i) absl::SleepFor(absl::Milliseconds(10));
    return holds();
  }

  std::unique_ptr<InProcessServer> server_;
};

TEST_F(AlignStreamTest, EmptyStreamEndsWell) {
  StartWith(AlignFirstSentences);
  EXPECT_TRUE(Caller(*server_).Close().ok());
}

TEST_F(AlignStreamTest, WholeSetIsAnsweredAsTheUnaryCallWould) {
  StartWith(AlignFirstSentences);
  Caller caller(*server_);
  ASSERT_TRUE(caller.Send(Whole("a")).Close().ok());
  const std::vector<Response>& replies = caller.replies["a"];
  ASSERT_EQ(replies.size(), 4u);
  EXPECT_EQ(replies[0].sentences().version_index(), 0);
  EXPECT_EQ(replies[1].sentences().version_index(), 1);
  EXPECT_EQ(replies[1].sentences().first_sentence_index(), 0);
  EXPECT_EQ(replies[1].sentences().sentences(0).end(), 8);
  EXPECT_THAT(replies[2].beads().beads(0).sides(1).sentence_indices(), ElementsAre(0));
  const v1::AlignmentSummary& summary = replies[3].summary();
  EXPECT_EQ(summary.versions(1).language(), "fr");
  EXPECT_EQ(summary.versions(1).sentences_size(), 0);
  EXPECT_EQ(summary.metadata().models_size(), 3);
}

TEST_F(AlignStreamTest, ManySetsAreAllAnsweredOnce) {
  Start({.pool = {.workers = 3}, .align = AlignFirstSentences});
  Caller caller(*server_);
  std::thread writer([&caller] {
    for (int i = 0; i < 500; ++i) caller.Send(Whole(absl::StrCat(i)));
    caller.HalfClose();
  });
  EXPECT_TRUE(caller.ReadToEnd().ok());
  writer.join();
  EXPECT_EQ(caller.order.size(), 500u);
  EXPECT_EQ(caller.replies.size(), 500u);
}

TEST_F(AlignStreamTest, SetInPartsIsPutTogetherWhileOthersPass) {
  std::vector<std::string> texts;
  StartWith([&texts](const ModelSet& models, const std::vector<VersionInput>& versions,
                     const AlignOptions& options, const StopCondition& stop) {
    texts.emplace_back(versions[0].text);
    return AlignFirstSentences(models, versions, options, stop);
  });
  Caller caller(*server_);
  caller.Send(Open("parts")).Send(Chunk("parts", 0, "One. \xC3")).Send(Whole("whole"));
  EXPECT_EQ(caller.ReadLast().request_id(), "whole");
  caller.Send(Chunk("parts", 0, "\xA9.")).Send(Chunk("parts", 1, "Un.")).Send(End("parts"));
  ASSERT_TRUE(caller.Close().ok());
  EXPECT_EQ(caller.ReasonFor("parts"), "");
  EXPECT_THAT(texts, ElementsAre("One.", "One. \xC3\xA9."));
}

TEST_F(AlignStreamTest, BadSetsFailAloneEachWithOneReply) {
  Start({.limits = {.document_bytes_max = 100}, .align = AlignFirstSentences});
  Caller caller(*server_);
  Request blank = Whole("blank");
  blank.mutable_documents()->mutable_versions(1)->set_text(" ");
  Request no_step;
  no_step.set_request_id("no step");
  caller.Send(blank)
      .Send(no_step)
      .Send(Chunk("stray chunk", 0, "x"))
      .Send(End("stray end"))
      .Send(Open("one version", 1))
      .Send(Chunk("one version", 0, "dropped"))
      .Send(End("one version"))
      .Send(Open("long"))
      .Send(Chunk("long", 0, std::string(101, 'x')))
      .Send(Chunk("long", 1, "dropped"))
      .Send(End("long"))
      .Send(Open("not utf-8"))
      .Send(Chunk("not utf-8", 0, "\xFF"))
      .Send(Chunk("not utf-8", 1, "x"))
      .Send(End("not utf-8"))
      .Send(Open("nothing in it"))
      .Send(End("nothing in it"))
      .Send(Whole(std::string(129, 'i')))
      .Send(Cancel("unknown"))
      .Send(Open("no end"))
      .Send(Whole("good"));
  ASSERT_TRUE(caller.Close().ok());
  const std::map<std::string, std::string> reasons = {{"blank", "TEXT_BLANK"},
                                                      {"no step", "FIELD_MISSING"},
                                                      {"stray chunk", "STEP_OUT_OF_ORDER"},
                                                      {"stray end", "STEP_OUT_OF_ORDER"},
                                                      {"one version", "TOO_FEW_VERSIONS"},
                                                      {"long", "TEXT_TOO_LONG"},
                                                      {"not utf-8", "TEXT_NOT_UTF8"},
                                                      {"nothing in it", "TEXT_MISSING"},
                                                      {std::string(128, 'i'), "TEXT_TOO_LONG"},
                                                      {"no end", "STEP_OUT_OF_ORDER"},
                                                      {"good", ""}};
  for (const auto& [id, reason] : reasons) EXPECT_EQ(caller.ReasonFor(id), reason) << id;
  EXPECT_EQ(caller.order.size(), reasons.size());
}

TEST_F(AlignStreamTest, EmptyRequestIdEndsTheStream) {
  StartWith(AlignFirstSentences);
  Caller caller(*server_);
  const grpc::Status status = caller.Send(Whole("")).ReadToEnd();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "FIELD_MISSING");
  EXPECT_EQ(FieldOf(RpcStatusOf(status)), "request_id");
}

TEST_F(AlignStreamTest, IdIsFreeAgainAfterTheLastReply) {
  StartWith(AlignFirstSentences);
  Caller caller(*server_);
  EXPECT_TRUE(caller.Send(Whole("a")).ReadLast().has_summary());
  EXPECT_TRUE(caller.Send(Whole("a")).ReadLast().has_summary());
  EXPECT_TRUE(caller.Send(Open("a", 1)).ReadLast().has_error());
  EXPECT_TRUE(caller.Send(Whole("a")).ReadLast().has_summary());
}

TEST_F(AlignStreamTest, IdUsedTwiceFailsTheSetAndStopsItsWork) {
  EndlessEngine engine;
  StartWith(engine.function());
  Caller caller(*server_);
  caller.Send(Whole("a"));
  engine.WaitUntilRunning();
  EXPECT_EQ(ReasonOf(caller.Send(Whole("a")).ReadLast().error()), "STEP_OUT_OF_ORDER");
  EXPECT_TRUE(engine.WaitUntilStopped());
}

TEST_F(AlignStreamTest, CancelledSetsStopAtOnceAndTheOthersGoOn) {
  EndlessEngine engine;
  StartWith(engine.function());  // one worker
  Caller caller(*server_);
  caller.Send(Whole("running")).Send(Whole("waiting")).Send(Open("open"));
  engine.WaitUntilRunning();
  const absl::Time begin = absl::Now();
  caller.Send(Cancel("running")).Send(Cancel("waiting")).Send(Cancel("open"));
  for (int i = 0; i < 3; ++i) caller.ReadLast();
  EXPECT_TRUE(engine.WaitUntilStopped());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
  for (const char* id : {"running", "waiting", "open"}) {
    EXPECT_EQ(caller.replies[id].back().error().code(), grpc::StatusCode::CANCELLED) << id;
  }
  engine.LetGo();
  EXPECT_TRUE(caller.Send(Whole("next")).ReadLast().has_summary());
}

TEST_F(AlignStreamTest, VanishedCallerStopsTheWorkAndFreesThePool) {
  EndlessEngine engine;
  StartWith(engine.function());
  Caller caller(*server_);
  for (int i = 0; i < 10; ++i) caller.Send(Whole(absl::StrCat(i)));
  engine.WaitUntilRunning();
  const absl::Time begin = absl::Now();
  caller.Vanish();
  ASSERT_TRUE(engine.WaitUntilStopped());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(2));
  EXPECT_EQ(caller.ReadToEnd().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return server_->pool().stats().cost == 0; }));
  EXPECT_EQ(engine.runs(), 1);
}

TEST_F(AlignStreamTest, DeadlineOfTheStreamStopsTheWork) {
  EndlessEngine engine;
  StartWith(engine.function());
  Caller caller(*server_, absl::Milliseconds(100));
  EXPECT_EQ(caller.Send(Whole("a")).ReadToEnd().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(engine.WaitUntilStopped());
}

TEST_F(AlignStreamTest, NothingIsReadBeyondTheLimitUntilThereIsRoom) {
  EndlessEngine engine;
  Start({.limits = {.stream_sets_max = 4}, .align = engine.function()});
  Caller caller(*server_);
  std::atomic<int> sent = 0;
  std::thread writer([&] {
    for (int i = 0; i < 40; ++i) {
      Request request = Whole(absl::StrCat(i));
      // More than the transport holds on its way.
      request.mutable_documents()->mutable_versions(0)->set_text(std::string(1 << 20, 'x'));
      caller.Send(request);
      ++sent;
    }
    caller.HalfClose();
  });
  engine.WaitUntilRunning();
  absl::SleepFor(absl::Milliseconds(200));
  EXPECT_LE(sent, 8);
  engine.LetGo();
  EXPECT_TRUE(caller.ReadToEnd().ok());
  writer.join();
  EXPECT_EQ(caller.order.size(), 40u);
}

TEST_F(AlignStreamTest, NoWorkBeginsWhileRepliesWaitToBeRead) {
  std::atomic<int> runs = 0;
  Start({.limits = {.stream_replies_bytes_max = 1 << 20},
         .align = [&runs](const ModelSet&, const std::vector<VersionInput>& versions,
                          const AlignOptions&, const StopCondition&) {
           ++runs;
           AlignedDocuments aligned;
           for (const VersionInput& version : versions) {
             AlignedVersion& added = aligned.versions.emplace_back();
             added.language = "en";
             // A reply of about 2 MiB.
             added.sentences.assign(200000, {0, version.text.size()});
           }
           return aligned;
         }});
  Caller caller(*server_);
  for (int i = 0; i < 30; ++i) caller.Send(Whole(absl::StrCat(i)));
  caller.HalfClose();
  absl::SleepFor(absl::Milliseconds(500));
  const int before = runs;
  EXPECT_LT(before, 10);
  EXPECT_TRUE(caller.ReadToEnd().ok());
  EXPECT_EQ(caller.order.size(), 30u);
  EXPECT_EQ(runs, 30);
}

TEST_F(AlignStreamTest, OpenSetsAreBoundedInNumberAndBytes) {
  Start({.limits = {.stream_sets_max = 2, .stream_bytes_max = 10}, .align = AlignFirstSentences});
  Caller caller(*server_);
  caller.Send(Open("a")).Send(Open("b")).Send(Open("one too many"));
  EXPECT_EQ(ReasonOf(caller.ReadLast().error()), "LIMIT_EXCEEDED");
  caller.Send(Chunk("a", 0, "12345678")).Send(Chunk("b", 0, "123"));
  const Response failed = caller.ReadLast();
  EXPECT_EQ(failed.request_id(), "b");
  EXPECT_EQ(ReasonOf(failed.error()), "LIMIT_EXCEEDED");
  // Alone it may be as large as a document.
  caller.Send(Chunk("a", 0, "90123456")).Send(Chunk("a", 1, "x")).Send(End("a"));
  EXPECT_TRUE(caller.ReadLast().has_summary());
}

TEST_F(AlignStreamTest, AnOverloadFailsTheSetAtOnceAndSaysWhenToRetry) {
  EndlessEngine engine;
  Start({.pool = {.workers = 1, .cheap_workers = 0, .cost_max = 10, .cheap_cost_reserve = 0},
         .align = engine.function()});
  Caller first(*server_);
  first.Send(Whole("first"));  // costs all there is
  engine.WaitUntilRunning();
  Caller second(*server_);
  const Response refused = second.Send(Whole("second")).ReadLast();
  EXPECT_EQ(refused.request_id(), "second");
  EXPECT_EQ(refused.error().code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused.error()), "SERVER_OVERLOADED");
  EXPECT_EQ(MetadataOf(refused.error(), "limit"), "10");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(refused.error()).has_value());
  engine.LetGo();
  EXPECT_TRUE(first.ReadLast().has_summary());
  ASSERT_TRUE(Eventually([&] { return server_->pool().stats().cost == 0; }));
  // The stream itself goes on.
  EXPECT_TRUE(second.Send(Whole("second")).ReadLast().has_summary());
  EXPECT_TRUE(second.Close().ok());
}

TEST_F(AlignStreamTest, ASetWaitsForOthersOfItsOwnStream) {
  Start({.pool = {.workers = 1, .cheap_workers = 0, .cost_max = 10, .cheap_cost_reserve = 0},
         .align = AlignFirstSentences});
  Caller caller(*server_);
  for (int i = 0; i < 50; ++i) caller.Send(Whole(absl::StrCat(i)));  // each costs all there is
  EXPECT_TRUE(caller.Close().ok());
  ASSERT_EQ(caller.order.size(), 50u);
  for (const std::string& id : caller.order) EXPECT_EQ(caller.ReasonFor(id), "") << id;
}

TEST_F(AlignStreamTest, WhatAllStreamsHoldIsBounded) {
  // Room for one set and its replies, and a bit of another.
  Start({.limits = {.streams_bytes_max = 3000}, .align = AlignFirstSentences});
  Caller hoarder(*server_);
  hoarder.Send(Open("held")).Send(Chunk("held", 0, std::string(1000, 'x')));
  ASSERT_TRUE(Eventually([&] { return server_->stream_memory().held() > 2000; }));
  Caller other(*server_);
  const Response refused = other.Send(Whole("a")).ReadLast();
  EXPECT_EQ(refused.error().code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused.error()), "SERVER_OVERLOADED");
  EXPECT_EQ(MetadataOf(refused.error(), "limit"), "3000");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(refused.error()).has_value());
  EXPECT_GE(server_->stream_memory().refused(), 1u);
  // What would pass the limit fails, and what was held for it is free.
  const Response grown = hoarder.Send(Chunk("held", 1, std::string(1000, 'x'))).ReadLast();
  EXPECT_EQ(grown.request_id(), "held");
  EXPECT_EQ(ReasonOf(grown.error()), "LIMIT_EXCEEDED");
  EXPECT_TRUE(other.Send(Whole("a")).ReadLast().has_summary());
  EXPECT_TRUE(hoarder.Close().ok());
  EXPECT_TRUE(other.Close().ok());
  EXPECT_TRUE(Eventually([&] { return server_->stream_memory().held() == 0; }));
}

TEST_F(AlignStreamTest, StreamsBeyondTheLimitAreRefusedUntilOthersEnd) {
  Start({.limits = {.streams_max = 2}, .align = AlignFirstSentences});
  const auto open_streams = [this] { return server_->stream_memory().streams(); };
  Caller first(*server_);
  Caller second(*server_);
  ASSERT_TRUE(Eventually([&] { return open_streams() == 2; }));
  const grpc::Status refused = Caller(*server_).ReadToEnd();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  const google::rpc::Status details = RpcStatusOf(refused);
  EXPECT_EQ(ReasonOf(details), "SERVER_OVERLOADED");
  EXPECT_EQ(MetadataOf(details, "limit"), "2");
  EXPECT_EQ(MetadataOf(details, "value"), "3");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(details).has_value());
  EXPECT_EQ(server_->stream_memory().streams_refused(), 1u);
  // Those that are open go on, and leave their places when they end or vanish.
  EXPECT_TRUE(first.Send(Whole("a")).ReadLast().has_summary());
  EXPECT_TRUE(first.Close().ok());
  EXPECT_TRUE(Eventually([&] { return open_streams() == 1; }));
  second.Vanish();
  EXPECT_EQ(second.ReadToEnd().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return open_streams() == 0; }));
  Caller next(*server_);
  EXPECT_TRUE(next.Send(Whole("a")).ReadLast().has_summary());
  EXPECT_TRUE(next.Close().ok());
}

TEST_F(AlignStreamTest, AnIdleStreamLeavesItsPlaceWhenAllAreTaken) {
  Start({.limits = {.streams_max = 2, .stream_stall_max = absl::Seconds(1)},
         .align = AlignFirstSentences});
  Caller idle(*server_);
  EXPECT_TRUE(idle.Send(Whole("a")).ReadLast().has_summary());
  absl::SleepFor(absl::Milliseconds(1500));
  EXPECT_EQ(server_->stream_memory().streams(), 1u);  // nobody wants its place
  Caller other(*server_);
  const grpc::Status left = idle.ReadToEnd();
  EXPECT_EQ(left.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(left.error_message(), HasSubstr("the stream stalled"));
  other.Close();
}

TEST_F(AlignStreamTest, RepliesThatDoNotFitBecomeAnError) {
  Start({.limits = {.streams_bytes_max = 3000}, .align = AnswerSentences(2000)});
  Caller caller(*server_);
  const Response last = caller.Send(Whole("a")).ReadLast();
  EXPECT_EQ(last.error().code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(caller.replies["a"].size(), 1u);
  EXPECT_TRUE(caller.Close().ok());
}

TEST_F(AlignStreamTest, NothingIsHeldForCallersThatVanish) {
  EndlessEngine engine;
  StartWith(engine.function());
  {
    Caller caller(*server_);
    caller.Send(Whole("runs")).Send(Open("open")).Send(Chunk("open", 0, "text"));
    for (int i = 0; i < 8; ++i) caller.Send(Whole(absl::StrCat(i)));
    engine.WaitUntilRunning();
    ASSERT_TRUE(Eventually([&] { return server_->stream_memory().held() > 10000; }));
    caller.Vanish();
    EXPECT_FALSE(caller.ReadToEnd().ok());
  }
  EXPECT_TRUE(Eventually([&] { return server_->stream_memory().held() == 0; }));
}

TEST_F(AlignStreamTest, TheServerBoundsTheTimeOfASet) {
  EndlessEngine engine;
  Start({.limits = {.call_time_max = absl::Milliseconds(50)}, .align = engine.function()});
  Caller caller(*server_);
  EXPECT_EQ(caller.Send(Whole("a")).ReadLast().error().code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  engine.LetGo();
  EXPECT_TRUE(caller.Close().ok());
}

TEST_F(AlignStreamTest, StalledCallersAreLetGo) {
  Start({.limits = {.stream_stall_max = absl::Milliseconds(100)}, .align = AlignFirstSentences});
  // A set that never ends.
  Caller half(*server_);
  EXPECT_EQ(half.Send(Open("a")).ReadToEnd().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // Nothing is held for this one.
  Caller idle(*server_);
  EXPECT_TRUE(idle.Send(Whole("a")).ReadLast().has_summary());
  absl::SleepFor(absl::Milliseconds(400));
  EXPECT_TRUE(idle.Send(Whole("b")).ReadLast().has_summary());
  EXPECT_TRUE(idle.Close().ok());
}

TEST_F(AlignStreamTest, CallerThatDoesNotReadIsLetGo) {
  Start(
      {.limits = {.stream_stall_max = absl::Milliseconds(300)}, .align = AnswerSentences(200000)});
  Caller caller(*server_);
  for (int i = 0; i < 10; ++i) caller.Send(Whole(absl::StrCat(i)));
  ASSERT_TRUE(Eventually([&] { return server_->stream_memory().streams() == 1; }));
  ASSERT_TRUE(Eventually([&] { return server_->stream_memory().streams() == 0; }));
  EXPECT_EQ(caller.ReadToEnd().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_LT(caller.order.size(), 10u);
}

TEST_F(AlignStreamTest, DrainFinishesWhatRunsAndEndsUnavailable) {
  EndlessEngine engine;
  StartWith(engine.function());  // one worker, and two sets ahead
  Caller caller(*server_);
  for (int i = 0; i < 8; ++i) caller.Send(Whole(absl::StrCat(i)));
  caller.Send(Open("open"));
  engine.WaitUntilRunning();
  const auto queued = [&] {
    return server_->pool().stats().queued[static_cast<size_t>(WorkLane::kHeavy)];
  };
  ASSERT_TRUE(Eventually([&] { return queued() == 2; }));
  server_->alignment().Drain();
  engine.LetGo();
  const grpc::Status status = caller.ReadToEnd();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "SERVER_NOT_READY");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(RpcStatusOf(status)).has_value());
  EXPECT_THAT(caller.order, ElementsAre("0", "1", "2"));
  for (const std::string& id : caller.order) EXPECT_EQ(caller.ReasonFor(id), "");
  Caller late(*server_);
  EXPECT_EQ(late.ReadToEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(AlignStreamTest, DrainAfterTheLastSetLosesNothing) {
  EndlessEngine engine;
  StartWith(engine.function());
  Caller caller(*server_);
  caller.Send(Whole("a")).Send(Open("no end")).HalfClose();
  engine.WaitUntilRunning();
  // That the server has seen the caller's end is seen by what is missing there.
  EXPECT_EQ(caller.ReadLast().request_id(), "no end");
  server_->alignment().Drain();
  engine.LetGo();
  EXPECT_TRUE(caller.ReadToEnd().ok());
  EXPECT_EQ(caller.ReasonFor("a"), "");
}

TEST_F(AlignStreamTest, BytesThatAreNoMessageEndTheStreamAndLoseNothingElse) {
  StartWith(AlignFirstSentences);
  for (const std::string& bytes : kNoMessages) {
    RawStream caller(*server_->channel(), "/hexapla.v1.AlignmentService/StreamAlignDocuments");
    caller.Send(Whole("a").SerializeAsString()).Send(Open("b").SerializeAsString()).Send(bytes);
    const grpc::Status status = caller.Close();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "REQUEST_INVALID");
    EXPECT_THAT(status.error_message(), HasSubstr("no hexapla.v1.StreamAlignDocumentsRequest"));
    std::map<std::string, Response> last;
    for (const std::string& reply : caller.replies()) {
      Response response;
      ASSERT_TRUE(response.ParseFromString(reply));
      last[response.request_id()] = response;
    }
    EXPECT_TRUE(last["a"].has_summary());
    EXPECT_EQ(ReasonOf(last["b"].error()), "REQUEST_INVALID");
  }
  EXPECT_TRUE(Eventually([&] { return server_->stream_memory().held() == 0; }));
  Caller next(*server_);
  EXPECT_TRUE(next.Send(Whole("b")).Close().ok());
}

TEST_F(AlignStreamTest, LargeSetTellsOfItsProgressAndComesInChunks) {
  Start({});  // the real engine
  Request request;
  request.set_request_id("large");
  for (int v = 0; v < 2; ++v) {
    v1::DocumentVersion& version = *request.mutable_documents()->add_versions();
    version.set_language("en");
    for (int s = 0; s < 500; ++s) {
      version.add_sentences(absl::StrCat("Sentence ", s, " ", std::string(800, 'x')));
    }
  }
  request.mutable_documents()->mutable_options()->set_return_text(true);
  Caller caller(*server_);
  ASSERT_TRUE(caller.Send(request).Close().ok());
  const std::vector<Response>& replies = caller.replies["large"];
  ASSERT_TRUE(replies.front().has_progress());
  EXPECT_EQ(replies.front().progress().stage(), v1::AlignmentProgress::STAGE_QUEUED);
  int chunks = 0;
  std::vector<int> seen(500);
  for (const Response& reply : replies) {
    if (!reply.has_beads()) continue;
    ++chunks;
    EXPECT_LT(reply.ByteSizeLong(), 1u << 20);
    for (const v1::Bead& bead : reply.beads().beads()) {
      for (const int index : bead.sides(0).sentence_indices()) ++seen[index];
    }
  }
  EXPECT_GT(chunks, 1);
  EXPECT_THAT(seen, ::testing::Each(1));
  EXPECT_TRUE(replies.back().has_summary());
}

}  // namespace
}  // namespace hexapla
