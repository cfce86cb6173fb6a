// SPDX-License-Identifier: Apache-2.0
#include "server/service/language_service.h"

#include <string>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "server/service/detect_languages.h"
#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"

namespace hexapla {
namespace {

class LanguageServiceTest : public ::testing::Test {
 protected:
  grpc::Status Detect(const v1::DetectLanguagesRequest& request) {
    grpc::ClientContext context;
    return stub_->DetectLanguages(&context, request, &response_);
  }

  InProcessServer server_{{.limits = {.batch_items_max = 100, .text_bytes_max = 600000}}};
  std::unique_ptr<v1::LanguageService::Stub> stub_ =
      v1::LanguageService::NewStub(server_.channel());
  v1::DetectLanguagesResponse response_;
};

TEST_F(LanguageServiceTest, NamesEachLanguageInOrder) {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  request.add_texts("Été.");
  request.add_texts("");
  request.add_texts("42");
  ASSERT_TRUE(Detect(request).ok());
  ASSERT_EQ(response_.results_size(), 4);
  EXPECT_EQ(response_.results(0).detection().language(), "en");
  EXPECT_EQ(response_.results(0).detection().raw_label(), "eng");
  EXPECT_EQ(response_.results(0).detection().margin(), 0.5f);
  EXPECT_EQ(response_.results(0).detection().model(), "lid@1");
  EXPECT_EQ(response_.results(1).detection().language(), "fr");
  EXPECT_EQ(response_.results(2).detection().language(), "und");
  EXPECT_EQ(response_.results(3).detection().language(), "und");
  ASSERT_EQ(response_.metadata().models_size(), 1);
  EXPECT_EQ(response_.metadata().models(0).name(), "lid");
  EXPECT_TRUE(response_.metadata().has_queue_duration());
  EXPECT_TRUE(response_.metadata().has_compute_duration());
}

TEST_F(LanguageServiceTest, OptionsReachTheIdentifier) {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  request.mutable_options()->set_top_k(2);
  ASSERT_TRUE(Detect(request).ok());
  ASSERT_EQ(response_.results(0).detection().alternatives_size(), 1);
  EXPECT_EQ(response_.results(0).detection().alternatives(0).language(), "fr");
  request.mutable_options()->add_candidates("FR");
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.results(0).detection().language(), "fr");
  EXPECT_EQ(response_.results(0).detection().alternatives_size(), 0);
}

TEST_F(LanguageServiceTest, CandidatesThatTheModelLacksRaiseAWarning) {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  for (const char* candidate : {"qqq", "en", "qqr"})
    request.mutable_options()->add_candidates(candidate);
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.results(0).detection().language(), "en");
  ASSERT_EQ(response_.warnings_size(), 1);
  EXPECT_EQ(response_.warnings(0).reason(), v1::Warning::REASON_CANDIDATE_NOT_COVERED);
  EXPECT_THAT(response_.warnings(0).indices(), ::testing::ElementsAre(0, 2));
  request.mutable_options()->clear_candidates();
  request.mutable_options()->add_candidates("fr");
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.warnings_size(), 0);
}

TEST_F(LanguageServiceTest, ATextOverItsLimitFailsAlone) {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  request.add_texts(std::string(600001, 'x'));
  request.add_texts("Été.");
  ASSERT_TRUE(Detect(request).ok());
  ASSERT_EQ(response_.results_size(), 3);
  EXPECT_EQ(response_.results(0).detection().language(), "en");
  const google::rpc::Status& error = response_.results(1).error();
  EXPECT_EQ(error.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(error), "TEXT_TOO_LONG");
  EXPECT_EQ(FieldOf(error), "texts[1]");
  EXPECT_EQ(MetadataOf(error, "limit"), "600000");
  EXPECT_EQ(MetadataOf(error, "value"), "600001");
  EXPECT_EQ(response_.results(2).detection().language(), "fr");
}

