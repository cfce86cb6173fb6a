// SPDX-License-Identifier: Apache-2.0
#include "server/service/call_monitor.h"

#include <atomic>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/base/mutex.h"
#include "server/base/request_error.h"
#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"
#include "tests/server/service/stand_in_engines.h"

namespace hexapla {
namespace {

// Remembers the calls, and refuses them all if it is told to.
class Recorder : public CallMonitor {
 public:
  absl::Status Admit(const grpc::CallbackServerContext&) override {
    if (!refuses) return absl::OkStatus();
    return RequestError(absl::StatusCode::kUnauthenticated, {.reason = "TOKEN_INVALID"}, "no");
  }
  void OnStart(const char*) override { ++started_; }
  void OnWork(const char* method, const StageTimes& stages) override {
    MutexLock lock(mutex_);
    for (size_t s = 0; s < kStageCount; ++s) {
      if (stages[s] > absl::ZeroDuration()) {
        stages_.insert(absl::StrCat(absl::StripPrefix(method, "hexapla.v1."), " ",
                                    StageName(static_cast<Stage>(s))));
      }
    }
  }
  void OnEnd(const CallSummary& call) override {
    MutexLock lock(mutex_);
    ended_.push_back(call);
  }

  int started() const { return started_; }
  std::vector<CallSummary> ended() {
    MutexLock lock(mutex_);
    return ended_;
  }

  // "SERVICE/METHOD STAGE" of all that took time.
  std::set<std::string> stages() {
    MutexLock lock(mutex_);
    return stages_;
  }

  std::atomic<bool> refuses = false;

 private:
  std::atomic<int> started_ = 0;
  Mutex mutex_;
  std::vector<CallSummary> ended_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> stages_ ABSL_GUARDED_BY(mutex_);
};

class CallMonitorTest : public testing::Test {
 protected:
  explicit CallMonitorTest(AlignFunction align = AlignFirstSentences)
      : server_({.align = std::move(align), .monitor = &recorder_}) {}

  // A call of every method, with a request that is good, or empty and so bad.
  // Returns how each ended.
  std::vector<grpc::Status> CallAll(bool good) {
    std::vector<grpc::Status> ends;
    const auto call = [&ends](auto stub, auto method, const auto& request, auto response) {
      grpc::ClientContext context;
      ends.push_back(((*stub).*method)(&context, request, &response));
    };
    const auto stream = [&ends](auto stub, auto method, const auto& request, auto response) {
      grpc::ClientContext context;
      const auto opened = ((*stub).*method)(&context);
      opened->Write(request);
      opened->WritesDone();
      while (opened->Read(&response)) {
      }
      ends.push_back(opened->Finish());
    };
    const auto alignment = [this] { return v1::AlignmentService::NewStub(server_.channel()); };
    const auto language = [this] { return v1::LanguageService::NewStub(server_.channel()); };
    using Alignment = v1::AlignmentService::Stub;
    using Language = v1::LanguageService::Stub;
    v1::DetectLanguagesRequest detect;
    v1::StreamDetectLanguagesRequest detect_stream;
    v1::StreamAlignDocumentsRequest align_stream;
    v1::GetModelRequest get_model;
    v1::DetectSpansRequest spans;
    v1::EmbedSentencesRequest embed;
    if (good) {
      detect.add_texts("One.");
      spans.set_text("One.");
      embed.add_sentences("One.");
      *detect_stream.mutable_batch() = detect;
      detect_stream.set_request_id("a");
      *align_stream.mutable_documents() = TwoVersions();
      align_stream.set_request_id("a");
      get_model.set_name(TestModels()->info()[0].name);
    }
    call(alignment(), &Alignment::AlignDocuments,
         good ? TwoVersions() : v1::AlignDocumentsRequest(), v1::AlignDocumentsResponse());
    call(language(), &Language::DetectLanguages, detect, v1::DetectLanguagesResponse());
    call(language(), &Language::DetectSpans, spans, v1::DetectSpansResponse());
    call(v1::EmbeddingService::NewStub(server_.channel()),
         &v1::EmbeddingService::Stub::EmbedSentences, embed, v1::EmbedSentencesResponse());
    call(v1::ModelService::NewStub(server_.channel()), &v1::ModelService::Stub::GetModel, get_model,
         v1::GetModelResponse());
    stream(alignment(), &Alignment::StreamAlignDocuments, align_stream,
           v1::StreamAlignDocumentsResponse());
    stream(language(), &Language::StreamDetectLanguages, detect_stream,
           v1::StreamDetectLanguagesResponse());
    stream(alignment(), &Alignment::MatchDocuments, v1::MatchDocumentsRequest(),
           v1::MatchDocumentsResponse());
    return ends;
  }

