// SPDX-License-Identifier: Apache-2.0
#include "server/service/detect_stream.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"
#include "tests/server/service/raw_stream.h"

namespace hexapla {
namespace {

using Request = v1::StreamDetectLanguagesRequest;
using Response = v1::StreamDetectLanguagesResponse;

Request Batch(const std::string& id, const std::string& text = "One.") {
  Request request;
  request.set_request_id(id);
  request.mutable_batch()->add_texts(text);
  return request;
}

// Too large to be answered where it is read.
Request LargeBatch(const std::string& id) { return Batch(id, std::string(8000, 'x')); }

// One stream as a caller sees it.
class Caller {
 public:
  explicit Caller(InProcessServer& server, absl::Duration timeout = absl::Seconds(200))
      : stub_(v1::LanguageService::NewStub(server.channel())) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    stream_ = stub_->StreamDetectLanguages(&context_);
  }

  Caller& Send(const Request& request) {
    stream_->Write(request);
    return *this;
  }
  // The next reply; an empty one at the end.
  Response Read() {
    Response response;
    if (!stream_->Read(&response)) response.Clear();
    replies[response.request_id()] = response;
    return response;
  }
  void HalfClose() { stream_->WritesDone(); }
  grpc::Status ReadToEnd() {
    Response response;
    while (stream_->Read(&response)) {
      ++count;
      replies[response.request_id()] = response;
    }
    return stream_->Finish();
  }
  grpc::Status Close() {
    HalfClose();
    return ReadToEnd();
  }
  void Vanish() { context_.TryCancel(); }

  std::string ReasonFor(const std::string& id) {
    if (replies.count(id) == 0) return "no reply";
    return replies[id].has_error() ? ReasonOf(replies[id].error()) : "";
  }

  std::map<std::string, Response> replies;
  int count = 0;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::LanguageService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream_;
};

// Keeps every thread of the pool busy from its making until it is destroyed.
class BusyPool {
 public:
  explicit BusyPool(WorkerPool& pool) {
    absl::BlockingCounter begun(2);
    for (int i = 0; i < 2; ++i) {
      const auto wait = [&begun, end = end_] {
        begun.DecrementCount();
        end->WaitForNotification();
      };
      EXPECT_TRUE(pool.Submit(WorkLane::kCheap, 1, wait).ok());
    }
    begun.Wait();
  }
  ~BusyPool() { end_->Notify(); }

 private:
  const std::shared_ptr<absl::Notification> end_ = std::make_shared<absl::Notification>();
};

class DetectStreamTest : public ::testing::Test {
 protected:
  bool Eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000 && !holds(); ++i) absl::SleepFor(absl::Milliseconds(10));
    return holds();
  }
  size_t Queued() { return server_.pool().stats().queued[static_cast<size_t>(WorkLane::kCheap)]; }

  // One worker and one thread for cheap work only.
  InProcessServer server_{{.limits = {.batch_items_max = 3, .text_bytes_max = 10000}}};
};

TEST_F(DetectStreamTest, AnEmptyStreamEndsWell) { EXPECT_TRUE(Caller(server_).Close().ok()); }

TEST_F(DetectStreamTest, ABatchIsAnsweredAsTheUnaryCallWould) {
  Caller caller(server_);
  Request request = Batch("a");
  request.mutable_batch()->add_texts("Été.");
  request.mutable_batch()->mutable_options()->add_candidates("qqq");
  request.mutable_batch()->mutable_options()->add_candidates("fr");
  ASSERT_TRUE(caller.Send(request).Close().ok());
  const v1::DetectLanguagesResponse& batch = caller.replies["a"].batch();
  ASSERT_EQ(batch.results_size(), 2);
  EXPECT_EQ(batch.results(0).detection().language(), "fr");
  EXPECT_EQ(batch.warnings_size(), 1);
  EXPECT_EQ(batch.metadata().models(0).name(), "lid");
}

