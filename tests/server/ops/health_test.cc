// SPDX-License-Identifier: Apache-2.0
#include "server/ops/health.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hexapla {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using Clock = std::chrono::system_clock;

constexpr auto kPatience = std::chrono::seconds(20);

// One Watch stream, read step by step.
class Watch {
 public:
  Watch(Health::Stub& stub, const std::string& service) {
    HealthCheckRequest request;
    request.set_service(service);
    context_.set_deadline(Clock::now() + kPatience);
    reader_ = stub.Watch(&context_, request);
  }

  // The next status; -1 when the stream has ended.
  int Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? static_cast<int>(response.status()) : -1;
  }
  grpc::StatusCode Finish() { return reader_->Finish().error_code(); }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

class HealthTest : public testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    builder.RegisterService(&health_);
    server_ = builder.BuildAndStart();
    stub_ = Health::NewStub(server_->InProcessChannel({}));
  }
  void TearDown() override { server_->Shutdown(Clock::now()); }

  // The status of a service, or minus the code of the error.
  int Check(const std::string& service) {
    grpc::ClientContext context;
    context.set_deadline(Clock::now() + kPatience);
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status = stub_->Check(&context, request, &response);
    return status.ok() ? static_cast<int>(response.status()) : -status.error_code();
  }

  static constexpr size_t kWatchersMax = 50;

  HealthService health_{kWatchersMax};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Health::Stub> stub_;
};

TEST_F(HealthTest, CheckTellsWhatWasSet) {
  health_.SetServing("", true);
  health_.SetServing("a", false);
  EXPECT_EQ(Check(""), HealthCheckResponse::SERVING);
  EXPECT_EQ(Check("a"), HealthCheckResponse::NOT_SERVING);
  health_.SetServing("a", true);
  EXPECT_EQ(Check("a"), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, CheckOfAnUnknownServiceIsNotFound) {
  EXPECT_EQ(Check("a"), -grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthTest, ALongNameIsRefusedAndNotKept) {
  health_.SetServing("", true);
  const std::string long_name(257, 'x');
  EXPECT_EQ(Check(std::string(256, 'x')), -grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Check(long_name), -grpc::StatusCode::INVALID_ARGUMENT);
  Watch watch(*stub_, long_name);
  EXPECT_EQ(watch.Next(), -1);
  EXPECT_EQ(watch.Finish(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Check(""), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, WatchSendsTheStatusAndEachChange) {
  health_.SetServing("a", true);
  Watch watch(*stub_, "a");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  health_.SetServing("a", true);
  health_.SetServing("b", false);
  health_.SetServing("a", false);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  health_.SetServing("a", true);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, WatchOfAnUnknownServiceWaitsForIt) {
  Watch watch(*stub_, "a");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVICE_UNKNOWN);
  health_.SetServing("a", true);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, DrainTellsEveryWatchAndEndsIt) {
  health_.SetServing("", true);
  Watch known(*stub_, "");
  Watch unknown(*stub_, "a");
  EXPECT_EQ(known.Next(), HealthCheckResponse::SERVING);
  EXPECT_EQ(unknown.Next(), HealthCheckResponse::SERVICE_UNKNOWN);
  health_.Drain();
  EXPECT_EQ(known.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(known.Next(), -1);
  EXPECT_EQ(known.Finish(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(unknown.Next(), -1);
  EXPECT_EQ(unknown.Finish(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthTest, NothingServesAgainAfterADrain) {
  health_.SetServing("", true);
  health_.Drain();
  health_.SetServing("", true);
  health_.SetServing("a", true);
  EXPECT_EQ(Check(""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Check("a"), -grpc::StatusCode::NOT_FOUND);
  Watch watch(*stub_, "");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(watch.Next(), -1);
  EXPECT_EQ(watch.Finish(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthTest, AnOpenWatchDoesNotHoldUpAShutdownAfterADrain) {
  health_.SetServing("", true);
  Watch watch(*stub_, "");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  const auto begin = Clock::now();
  health_.Drain();
  server_->Shutdown(begin + kPatience);
  EXPECT_LT(Clock::now() - begin, kPatience / 2);
}

TEST_F(HealthTest, ACancelledWatchIsForgotten) {
  health_.SetServing("", true);
  {
    Watch watch(*stub_, "");
    EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
    watch.Cancel();
    EXPECT_EQ(watch.Finish(), grpc::StatusCode::CANCELLED);
  }
  health_.SetServing("", false);
  health_.SetServing("", true);
  EXPECT_EQ(Check(""), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, WatchesBeyondTheLimitAreRefused) {
  std::vector<std::unique_ptr<Watch>> watches;
  for (size_t i = 0; i < kWatchersMax; ++i) {
    watches.push_back(std::make_unique<Watch>(*stub_, ""));
    EXPECT_NE(watches.back()->Next(), -1);
  }
  Watch refused(*stub_, "");
  EXPECT_EQ(refused.Next(), -1);
  EXPECT_EQ(refused.Finish(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  watches.back()->Cancel();
  EXPECT_EQ(watches.back()->Finish(), grpc::StatusCode::CANCELLED);
  // Its place is free once the server has seen that.
  int status = -1;
  for (int i = 0; i < 1000 && status == -1; ++i) {
    Watch next(*stub_, "");
    status = next.Next();
    next.Cancel();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_NE(status, -1);
  health_.Drain();
}

TEST_F(HealthTest, ManyWatchesEndWhateverHappensMeanwhile) {
  health_.SetServing("a", true);
  std::vector<std::thread> watchers;
  for (int i = 0; i < 16; ++i) {
    watchers.emplace_back([this, i] {
      Watch watch(*stub_, "a");
      int seen = 0;
      while (watch.Next() >= 0) {
        if (++seen == 2 && i % 4 == 0) watch.Cancel();
      }
      EXPECT_THAT(watch.Finish(),
                  testing::AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED));
    });
  }
  for (int i = 0; i < 100; ++i) {
    health_.SetServing("a", i % 2 == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  health_.Drain();
  for (std::thread& watcher : watchers) watcher.join();
}

}  // namespace
}  // namespace hexapla
