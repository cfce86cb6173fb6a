// SPDX-License-Identifier: Apache-2.0
#include "tests/load/load_runner.h"

#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/load/echo.grpc.pb.h"
#include "tests/load/echo_text.h"
#include "tests/load/load_report.h"

namespace hexapla::load {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// An echo in this process that does what a test wants of it.
class LoadRunnerTest : public ::testing::Test, public EchoService::CallbackService {
 protected:
  LoadRunnerTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    options_.warm_up = absl::ZeroDuration();
    options_.duration = absl::Minutes(10);
    options_.timeout = absl::Minutes(1);
  }

  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const EchoRequest* request,
                                 EchoResponse* response) override {
    const int64_t number = ++calls_;
    SetEcho(request->payload(), static_cast<size_t>(request->reply_bytes()),
            *response->mutable_payload());
    if (number == wrong_at_) response->mutable_payload()->append("!");
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (number <= stalled_) std::this_thread::sleep_for(stall_);
    reactor->Finish(number == failed_at_ ? grpc::Status(code_, "on purpose") : grpc::Status::OK);
    return reactor;
  }

  RunResult Run(std::vector<const char*> loads) {
    for (const char* load : loads) options_.loads.push_back(ParseLoadSpec(load).value());
    auto result =
        RunLoads(options_, {server_->InProcessChannel({}), server_->InProcessChannel({})});
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }

  std::unique_ptr<grpc::Server> server_;
  RunOptions options_;
  std::atomic<int64_t> calls_ = 0;
  int64_t wrong_at_ = 0;
  int64_t failed_at_ = 0;
  grpc::StatusCode code_ = grpc::StatusCode::INTERNAL;
  int64_t stalled_ = 0;
  std::chrono::milliseconds stall_{0};
};

TEST_F(LoadRunnerTest, ClosedClientsMakeJustSoManyCalls) {
  options_.calls_max = 200;
  options_.threads = 2;
  options_.echo = {.request_bytes = 300, .reply_bytes = 500};
  const RunResult result = Run({"echo:closed:8"});
  EXPECT_TRUE(result.all_right);
  EXPECT_EQ(result.started, 200);
  EXPECT_EQ(result.ended, 200);
  EXPECT_EQ(calls_, 200);
  ASSERT_EQ(result.loads.size(), 1u);
  EXPECT_EQ(result.loads[0].ok, 200);
  EXPECT_EQ(result.loads[0].latency.count(), 200);
  EXPECT_EQ(result.loads[0].request_bytes, 300);
  EXPECT_EQ(result.loads[0].reply_bytes, 500);
  EXPECT_GT(result.client_processor, absl::ZeroDuration());
}

TEST_F(LoadRunnerTest, FewerCallsThanClientsEnd) {
  options_.calls_max = 3;
  EXPECT_EQ(Run({"echo:closed:8"}).started, 3);
}

TEST_F(LoadRunnerTest, LoadsShareTheCallsAndAreToldApart) {
  options_.calls_max = 300;
  const RunResult result = Run({"echo:poisson:5000", "echo:constant:5000"});
  EXPECT_TRUE(result.all_right);
  ASSERT_EQ(result.loads.size(), 2u);
  EXPECT_EQ(result.loads[0].ok + result.loads[1].ok, 300);
  EXPECT_GT(result.loads[0].ok, 0);
  EXPECT_GT(result.loads[1].ok, 0);
  EXPECT_EQ(result.loads[1].load, "echo:constant:5000");
}

TEST_F(LoadRunnerTest, PhasesAreToldApart) {
  options_.duration = absl::Milliseconds(300);
  const RunResult result = Run({"echo:constant:100/0/2000"});
  ASSERT_EQ(result.loads.size(), 3u);
  EXPECT_EQ(result.loads[0].rate, 100);
  // The very last of a phase may be due in the next.
  EXPECT_NEAR(static_cast<double>(result.loads[0].due), 10, 1);
  EXPECT_EQ(result.loads[1].due, 0);
  EXPECT_NEAR(static_cast<double>(result.loads[2].due), 200, 1);
}

TEST_F(LoadRunnerTest, WarmUpIsNotMeasured) {
  options_.warm_up = absl::Milliseconds(200);
  options_.duration = absl::Milliseconds(100);
  const RunResult result = Run({"echo:constant:1000"});
  EXPECT_NEAR(static_cast<double>(result.started), 300, 2);
  EXPECT_NEAR(static_cast<double>(result.loads[0].due), 100, 2);
}

