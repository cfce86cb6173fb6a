// SPDX-License-Identifier: Apache-2.0
#include "client/alignment_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"

#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

TEST(AlignmentClientTest, CarriesRequestsAndReplies) {
  FakeService fake;
  fake.align = [](const auto& request, auto& response) {
    for (const auto& version : request.versions()) {
      response.mutable_summary()->add_versions()->set_language(version.language());
    }
    return grpc::Status::OK;
  };
  fake.detect = [](const auto& request, auto& response) {
    for (const auto& text : request.texts()) {
      response.add_results()->mutable_detection()->set_language(text);
    }
    return grpc::Status::OK;
  };
  fake.models.add_models()->set_name("space");
  const auto client = fake.InProcessClient();

  v1::AlignDocumentsRequest align;
  align.add_versions()->set_language("ar");
  EXPECT_EQ(client->AlignDocuments(align)->summary().versions(0).language(), "ar");
  v1::DetectLanguagesRequest detect;
  detect.add_texts("fr");
  EXPECT_EQ(client->DetectLanguages(detect)->results(0).detection().language(), "fr");
  EXPECT_EQ(client->ListModels({})->models(0).name(), "space");
}

TEST(AlignmentClientTest, SaysTheHealthByName) {
  FakeService fake;
  EXPECT_EQ(*fake.InProcessClient()->Health(), "SERVING");
  fake.health = grpc::health::v1::HealthCheckResponse::NOT_SERVING;
  EXPECT_EQ(*fake.InProcessClient()->Health(), "NOT_SERVING");
}

TEST(AlignmentClientTest, AnErrorIsOneLineWithItsReason) {
  FakeService fake;
  fake.align = [](const auto&, auto&) {
    return ToGrpc(ErrorWithDetails(grpc::StatusCode::INVALID_ARGUMENT,
                                   "versions[1].text is blank\nreally", "TEXT_BLANK",
                                   "versions[1].text"));
  };
  const absl::Status status = fake.InProcessClient()->AlignDocuments({}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(), "versions[1].text is blank really [TEXT_BLANK]");
}

TEST(AlignmentClientTest, TheFieldAtFaultIsNamedOnce) {
  EXPECT_EQ(FromRpcStatus(ErrorWithDetails(grpc::StatusCode::INVALID_ARGUMENT, "too short",
                                           "REQUEST_INVALID", "options.model"))
                .message(),
            "options.model: too short [REQUEST_INVALID]");
}

TEST(AlignmentClientTest, ErrorsOfGrpcItselfHaveWordsToo) {
  EXPECT_EQ(FromGrpcStatus(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "")).message(),
            "the server does not know this call");
  EXPECT_EQ(FromGrpcStatus(grpc::Status(grpc::StatusCode::INTERNAL, "bad", "no details")).message(),
            "the call failed: bad");
  EXPECT_EQ(FromGrpcStatus(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "late")).message(),
            "the time given by --timeout is over");
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

TEST(AlignmentClientTest, TheTimeoutEndsACall) {
  FakeService fake;
  fake.align = [](const auto&, auto&) {
    absl::SleepFor(absl::Milliseconds(300));
    return grpc::Status::OK;
  };
  const absl::Status status =
      fake.InProcessClient(absl::Milliseconds(30))->AlignDocuments({}).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(status.message(), "the time given by --timeout is over");
}

}  // namespace
}  // namespace hexapla
