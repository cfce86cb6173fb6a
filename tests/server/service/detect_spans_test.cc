// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "tests/server/service/error_details.h"
#include "tests/server/service/in_process_server.h"

namespace hexapla {
namespace {

// The stand-in identifier takes words with "é" for French and others for English.
constexpr char kText[] =
    "One two three four five six.\n"
    "Été été été été été été été été été été.\n"
    "One 😂 two three four five six.";

class DetectSpansTest : public ::testing::Test {
 protected:
  grpc::Status Detect(const v1::DetectSpansRequest& request) {
    grpc::ClientContext context;
    return stub_->DetectSpans(&context, request, &response_);
  }

  InProcessServer server_{{.limits = {.text_bytes_max = 300000}}};
  std::unique_ptr<v1::LanguageService::Stub> stub_ =
      v1::LanguageService::NewStub(server_.channel());
  v1::DetectSpansResponse response_;
};

TEST_F(DetectSpansTest, SpansCoverTheTextAndSharesItsLetters) {
  v1::DetectSpansRequest request;
  request.set_text(kText);
  ASSERT_TRUE(Detect(request).ok());
  ASSERT_EQ(response_.spans_size(), 3);
  EXPECT_EQ(response_.spans(0).begin(), 0);
  EXPECT_EQ(response_.spans(0).end(), 29);
  EXPECT_EQ(response_.spans(0).detection().language(), "en");
  EXPECT_EQ(response_.spans(1).begin(), 29);
  EXPECT_EQ(response_.spans(1).end(), 90);
  EXPECT_EQ(response_.spans(1).detection().language(), "fr");
  EXPECT_EQ(response_.spans(1).detection().model(), "lid@1");
  EXPECT_EQ(response_.spans(2).end(), static_cast<int>(request.text().size()));
  ASSERT_EQ(response_.shares_size(), 2);
  EXPECT_EQ(response_.shares(0).language(), "en");
  EXPECT_NEAR(response_.shares(0).share() + response_.shares(1).share(), 1, 1e-5);
  EXPECT_EQ(response_.metadata().models(0).name(), "lid");
}

TEST_F(DetectSpansTest, OffsetsAreInTheUnitOfTheRequest) {
  v1::DetectSpansRequest request;
  request.set_text(kText);
  request.set_encoding_type(v1::ENCODING_TYPE_UTF16);
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.spans(1).begin(), 29);
  EXPECT_EQ(response_.spans(1).end(), 70);
  EXPECT_EQ(response_.spans(2).end(), 101);
  request.set_encoding_type(v1::ENCODING_TYPE_CODE_POINT);
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.spans(1).end(), 70);
  EXPECT_EQ(response_.spans(2).end(), 100);
}

TEST_F(DetectSpansTest, OptionsCountForEverySpan) {
  v1::DetectSpansRequest request;
  request.set_text(kText);
  request.mutable_options()->set_top_k(2);
  ASSERT_TRUE(Detect(request).ok());
  EXPECT_EQ(response_.spans(0).detection().alternatives_size(), 1);
  request.mutable_options()->add_candidates("fr");
  request.mutable_options()->add_candidates("qqq");
  ASSERT_TRUE(Detect(request).ok());
  ASSERT_EQ(response_.spans_size(), 1);
  EXPECT_EQ(response_.spans(0).detection().language(), "fr");
  ASSERT_EQ(response_.warnings_size(), 1);
  EXPECT_THAT(response_.warnings(0).indices(), ::testing::ElementsAre(1));
}

TEST_F(DetectSpansTest, TheModelOfTheRequestAnswersAndGroupsOnRequest) {
  v1::DetectSpansRequest request;
  request.set_text(kText);
  request.mutable_options()->set_model("south");
  request.mutable_options()->set_group_macrolanguages(true);
  ASSERT_TRUE(Detect(request).ok());
  ASSERT_EQ(response_.spans_size(), 1);
  EXPECT_EQ(response_.spans(0).detection().language(), "sh");
  EXPECT_EQ(response_.spans(0).detection().model(), "south@7");
}

TEST_F(DetectSpansTest, TextsWithoutWordsAreOneUndeterminedSpan) {
  for (const std::string& text :
       {std::string(" "), std::string("12"), std::string("\0\0", 2), std::string("\u200F\u200E")}) {
    v1::DetectSpansRequest request;
    request.set_text(text);
    ASSERT_TRUE(Detect(request).ok());
    ASSERT_EQ(response_.spans_size(), 1);
    EXPECT_EQ(response_.spans(0).detection().language(), "und");
    EXPECT_EQ(response_.spans(0).end(), static_cast<int>(text.size()));
    EXPECT_EQ(response_.shares_size(), 0);
  }
}

TEST_F(DetectSpansTest, BadRequestsAreExplainedAndTheNextCallIsAnswered) {
  v1::DetectSpansRequest good;
  good.set_text(kText);
  grpc::Status status = Detect({});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(RpcStatusOf(status)), "TEXT_MISSING");
  EXPECT_EQ(FieldOf(RpcStatusOf(status)), "text");
  EXPECT_TRUE(Detect(good).ok());

  v1::DetectSpansRequest longer;
  longer.set_text(std::string(300001, 'x'));
  status = Detect(longer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(MetadataOf(RpcStatusOf(status), "limit"), "300000");
  EXPECT_TRUE(Detect(good).ok());

  v1::DetectSpansRequest other = good;
  other.mutable_options()->set_model("cld9");
  status = Detect(other);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(DetailOf<google::rpc::ResourceInfo>(RpcStatusOf(status))->resource_name(), "cld9");
}

TEST_F(DetectSpansTest, LongTextsRunInTheHeavyLane) {
  v1::DetectSpansRequest request;
  for (int i = 0; i < 10; ++i) request.mutable_text()->append(kText);
  ASSERT_TRUE(Detect(request).ok());
  for (int i = 0; i < 1000; ++i) request.mutable_text()->append(kText);
  ASSERT_TRUE(Detect(request).ok());
  server_.pool().Shutdown();  // so that the last task is counted too
  EXPECT_EQ(server_.pool().stats().completed[static_cast<size_t>(WorkLane::kCheap)], 1u);
  EXPECT_EQ(server_.pool().stats().completed[static_cast<size_t>(WorkLane::kHeavy)], 1u);
}

}  // namespace
}  // namespace hexapla