TEST_F(DetectStreamTest, AnswersComeWhileTheStreamIsOpen) {
  Caller caller(server_);
  EXPECT_EQ(caller.Send(Batch("a")).Read().request_id(), "a");
  EXPECT_EQ(caller.Send(LargeBatch("b")).Read().request_id(), "b");
  EXPECT_EQ(caller.Send(Batch("a")).Read().request_id(), "a");  // free again
  EXPECT_EQ(caller.ReasonFor("a"), "");
}

TEST_F(DetectStreamTest, ManyBatchesAreAllAnsweredOnce) {
  Caller caller(server_);
  std::thread writer([&caller] {
    for (int i = 0; i < 2000; ++i) {
      caller.Send(i % 3 == 0 ? LargeBatch(absl::StrCat(i)) : Batch(absl::StrCat(i)));
    }
    caller.HalfClose();
  });
  EXPECT_TRUE(caller.ReadToEnd().ok());
  writer.join();
  EXPECT_EQ(caller.count, 2000);
  EXPECT_EQ(caller.replies.size(), 2000u);
}

TEST_F(DetectStreamTest, BadBatchesAndTextsFailAlone) {
  Caller caller(server_);
  Request no_batch;
  no_batch.set_request_id("no batch");
  Request empty;
  empty.set_request_id("empty");
  empty.mutable_batch();
  Request large = Batch("large");
  for (int i = 0; i < 3; ++i) large.mutable_batch()->add_texts("");
  Request no_model = Batch("no model");
  no_model.mutable_batch()->mutable_options()->set_model("cld9");
  Request long_text = Batch("long text");
  long_text.mutable_batch()->add_texts(std::string(10001, 'x'));
  const std::string long_id(129, 'i');
  caller.Send(no_batch).Send(empty).Send(large).Send(no_model).Send(long_text);
  caller.Send(Batch("")).Send(Batch(long_id)).Send(Batch("good"));
  ASSERT_TRUE(caller.Close().ok());
  EXPECT_EQ(caller.count, 8);
  EXPECT_EQ(caller.ReasonFor("no batch"), "FIELD_MISSING");
  EXPECT_EQ(FieldOf(caller.replies["no batch"].error()), "batch");
  EXPECT_EQ(caller.ReasonFor("empty"), "BATCH_EMPTY");
  EXPECT_EQ(caller.ReasonFor("large"), "BATCH_TOO_LARGE");
  EXPECT_EQ(caller.ReasonFor("no model"), "MODEL_NOT_FOUND");
  EXPECT_TRUE(DetailOf<google::rpc::ResourceInfo>(caller.replies["no model"].error()).has_value());
  EXPECT_EQ(caller.ReasonFor(""), "FIELD_MISSING");
  EXPECT_EQ(caller.ReasonFor(long_id.substr(0, 128)), "TEXT_TOO_LONG");
  EXPECT_EQ(caller.ReasonFor("good"), "");
  const v1::DetectLanguagesResponse& batch = caller.replies["long text"].batch();
  EXPECT_TRUE(batch.results(0).has_detection());
  EXPECT_EQ(ReasonOf(batch.results(1).error()), "TEXT_TOO_LONG");
}

TEST_F(DetectStreamTest, BytesThatAreNoMessageEndTheStreamAndLoseNothingElse) {
  for (const std::string& bytes : kNoMessages) {
    RawStream caller(*server_.channel(), "/hexapla.v1.LanguageService/StreamDetectLanguages");
    caller.Send(Batch("a").SerializeAsString()).Send(LargeBatch("b").SerializeAsString());
    const grpc::Status status = caller.Send(bytes).Close();
    EXPECT_EQ(caller.replies().size(), 2u);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "REQUEST_INVALID");
  }
  EXPECT_TRUE(Eventually([&] { return server_.stream_memory().held() == 0; }));
}

