// SPDX-License-Identifier: Apache-2.0
#include "server/service/alignment_service.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "server/base/request_error.h"
#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"
#include "tests/server/service/stand_in_engines.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using Stub = v1::AlignmentService::Stub;

class AlignmentServiceTest : public ::testing::Test {
 protected:
  void Start(InProcessServerOptions options) {
    server_ = std::make_unique<InProcessServer>(std::move(options));
    stub_ = v1::AlignmentService::NewStub(server_->channel());
  }
  void StartWith(AlignFunction align) { Start({.align = std::move(align)}); }

  grpc::Status Align(const v1::AlignDocumentsRequest& request) {
    grpc::ClientContext context;
    return stub_->AlignDocuments(&context, request, &response_);
  }

  std::unique_ptr<InProcessServer> server_;
  std::unique_ptr<Stub> stub_;
  v1::AlignDocumentsResponse response_;
};

TEST_F(AlignmentServiceTest, AlignsAndSaysHow) {
  StartWith(AlignFirstSentences);
  ASSERT_TRUE(Align(TwoVersions()).ok());
  ASSERT_EQ(response_.beads_size(), 1);
  EXPECT_THAT(response_.beads(0).sides(1).sentence_indices(), ElementsAre(0));
  EXPECT_EQ(response_.summary().versions(0).language(), "en");
  EXPECT_EQ(response_.summary().versions(1).language(), "fr");
  const v1::ResponseMetadata& metadata = response_.summary().metadata();
  ASSERT_EQ(metadata.models_size(), 3);
  EXPECT_EQ(metadata.models(0).name(), "lid");
  EXPECT_EQ(metadata.models(1).name(), "space");
  EXPECT_EQ(metadata.models(1).version(), "3");
  EXPECT_EQ(metadata.models(2).name(), "weights");
  EXPECT_TRUE(metadata.has_queue_duration());
  EXPECT_TRUE(metadata.has_compute_duration());
}

TEST_F(AlignmentServiceTest, IdentifierIsNamedOnlyIfItTookPart) {
  StartWith(AlignFirstSentences);
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_versions(0)->set_language("en");
  ASSERT_TRUE(Align(request).ok());
  EXPECT_EQ(response_.summary().metadata().models_size(), 2);
  request.mutable_options()->set_detect_sentence_languages(true);
  ASSERT_TRUE(Align(request).ok());
  EXPECT_EQ(response_.summary().metadata().models_size(), 3);
}

TEST_F(AlignmentServiceTest, SentencesGetLanguagesOfTheirOwnOnRequest) {
  StartWith(AlignFirstSentences);
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_options()->set_detect_sentence_languages(true);
  v1::DocumentVersion& given = *request.add_versions();
  given.add_sentences("Été.");
  given.add_sentences("42");
  ASSERT_TRUE(Align(request).ok());
  EXPECT_EQ(response_.summary().versions(0).sentences(0).language(), "en");
  EXPECT_EQ(response_.summary().versions(1).sentences(0).language(), "fr");
  ASSERT_EQ(response_.summary().versions(2).sentences_size(), 2);
  EXPECT_EQ(response_.summary().versions(2).sentences(0).language(), "fr");
  EXPECT_EQ(response_.summary().versions(2).sentences(1).language(), "und");
}

TEST_F(AlignmentServiceTest, OffsetsComeInTheUnitAskedFor) {
  StartWith(AlignFirstSentences);
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_versions(0)->set_text("\xF0\x9F\x98\x80\xC3\xA9");
  const std::pair<v1::EncodingType, int> cases[] = {{v1::ENCODING_TYPE_UNSPECIFIED, 6},
                                                    {v1::ENCODING_TYPE_UTF8, 6},
                                                    {v1::ENCODING_TYPE_UTF16, 3},
                                                    {v1::ENCODING_TYPE_CODE_POINT, 2}};
  for (const auto& [unit, end] : cases) {
    request.mutable_options()->set_encoding_type(unit);
    ASSERT_TRUE(Align(request).ok());
    EXPECT_EQ(response_.summary().versions(0).sentences(0).end(), end);
  }
}

struct BadRequestCase {
  std::string name;
  std::function<void(v1::AlignDocumentsRequest&)> spoil;
  grpc::StatusCode code;
  std::string reason;
  std::string field;
};

