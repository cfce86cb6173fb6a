// SPDX-License-Identifier: Apache-2.0
#include "server/ops/server.h"

#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/server/service/test_models.h"

namespace hexapla {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(20);

absl::StatusOr<AlignedDocuments> AlignNothing(const ModelSet&, const std::vector<VersionInput>&,
                                              const AlignOptions&, const StopCondition&) {
  return AlignedDocuments();
}

Options ListenOn(std::vector<std::string> addresses) {
  Options options;
  options.listen = std::move(addresses);
  options.workers = 1;
  return options;
}

std::unique_ptr<Server> MustCreate(const Options& options, AlignFunction align = AlignNothing) {
  auto server = Server::Create(options, TestModels(), std::move(align));
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
}

void SetPatience(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  context.set_wait_for_ready(false);
}

grpc::Status ListModels(const std::shared_ptr<grpc::Channel>& channel,
                        v1::ListModelsResponse* response) {
  grpc::ClientContext context;
  SetPatience(context);
  return v1::ModelService::NewStub(channel)->ListModels(&context, {}, response);
}

bool Answers(const std::shared_ptr<grpc::Channel>& channel) {
  v1::ListModelsResponse response;
  const grpc::Status status = ListModels(channel, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return status.ok();
}

int CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  grpc::ClientContext context;
  SetPatience(context);
  HealthCheckRequest request;
  request.set_service(service);
  HealthCheckResponse response;
  const grpc::Status status = Health::NewStub(channel)->Check(&context, request, &response);
  EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
  return response.status();
}

v1::AlignDocumentsRequest TwoVersions() {
  v1::AlignDocumentsRequest request;
  request.add_versions()->set_text("The kettle is on.");
  request.add_versions()->set_text("La bouilloire chauffe.");
  return request;
}

grpc::Status Align(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  SetPatience(context);
  v1::AlignDocumentsResponse response;
  return v1::AlignmentService::NewStub(channel)->AlignDocuments(&context, TwoVersions(), &response);
}

TEST(ServerTest, WithoutAddressesItServesThisProcess) {
  const auto server = MustCreate(ListenOn({}));
  EXPECT_THAT(server->addresses(), IsEmpty());
  EXPECT_TRUE(Answers(server->InProcessChannel()));
  EXPECT_TRUE(Align(server->InProcessChannel()).ok());
}

TEST(ServerTest, AReplyInThisProcessMayBeLarge) {
  const auto server = MustCreate(
      ListenOn({}),
      [](const ModelSet&, const std::vector<VersionInput>&, const AlignOptions&,
         const StopCondition&) -> absl::StatusOr<AlignedDocuments> {
        AlignedDocuments aligned;
        aligned.warnings.push_back({.reason = AlignmentWarning::Reason::kLanguageUncertain,
                                    .versions = {},
                                    .message = std::string(size_t{5} << 20, 'x')});
        return aligned;
      });
  const grpc::Status status = Align(server->InProcessChannel());
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST(ServerTest, EveryServiceIsHealthy) {
  const auto server = MustCreate(ListenOn({}));
  for (const char* service : {"", "hexapla.v1.AlignmentService", "hexapla.v1.LanguageService",
                              "hexapla.v1.EmbeddingService", "hexapla.v1.ModelService"}) {
    EXPECT_EQ(CheckHealth(server->InProcessChannel(), service), HealthCheckResponse::SERVING);
  }
}

TEST(ServerTest, TellsThePortsThatItGot) {
  const auto server = MustCreate(ListenOn({"127.0.0.1:0", "127.0.0.1:0"}));
  ASSERT_THAT(server->addresses(), SizeIs(2));
  EXPECT_NE(server->addresses()[0], server->addresses()[1]);
  for (const std::string& address : server->addresses()) {
    EXPECT_THAT(address, StartsWith("127.0.0.1:"));
    EXPECT_NE(address, "127.0.0.1:0");
    EXPECT_TRUE(Answers(Connect(address)));
  }
}

TEST(ServerTest, ATakenPortIsAnError) {
  const auto first = MustCreate(ListenOn({"127.0.0.1:0"}));
  const std::string address = first->addresses().front();
  const auto second = Server::Create(ListenOn({"127.0.0.1:0", address}), TestModels());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("cannot listen on " + address + ": Address already in use"));
  EXPECT_TRUE(Answers(Connect(address)));
}

TEST(ServerTest, AMalformedAddressIsAnError) {
  const auto server = Server::Create(ListenOn({"127.0.0.1"}), TestModels());
  EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
}

class UnixServerTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ = testing::TempDir() + "hexapla_server.sock";
  const std::string address_ = "unix:" + path_;
};