TEST_F(DetectStreamTest, AnIdInUseIsRefused) {
  auto busy = std::make_unique<BusyPool>(server_.pool());
  Caller caller(server_);
  caller.Send(LargeBatch("a")).Send(Batch("a"));
  EXPECT_EQ(caller.Read().error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(caller.ReasonFor("a"), "STEP_OUT_OF_ORDER");
  busy.reset();
  EXPECT_TRUE(caller.Close().ok());
  EXPECT_EQ(caller.ReasonFor("a"), "");
}

TEST_F(DetectStreamTest, NoMoreIsReadThanIsAnswered) {
  auto busy = std::make_unique<BusyPool>(server_.pool());
  Caller caller(server_);
  std::thread writer([&caller] {
    for (int i = 0; i < 200; ++i) caller.Send(LargeBatch(absl::StrCat(i)));
    caller.HalfClose();
  });
  EXPECT_TRUE(Eventually([this] { return Queued() == 32; }));
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(Queued(), 32u);
  busy.reset();
  EXPECT_TRUE(caller.ReadToEnd().ok());
  writer.join();
  EXPECT_EQ(caller.count, 200);
}

TEST_F(DetectStreamTest, AnOverloadFailsTheBatchAndSaysWhenToRetry) {
  InProcessServer server({.pool = {.workers = 1, .cost_max = 9000, .cheap_cost_reserve = 0}});
  auto busy = std::make_unique<BusyPool>(server.pool());
  Caller caller(server);
  caller.Send(LargeBatch("a")).Send(LargeBatch("b"));
  EXPECT_EQ(caller.Read().request_id(), "b");
  EXPECT_EQ(caller.ReasonFor("b"), "SERVER_OVERLOADED");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(caller.replies["b"].error()).has_value());
  busy.reset();
  EXPECT_TRUE(caller.Close().ok());
  EXPECT_EQ(caller.ReasonFor("a"), "");
}

TEST_F(DetectStreamTest, WhatAllStreamsHoldIsBounded) {
  InProcessServer server({.limits = {.streams_bytes_max = 10000}});
  {
    auto busy = std::make_unique<BusyPool>(server.pool());
    Caller caller(server);
    caller.Send(LargeBatch("a")).Send(LargeBatch("b"));
    EXPECT_EQ(caller.Read().request_id(), "b");
    EXPECT_EQ(caller.ReasonFor("b"), "SERVER_OVERLOADED");
    EXPECT_EQ(MetadataOf(caller.replies["b"].error(), "limit"), "10000");
    EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(caller.replies["b"].error()).has_value());
    busy.reset();
    EXPECT_TRUE(caller.Close().ok());
    EXPECT_EQ(caller.ReasonFor("a"), "");
  }
  EXPECT_TRUE(Eventually([&] { return server.stream_memory().held() == 0; }));
  EXPECT_EQ(server.stream_memory().refused(), 1u);
}

TEST_F(DetectStreamTest, StreamsBeyondTheLimitAreRefused) {
  InProcessServer server({.limits = {.streams_max = 1}});
  Caller open(server);
  ASSERT_TRUE(Eventually([&] { return server.stream_memory().streams() == 1; }));
  const grpc::Status refused = Caller(server).ReadToEnd();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(refused)), "SERVER_OVERLOADED");
  EXPECT_TRUE(open.Send(Batch("a")).Close().ok());
  EXPECT_EQ(open.ReasonFor("a"), "");
  EXPECT_TRUE(Eventually([&] { return server.stream_memory().streams() == 0; }));
}