TEST_F(AlignmentServiceTest, BadRequestsAreExplainedAndTheNextCallIsAnswered) {
  Start({.limits = {.document_bytes_max = 50, .sentence_bytes_max = 10},
         .align = AlignFirstSentences});
  using Request = v1::AlignDocumentsRequest;
  const std::vector<BadRequestCase> cases = {
      {"no versions", [](Request& r) { r.Clear(); }, grpc::StatusCode::INVALID_ARGUMENT,
       "TOO_FEW_VERSIONS", "versions"},
      {"no text", [](Request& r) { r.mutable_versions(0)->clear_text(); },
       grpc::StatusCode::INVALID_ARGUMENT, "TEXT_MISSING", "versions[0].text"},
      {"blank", [](Request& r) { r.mutable_versions(1)->set_text(" \n "); },
       grpc::StatusCode::INVALID_ARGUMENT, "TEXT_BLANK", "versions[1].text"},
      {"one version", [](Request& r) { r.mutable_versions()->RemoveLast(); },
       grpc::StatusCode::INVALID_ARGUMENT, "TOO_FEW_VERSIONS", "versions"},
      {"17 versions",
       [](Request& r) {
         while (r.versions_size() < 17) r.add_versions()->set_text("x");
       },
       grpc::StatusCode::INVALID_ARGUMENT, "TOO_MANY_VERSIONS", "versions"},
      {"malformed language", [](Request& r) { r.mutable_versions(1)->set_language("f"); },
       grpc::StatusCode::INVALID_ARGUMENT, "LANGUAGE_MALFORMED", "versions[1].language"},
      {"long document", [](Request& r) { r.mutable_versions(0)->set_text(std::string(51, 'x')); },
       grpc::StatusCode::RESOURCE_EXHAUSTED, "TEXT_TOO_LONG", "versions[0].text"},
      {"long sentence",
       [](Request& r) {
         r.mutable_versions(0)->clear_text();
         r.mutable_versions(0)->add_sentences(std::string(11, 'x'));
       },
       grpc::StatusCode::RESOURCE_EXHAUSTED, "SENTENCE_TOO_LONG", "versions[0].sentences[0]"},
      {"bead size", [](Request& r) { r.mutable_options()->set_max_bead_size(99); },
       grpc::StatusCode::INVALID_ARGUMENT, "VALUE_OUT_OF_RANGE", "options.max_bead_size"},
      {"unknown model", [](Request& r) { r.mutable_options()->set_model("labse"); },
       grpc::StatusCode::FAILED_PRECONDITION, "MODEL_NOT_FOUND", "options.model"},
  };
  for (const BadRequestCase& test : cases) {
    Request request = TwoVersions();
    test.spoil(request);
    const grpc::Status status = Align(request);
    const google::rpc::Status rpc = RpcStatusOf(status);
    EXPECT_EQ(status.error_code(), test.code) << test.name;
    EXPECT_EQ(ReasonOf(rpc), test.reason) << test.name;
    EXPECT_EQ(MetadataOf(rpc, "field"), test.field) << test.name;
    EXPECT_EQ(FieldOf(rpc), test.field) << test.name;
    EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(rpc).has_value(),
              test.reason == "MODEL_NOT_FOUND")
        << test.name;
    EXPECT_TRUE(Align(TwoVersions()).ok()) << "after " << test.name;
  }
}

TEST_F(AlignmentServiceTest, ErrorsOfTheEngineKeepReasonAndField) {
  StartWith([](auto&&...) -> absl::StatusOr<AlignedDocuments> {
    return RequestError(absl::StatusCode::kResourceExhausted,
                        {.reason = "TOO_MANY_SENTENCES", .field = "versions[1].text"},
                        "versions[1].text has 9 sentences; the limit is 8");
  });
  const grpc::Status status = Align(TwoVersions());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "TOO_MANY_SENTENCES");
  EXPECT_EQ(FieldOf(RpcStatusOf(status)), "versions[1].text");
}