TEST_F(LanguageServiceTest, SmallBatchesRunInlineAndLargerOnesInTheirLane) {
  const auto completed = [this](WorkLane lane) {
    return server_.pool().stats().completed[static_cast<size_t>(lane)];
  };
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  ASSERT_TRUE(Detect(request).ok());
  request.add_texts(std::string(100000, 'x'));
  ASSERT_TRUE(Detect(request).ok());
  request.add_texts(std::string(500000, 'x'));
  ASSERT_TRUE(Detect(request).ok());
  server_.pool().Shutdown();  // so that the last task is counted too
  EXPECT_EQ(completed(WorkLane::kCheap), 1u);
  EXPECT_EQ(completed(WorkLane::kHeavy), 1u);
}

TEST_F(LanguageServiceTest, TheShapeOfATextDecidesWhereItsSpansAreFound) {
  const auto repeated = [](const std::string& part, int times) {
    v1::DetectSpansRequest request;
    for (int i = 0; i < times; ++i) request.mutable_text()->append(part);
    return CostOf(request).lane;
  };
  EXPECT_EQ(repeated("a b ", 1), std::nullopt);
  EXPECT_EQ(repeated("kettle ", 1000), WorkLane::kCheap);
  EXPECT_EQ(repeated("kettle ", 10000), WorkLane::kHeavy);
  // As many bytes as the second, in many more clauses, whatever the script.
  EXPECT_EQ(repeated("a\n", 3500), WorkLane::kHeavy);
  EXPECT_EQ(repeated("\u0434\u3002", 3000), WorkLane::kHeavy);
}

TEST_F(LanguageServiceTest, BadBatchesAreExplainedAndTheNextCallIsAnswered) {
  v1::DetectLanguagesRequest good;
  good.add_texts("One.");

  grpc::Status status = Detect({});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "BATCH_EMPTY");
  EXPECT_EQ(FieldOf(RpcStatusOf(status)), "texts");
  EXPECT_TRUE(Detect(good).ok());

  v1::DetectLanguagesRequest large;
  for (int i = 0; i < 101; ++i) large.add_texts("");
  status = Detect(large);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "BATCH_TOO_LARGE");
  EXPECT_TRUE(Detect(good).ok());

  v1::DetectLanguagesRequest other_model = good;
  other_model.mutable_options()->set_model("cld9");
  status = Detect(other_model);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  const auto resource = DetailOf<google::rpc::ResourceInfo>(RpcStatusOf(status));
  ASSERT_TRUE(resource.has_value());
  EXPECT_EQ(resource->resource_name(), "cld9");
  EXPECT_TRUE(Detect(good).ok());
}

TEST_F(LanguageServiceTest, AHintTipsTheScale) {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  request.mutable_options()->add_hints("FR");
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.results(0).detection().language(), "fr");
  EXPECT_NEAR(response_.results(0).detection().confidence(), 1.0 / 1.75, 1e-4);
  EXPECT_FALSE(response_.results(0).detection().reliable());
}

TEST_F(LanguageServiceTest, MacrolanguagesReplaceTheirMembersOnRequest) {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  request.mutable_options()->set_model("south");
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.results(0).detection().language(), "hr");
  request.mutable_options()->set_group_macrolanguages(true);
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.results(0).detection().language(), "sh");
  EXPECT_NEAR(response_.results(0).detection().confidence(), 0.9, 1e-5);
}

TEST_F(LanguageServiceTest, TheModelOfTheRequestAnswers) {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  request.mutable_options()->set_model("south");
  request.mutable_options()->add_candidates("en");
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.results(0).detection().model(), "south@7");
  EXPECT_EQ(response_.metadata().models(0).name(), "south");
  ASSERT_EQ(response_.warnings_size(), 1);  // it does not know English
  request.mutable_options()->set_model("lid");
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.results(0).detection().model(), "lid@1");
  EXPECT_EQ(response_.warnings_size(), 0);
}

TEST_F(LanguageServiceTest, SkippedNormalizationReachesTheIdentifier) {
  v1::DetectLanguagesRequest request;
  request.add_texts("One.");
  request.mutable_options()->set_model("south");
  request.mutable_options()->set_skip_normalization(true);
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.results(0).detection().raw_label(), "raw");
}

}  // namespace
}  // namespace hexapla