TEST_F(UnixServerTest, ServesAUnixSocketAndRemovesItAtTheEnd) {
  auto server = MustCreate(ListenOn({address_}));
  EXPECT_THAT(server->addresses(), ElementsAre(address_));
  EXPECT_TRUE(Answers(Connect(address_)));
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixServerTest, TakesOverTheSocketOfADeadServer) {
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  path_.copy(name.sun_path, sizeof(name.sun_path) - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  close(listener);
  const auto server = MustCreate(ListenOn({address_}));
  EXPECT_TRUE(Answers(Connect(address_)));
}

TEST_F(UnixServerTest, LeavesTheSocketOfALivingServerAlone) {
  const auto first = MustCreate(ListenOn({address_}));
  EXPECT_EQ(Server::Create(ListenOn({address_}), TestModels()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Answers(Connect(address_)));
}

TEST(ServerTest, AnOversizeMessageIsRefusedAndTheNextAnswered) {
  Options options = ListenOn({"127.0.0.1:0"});
  options.message_bytes_max = 1000;
  const auto server = MustCreate(options);
  const auto channel = Connect(server->addresses().front());
  v1::AlignDocumentsRequest request = TwoVersions();
  request.mutable_versions(0)->set_text(std::string(2000, 'x'));
  grpc::ClientContext context;
  SetPatience(context);
  v1::AlignDocumentsResponse response;
  const grpc::Status status =
      v1::AlignmentService::NewStub(channel)->AlignDocuments(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Answers(channel));
}

TEST(ServerTest, NewModelsServeFromTheNextCallOn) {
  const auto server = MustCreate(ListenOn({}));
  const auto old_models = TestModels();
  std::vector<ModelInfo> info = old_models->info();
  info[0].version = "reloaded";
  server->ReplaceModels(std::make_shared<const ModelSet>(std::make_unique<FakeIdentifier>(),
                                                         nullptr, ScoringWeights(), info));
  v1::ListModelsResponse response;
  ASSERT_TRUE(ListModels(server->InProcessChannel(), &response).ok());
  EXPECT_THAT(response.ShortDebugString(), HasSubstr("version: \"reloaded\""));
}

// An engine that is inside a call until the test lets it go.
class HeldAligner {
 public:
  AlignFunction function() {
    return [this](const ModelSet&, const std::vector<VersionInput>&, const AlignOptions&,
                  const StopCondition& stop) -> absl::StatusOr<AlignedDocuments> {
      started_.count_down();
      while (!released_.try_wait()) {
        const absl::Status status = stop.Check();
        if (!status.ok()) return status;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return AlignedDocuments();
    };
  }
  void AwaitCall() { started_.wait(); }
  void Release() { released_.count_down(); }

 private:
  std::latch started_{1};
  std::latch released_{1};
};

TEST(ServerDrainTest, ACallUnderWayIsAnswered) {
  HeldAligner aligner;
  const auto server = MustCreate(ListenOn({"127.0.0.1:0"}), aligner.function());
  const auto channel = Connect(server->addresses().front());
  auto call = std::async(std::launch::async, [&] { return Align(channel); });
  aligner.AwaitCall();
  auto drain = std::async(std::launch::async, [&] { server->Drain(absl::Seconds(100)); });
  // Until the drain has begun; from then on nobody else gets in.
  while (CheckHealth(channel, "") == HealthCheckResponse::SERVING) std::this_thread::yield();
  aligner.Release();
  const grpc::Status status = call.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
  drain.get();
  EXPECT_FALSE(Align(Connect(server->addresses().front())).ok());
}

TEST(ServerDrainTest, ACallThatOutlastsTheGraceIsStopped) {
  HeldAligner aligner;
  const auto server = MustCreate(ListenOn({"127.0.0.1:0"}), aligner.function());
  const auto channel = Connect(server->addresses().front());
  auto call = std::async(std::launch::async, [&] { return Align(channel); });
  aligner.AwaitCall();
  const auto begin = Clock::now();
  server->Drain(absl::Milliseconds(300));
  EXPECT_FALSE(call.get().ok());
  EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(300));
  EXPECT_LT(Clock::now() - begin, kPatience / 2);
}

TEST(ServerDrainTest, AWatchDoesNotUseUpTheGrace) {
  const auto server = MustCreate(ListenOn({"127.0.0.1:0"}));
  const auto channel = Connect(server->addresses().front());
  const auto stub = Health::NewStub(channel);
  grpc::ClientContext context;
  SetPatience(context);
  const auto watch = stub->Watch(&context, HealthCheckRequest());
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  const auto begin = Clock::now();
  server->Drain(absl::Seconds(100));
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(ServerDrainTest, MayHappenTwice) {
  const auto server = MustCreate(ListenOn({}));
  server->Drain(absl::Seconds(1));
  server->Drain(absl::Seconds(1));
}

// The raw answer of the reflection service to a raw request.
std::string Reflect(const std::shared_ptr<grpc::Channel>& channel, const std::string& request) {
  grpc::ClientContext context;
  SetPatience(context);
  const grpc::internal::RpcMethod method(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      grpc::internal::RpcMethod::BIDI_STREAMING);
  const std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> stream(
      grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>::Create(
          channel.get(), method, &context));
  const grpc::Slice slice(request);
  grpc::ByteBuffer answer;
  stream->Write(grpc::ByteBuffer(&slice, 1));
  stream->WritesDone();
  grpc::Slice bytes;
  if (!stream->Read(&answer) || !answer.DumpToSingleSlice(&bytes).ok()) return "no answer";
  return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

TEST(ServerReflectionTest, ListsEveryService) {
  const auto server = MustCreate(ListenOn({}));
  // ServerReflectionRequest{list_services: ""}.
  const std::string names = Reflect(server->InProcessChannel(), std::string("\x3a\0", 2));
  for (const char* name :
       {"hexapla.v1.AlignmentService", "hexapla.v1.LanguageService", "hexapla.v1.EmbeddingService",
        "hexapla.v1.ModelService", "grpc.health.v1.Health"}) {
    EXPECT_THAT(names, HasSubstr(name));
  }
}

TEST(ServerReflectionTest, DescribesOurServicesAndHealth) {
  const auto server = MustCreate(ListenOn({}));
  for (const auto& [name, file] :
       {std::pair<std::string, std::string>{"hexapla.v1.AlignmentService", "alignment_service"},
        {"grpc.health.v1.Health", "health.proto"},
        {"google.rpc.ErrorInfo", "error_details.proto"}}) {
    // ServerReflectionRequest{file_containing_symbol: name}.
    const std::string request = "\x22" + std::string(1, static_cast<char>(name.size())) + name;
    EXPECT_THAT(Reflect(server->InProcessChannel(), request), HasSubstr(file));
  }
}

}  // namespace
}  // namespace hexapla