TEST_F(AlignmentServiceTest, OptionsAndLimitsReachTheEngine) {
  AlignOptions seen;
  Start({.limits = {.sentence_bytes_max = 77, .sentences_max = 88},
         .align = [&seen](const ModelSet& models, const std::vector<VersionInput>& versions,
                          const AlignOptions& options, const StopCondition& stop) {
           seen = options;
           return AlignFirstSentences(models, versions, options, stop);
         }});
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_options()->set_max_bead_size(3);
  request.mutable_options()->set_no_merges(true);
  ASSERT_TRUE(Align(request).ok());
  EXPECT_EQ(seen.bead_size_max, 3);
  EXPECT_FALSE(seen.merges);
  EXPECT_EQ(seen.sentence_bytes_max, 77u);
  EXPECT_EQ(seen.sentences_max, 88u);
}

// A call that the test does not wait for.
class BackgroundCall {
 public:
  BackgroundCall(Stub& stub, const v1::AlignDocumentsRequest& request)
      : thread_([this, &stub, request] {
          v1::AlignDocumentsResponse response;
          status_ = stub.AlignDocuments(&context_, request, &response);
        }) {}
  ~BackgroundCall() {
    if (thread_.joinable()) thread_.join();
  }

  void Cancel() { context_.TryCancel(); }
  grpc::Status Wait() {
    thread_.join();
    return status_;
  }

 private:
  grpc::ClientContext context_;
  grpc::Status status_;
  std::thread thread_;
};

TEST_F(AlignmentServiceTest, CancellationStopsRunningWork) {
  EndlessEngine engine;
  StartWith(engine.function());
  BackgroundCall call(*stub_, TwoVersions());
  engine.WaitUntilRunning();
  call.Cancel();
  ASSERT_TRUE(engine.WaitUntilStopped());
  EXPECT_EQ(engine.why().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(call.Wait().error_code(), grpc::StatusCode::CANCELLED);
  engine.LetGo();
  EXPECT_TRUE(Align(TwoVersions()).ok());
}

TEST_F(AlignmentServiceTest, DeadlineStopsRunningWork) {
  EndlessEngine engine;
  StartWith(engine.function());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  const grpc::Status status = stub_->AlignDocuments(&context, TwoVersions(), &response_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(engine.WaitUntilStopped());
  // gRPC may cancel the call at its deadline before the engine sees the clock.
  EXPECT_TRUE(engine.why().code() == absl::StatusCode::kDeadlineExceeded ||
              engine.why().code() == absl::StatusCode::kCancelled);
  engine.LetGo();
  EXPECT_TRUE(Align(TwoVersions()).ok());
}

TEST_F(AlignmentServiceTest, WorkThatIsLateAtItsTurnNeverRuns) {
  EndlessEngine engine;
  StartWith(engine.function());  // one worker
  BackgroundCall first(*stub_, TwoVersions());
  engine.WaitUntilRunning();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  EXPECT_EQ(stub_->AlignDocuments(&context, TwoVersions(), &response_).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  engine.LetGo();
  EXPECT_TRUE(first.Wait().ok());
  EXPECT_TRUE(Align(TwoVersions()).ok());  // a third, behind the second
  EXPECT_EQ(engine.runs(), 2);
}

TEST_F(AlignmentServiceTest, OverloadIsRefusedAtOnceWithATimeToRetry) {
  EndlessEngine engine;
  Start({.pool = {.workers = 1, .cheap_workers = 0, .cost_max = 10, .cheap_cost_reserve = 0},
         .align = engine.function()});
  BackgroundCall first(*stub_, TwoVersions());  // costs all there is
  engine.WaitUntilRunning();
  const grpc::Status status = Align(TwoVersions());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "SERVER_OVERLOADED");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(RpcStatusOf(status)).has_value());
  engine.LetGo();
  EXPECT_TRUE(first.Wait().ok());
}

TEST_F(AlignmentServiceTest, TheServerBoundsTheTimeOfACallThatHasNoDeadline) {
  EndlessEngine engine;
  Start({.limits = {.call_time_max = absl::Milliseconds(50)}, .align = engine.function()});
  const grpc::Status status = Align(TwoVersions());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "DEADLINE_EXCEEDED");
  ASSERT_TRUE(engine.WaitUntilStopped());
}