TEST_F(DetectStreamTest, AnIdleStreamLeavesItsPlaceWhenAllAreTaken) {
  InProcessServer server({.limits = {.streams_max = 2, .stream_stall_max = absl::Seconds(1)}});
  Caller idle(server);
  EXPECT_TRUE(idle.Send(Batch("a")).Read().has_batch());
  absl::SleepFor(absl::Milliseconds(1500));
  EXPECT_EQ(server.stream_memory().streams(), 1u);  // nobody wants its place
  Caller other(server);
  const grpc::Status left = idle.ReadToEnd();
  EXPECT_EQ(left.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_NE(left.error_message().find("the stream stalled"), std::string::npos);
  other.Close();
}

TEST_F(DetectStreamTest, ACallerThatVanishesLeavesNothingBehind) {
  {
    auto busy = std::make_unique<BusyPool>(server_.pool());
    Caller caller(server_);
    for (int i = 0; i < 10; ++i) caller.Send(LargeBatch(absl::StrCat(i)));
    ASSERT_TRUE(Eventually([this] { return Queued() == 10; }));
    caller.Vanish();
    EXPECT_EQ(caller.ReadToEnd().error_code(), grpc::StatusCode::CANCELLED);
  }
  EXPECT_TRUE(Eventually([this] { return Queued() == 0; }));
  Caller next(server_);
  EXPECT_TRUE(next.Send(Batch("a")).Close().ok());
  EXPECT_EQ(next.ReasonFor("a"), "");
}

TEST_F(DetectStreamTest, ADeadlineEndsTheStream) {
  auto busy = std::make_unique<BusyPool>(server_.pool());
  Caller caller(server_, absl::Milliseconds(100));
  caller.Send(LargeBatch("a"));
  EXPECT_EQ(caller.ReadToEnd().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST(DetectStreamStallTest, WhoReadsNothingIsLetGoAndWhoWaitsIsNot) {
  InProcessServer server({.limits = {.stream_stall_max = absl::Milliseconds(200)}});
  Caller patient(server);
  EXPECT_TRUE(patient.Send(Batch("a")).Read().has_batch());
  Caller deaf(server);
  // Replies of more bytes than any transport keeps for its reader.
  Request many = Batch("0");
  for (int i = 0; i < 4000; ++i) many.mutable_batch()->add_texts("One.");
  for (int i = 0; i < 20; ++i) {
    many.set_request_id(absl::StrCat(i));
    deaf.Send(many);
  }
  // Only the patient one is left.
  const auto has_one = [&] { return server.stream_memory().streams() == 1; };
  for (int i = 0; i < 1000 && !has_one(); ++i) absl::SleepFor(absl::Milliseconds(10));
  ASSERT_TRUE(has_one());
  EXPECT_EQ(deaf.ReadToEnd().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(patient.Send(Batch("b")).Read().has_batch());
  EXPECT_TRUE(patient.Close().ok());
}

// Of five batches as many are read as these limits let be unanswered.
void ExpectBatchesRead(const ServiceLimits& limits, size_t batches) {
  InProcessServer server({.limits = limits});
  auto busy = std::make_unique<BusyPool>(server.pool());
  Caller caller(server);
  // A write ends when the server reads.
  std::atomic<int> sent = 0;
  std::thread sender([&caller, &sent] {
    for (; sent < 5; ++sent) caller.Send(LargeBatch(absl::StrCat(sent.load())));
  });
  const auto queued = [&server] {
    return server.pool().stats().queued[static_cast<size_t>(WorkLane::kCheap)];
  };
  while (queued() < batches) absl::SleepFor(absl::Milliseconds(1));
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(queued(), batches);
  busy.reset();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(caller.Read().has_batch());
  sender.join();
  EXPECT_TRUE(caller.Close().ok());
}

TEST(DetectStreamLimitTest, ReadsNoMoreThanItMayHold) {
  ExpectBatchesRead({.stream_batches_max = 2}, 2);
  ExpectBatchesRead({.stream_batches_bytes_max = 1}, 1);
}

TEST_F(DetectStreamTest, ADrainAnswersWhatWasReadAndEndsTheStream) {
  auto busy = std::make_unique<BusyPool>(server_.pool());
  Caller caller(server_);
  caller.Send(LargeBatch("a"));
  ASSERT_TRUE(Eventually([this] { return Queued() == 1; }));
  server_.language().Drain();
  busy.reset();
  const grpc::Status status = caller.ReadToEnd();
  EXPECT_EQ(caller.ReasonFor("a"), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "SERVER_NOT_READY");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(RpcStatusOf(status)).has_value());
}

TEST_F(DetectStreamTest, AStreamThatBeginsDuringADrainEndsAtOnce) {
  server_.language().Drain();
  EXPECT_EQ(Caller(server_).ReadToEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace hexapla