  Recorder recorder_;
  InProcessServer server_;
};

class CallMonitorStagesTest : public CallMonitorTest {
 protected:
  CallMonitorStagesTest() : CallMonitorTest(AlignWithModels) {}
};

TEST_F(CallMonitorTest, EveryCallIsReportedOnceWithItsEnd) {
  for (const bool good : {true, false}) {
    const size_t before = recorder_.ended().size();
    const std::vector<grpc::Status> ends = CallAll(good);
    const std::vector<CallSummary> calls = recorder_.ended();
    ASSERT_EQ(calls.size() - before, ends.size());
    for (size_t i = 0; i < ends.size(); ++i) {
      EXPECT_EQ(calls[before + i].code, ends[i].error_code()) << calls[before + i].method;
    }
  }
  EXPECT_EQ(recorder_.started(), static_cast<int>(recorder_.ended().size()));
}

TEST_F(CallMonitorTest, ACallIsReportedWithSizesAndTimes) {
  CallAll(/*good=*/true);
  const std::vector<CallSummary> calls = recorder_.ended();
  const CallSummary& align = calls[0];
  EXPECT_STREQ(align.method, "hexapla.v1.AlignmentService/AlignDocuments");
  EXPECT_EQ(align.received_bytes, static_cast<int64_t>(TwoVersions().ByteSizeLong()));
  EXPECT_GT(align.sent_bytes, 0);
  EXPECT_GT(align.computed, absl::ZeroDuration());
  EXPECT_GE(align.duration, align.queued + align.computed);
  const CallSummary& stream = calls[5];
  EXPECT_STREQ(stream.method, "hexapla.v1.AlignmentService/StreamAlignDocuments");
  EXPECT_GT(stream.received_bytes, align.received_bytes);
  EXPECT_GT(stream.sent_bytes, 0);
  EXPECT_GT(stream.computed, absl::ZeroDuration());
}

TEST_F(CallMonitorStagesTest, EveryStageOfEveryMethodIsTimed) {
  CallAll(/*good=*/false);
  EXPECT_THAT(recorder_.stages(),
              testing::Not(testing::Contains(testing::HasSubstr("AlignDocuments"))));
  CallAll(/*good=*/true);
  std::set<std::string> expected = {
      "LanguageService/DetectLanguages identify",       "LanguageService/DetectSpans identify",
      "LanguageService/StreamDetectLanguages identify", "EmbeddingService/EmbedSentences identify",
      "EmbeddingService/EmbedSentences embed",          "AlignmentService/MatchDocuments read",
      "AlignmentService/MatchDocuments propose",        "AlignmentService/MatchDocuments judge",
      "AlignmentService/MatchDocuments group",
  };
  for (const char* stage : {"identify", "segment", "embed", "align", "join"}) {
    expected.insert(absl::StrCat("AlignmentService/AlignDocuments ", stage));
    expected.insert(absl::StrCat("AlignmentService/StreamAlignDocuments ", stage));
  }
  EXPECT_EQ(recorder_.stages(), expected);
}

// Also when the request is bad, for who may not call is told no more than that.
TEST_F(CallMonitorTest, WhatItRefusesIsNotEvenValidated) {
  recorder_.refuses = true;
  for (const bool good : {true, false}) {
    for (const grpc::Status& end : CallAll(good)) {
      EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAUTHENTICATED);
      EXPECT_EQ(ReasonOf(RpcStatusOf(end)), "TOKEN_INVALID");
    }
  }
  for (const CallSummary& call : recorder_.ended()) {
    EXPECT_EQ(call.code, grpc::StatusCode::UNAUTHENTICATED) << call.method;
    EXPECT_EQ(call.sent_bytes, 0) << call.method;
  }
}

}  // namespace
}  // namespace hexapla