TEST_F(AlignmentServiceTest, ACallThatWaitedTooLongIsRefusedAsOverload) {
  EndlessEngine engine;
  Start({.limits = {.queue_time_max = absl::ZeroDuration()}, .align = engine.function()});
  const grpc::Status status = Align(TwoVersions());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "SERVER_OVERLOADED");
  EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(RpcStatusOf(status)).has_value());
  EXPECT_EQ(engine.runs(), 0);
}

TEST_F(AlignmentServiceTest, PoolThatIsShutDownMakesTheServerNotReady) {
  StartWith(AlignFirstSentences);
  server_->pool().Shutdown();
  const grpc::Status status = Align(TwoVersions());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "SERVER_NOT_READY");
}

// From here on the real engine.

TEST_F(AlignmentServiceTest, EngineCoversEachSentenceOnceAndCutsTheTextExactly) {
  Start({});
  v1::AlignDocumentsRequest request;
  request.add_versions()->set_text("  The door was open. \xF0\x9F\x98\x80 Nobody came in.\n");
  request.add_versions()->set_text("La porte était ouverte. Personne n'entra.");
  request.add_versions()->add_sentences("Die Tür stand offen.");
  request.mutable_versions(2)->add_sentences("");
  request.mutable_versions(2)->add_sentences("Niemand kam herein.");
  request.mutable_versions(2)->set_language("de");
  request.mutable_options()->set_return_text(true);
  const grpc::Status status = Align(request);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response_.summary().versions_size(), 3);
  for (int v = 0; v < 3; ++v) {
    const v1::AlignedVersion& version = response_.summary().versions(v);
    std::vector<int> seen(version.sentence_count());
    for (const v1::Bead& bead : response_.beads()) {
      const v1::BeadSide& side = bead.sides(v);
      for (int i = 0; i < side.sentence_indices_size(); ++i) {
        const int index = side.sentence_indices(i);
        ++seen[index];
        if (v == 2) continue;
        const v1::Sentence& range = version.sentences(index);
        EXPECT_EQ(side.sentences(i),
                  request.versions(v).text().substr(range.begin(), range.end() - range.begin()));
      }
    }
    EXPECT_THAT(seen, ::testing::Each(1)) << "version " << v;
  }
}

TEST_F(AlignmentServiceTest, UncoveredLanguageIsAWarningAboutItsVersion) {
  Start({});
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_versions(1)->set_language("qqq");
  ASSERT_TRUE(Align(request).ok());
  const auto& warnings = response_.summary().warnings();
  const auto found = std::find_if(warnings.begin(), warnings.end(), [](const v1::Warning& w) {
    return w.reason() == v1::Warning::REASON_LANGUAGE_NOT_COVERED;
  });
  ASSERT_NE(found, warnings.end());
  EXPECT_THAT(found->indices(), ElementsAre(1));
}

TEST_F(AlignmentServiceTest, LimitsOnFoundSentencesNameTheTextTheyStandIn) {
  Start({.limits = {.sentence_bytes_max = 20, .sentences_max = 3}});
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_versions(1)->set_text("Un. Deux. Trois. Quatre.");
  grpc::Status status = Align(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "TOO_MANY_SENTENCES");
  EXPECT_EQ(FieldOf(RpcStatusOf(status)), "versions[1].text");
  EXPECT_EQ(MetadataOf(RpcStatusOf(status), "value"), "4");

  request.mutable_versions(1)->set_text("Un. Deux deux deux deux deux.");
  status = Align(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "SENTENCE_TOO_LONG");
  EXPECT_EQ(FieldOf(RpcStatusOf(status)), "versions[1].text");
  EXPECT_EQ(MetadataOf(RpcStatusOf(status), "limit"), "20");
}

TEST_F(AlignmentServiceTest, EveryErrorOfTheEngineIsInTheContract) {
  Start({});
  for (const char* text : {"!!!", "42", "\xF0\x9F\x98\x80", "\xE2\x80\x8D", "\xCC\x81"}) {
    v1::AlignDocumentsRequest request = TwoVersions();
    request.mutable_versions(1)->set_text(text);
    const grpc::Status status = Align(request);
    if (status.ok()) continue;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << text;
    EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "TEXT_BLANK") << text;
  }
}

}  // namespace
}  // namespace hexapla