// The server stands still at its first call. A driver that waits for the answer
// before it asks again would see one slow call.
TEST_F(LoadRunnerTest, StandstillIsSeenByAllThatWereDueInIt) {
  stalled_ = 1;
  stall_ = std::chrono::milliseconds(400);
  options_.in_flight_max = 1;
  options_.calls_max = 100;
  const RunResult result = Run({"echo:constant:200"});
  EXPECT_EQ(result.loads[0].ok, 100);
  // 80 were due in 400 ms and waited for 200 ms on average.
  EXPECT_GE(result.loads[0].latency.Percentile(50), absl::Milliseconds(50));
  EXPECT_GE(result.loads[0].late.Percentile(50), absl::Milliseconds(50));
  EXPECT_GE(result.loads[0].latency.max(), absl::Milliseconds(400));
}

TEST_F(LoadRunnerTest, WrongReplyIsCounted) {
  wrong_at_ = 7;
  options_.calls_max = 20;
  const RunResult result = Run({"echo:closed:2"});
  EXPECT_FALSE(result.all_right);
  EXPECT_EQ(result.loads[0].wrong, 1);
  EXPECT_EQ(result.loads[0].ok, 19);
  EXPECT_THAT(result.loads[0].problem, HasSubstr("another echo"));
}

TEST_F(LoadRunnerTest, FailureIsCountedByCode) {
  failed_at_ = 7;
  options_.calls_max = 20;
  const RunResult result = Run({"echo:closed:2"});
  EXPECT_FALSE(result.all_right);
  EXPECT_THAT(result.loads[0].failed, UnorderedElementsAre(Pair("INTERNAL", 1)));
  EXPECT_EQ(result.loads[0].problem, "INTERNAL: on purpose");
}

TEST_F(LoadRunnerTest, RefusalIsAnAnswerWhereItMayBe) {
  failed_at_ = 7;
  code_ = grpc::StatusCode::RESOURCE_EXHAUSTED;
  options_.calls_max = 20;
  options_.may_refuse = true;
  const RunResult result = Run({"echo:closed:2"});
  EXPECT_TRUE(result.all_right);
  EXPECT_EQ(result.loads[0].refused, 1);
  EXPECT_EQ(result.loads[0].ok, 19);
}

TEST_F(LoadRunnerTest, ProcessorTimeOfAProcessIsMeasured) {
  options_.servers = {getpid()};
  options_.calls_max = 200;
  const RunResult result = Run({"echo:closed:2"});
  EXPECT_GT(result.server_processor, absl::ZeroDuration());
}

TEST_F(LoadRunnerTest, UnknownCallAndProcessAreErrors) {
  options_.loads = {ParseLoadSpec("nothing:closed:1").value()};
  EXPECT_EQ(RunLoads(options_, {server_->InProcessChannel({})}).status().code(),
            absl::StatusCode::kInvalidArgument);
  options_.servers = {4194304};  // above all that Linux gives
  EXPECT_EQ(RunLoads(options_, {server_->InProcessChannel({})}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(LoadRunnerTest, ReportsTellTheSame) {
  failed_at_ = 7;
  options_.calls_max = 20;
  const RunResult result = Run({"echo:closed:2"});
  const auto json = nlohmann::json::parse(ToJson(result));
  EXPECT_EQ(json["started"], 20);
  EXPECT_EQ(json["all_right"], false);
  EXPECT_EQ(json["loads"][0]["ok"], 19);
  EXPECT_EQ(json["loads"][0]["failed"]["INTERNAL"], 1);
  EXPECT_GT(json["loads"][0]["latency_us"]["p99.9"], 0);
  int64_t counted = 0;
  for (const auto& bucket : json["loads"][0]["histogram_us"]) counted += bucket[1].get<int64_t>();
  EXPECT_EQ(counted, 19);
  const std::string table = ToTable(result);
  EXPECT_THAT(table, HasSubstr("echo:closed:2"));
  EXPECT_THAT(table, HasSubstr("INTERNAL: on purpose"));
  EXPECT_THAT(table, HasSubstr("20 calls, 0 lost"));
}

}  // namespace
}  // namespace hexapla::load
