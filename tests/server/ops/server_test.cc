// SPDX-License-Identifier: Apache-2.0
#include "server/ops/server.h"

#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
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
#include "tests/testing/certificates.h"
#include "tests/testing/temporary_directory.h"

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

// A TCP connection that says nothing.
int ConnectRaw(const std::string& address) {
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)), 0);
  return connection;
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

class UnixServerTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ = ::testing::TempDir() + "hexapla_server.sock";
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

TEST(ServerModelsTest, TheOldSetIsFreedWithItsLastCall) {
  HeldAligner aligner;
  auto models = std::make_shared<const ModelSet>(std::make_unique<FakeIdentifier>(), nullptr,
                                                 ScoringWeights(), TestModels()->info());
  const std::weak_ptr<const ModelSet> old = models;
  auto created = Server::Create(ListenOn({}), std::move(models), aligner.function());
  ASSERT_TRUE(created.ok()) << created.status();
  const std::unique_ptr<Server> server = *std::move(created);
  const auto channel = server->InProcessChannel();
  auto call = std::async(std::launch::async, [&] { return Align(channel); });
  aligner.AwaitCall();
  server->ReplaceModels(TestModels());
  EXPECT_FALSE(old.expired());
  aligner.Release();
  EXPECT_TRUE(call.get().ok());
  EXPECT_TRUE(old.expired());
}

class ServerSecretsTest : public ::testing::Test {
 protected:
  ServerSecretsTest() {
    Write("server", authority_.Issue("DNS:localhost,IP:127.0.0.1"));
    directory_.Write("ca.pem", authority_.certificate_pem());
    directory_.Write("tokens", "# mine\nfirst\nsecond\n");
    options_ = ListenOn({"127.0.0.1:0"});
    options_.tls = {.certificate = directory_ / "server.pem", .key = directory_ / "server.key"};
  }

  void Write(const std::string& name, const TestCertificate& identity) {
    directory_.Write(name + ".pem", identity.certificate_pem());
    directory_.Write(name + ".key", identity.key_pem());
  }

  // Trusts `authority`; shows `identity` if there is one. A connection of its own.
  static std::shared_ptr<grpc::Channel> ConnectTls(const Server& server,
                                                   const TestCertificate& authority,
                                                   const TestCertificate* identity = nullptr) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority.certificate_pem();
    if (identity != nullptr) {
      options.pem_cert_chain = identity->certificate_pem();
      options.pem_private_key = identity->key_pem();
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(server.addresses().front(), grpc::SslCredentials(options),
                                     arguments);
  }

  static grpc::StatusCode ListWith(const std::shared_ptr<grpc::Channel>& channel,
                                   const std::string& authorization) {
    grpc::ClientContext context;
    SetPatience(context);
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    v1::ListModelsResponse response;
    return v1::ModelService::NewStub(channel)->ListModels(&context, {}, &response).error_code();
  }

  const TestCertificate authority_ = TestCertificate::Authority();
  const testing::TemporaryDirectory directory_;
  Options options_;
};

TEST_F(ServerSecretsTest, SpeaksTlsOnEveryListener) {
  const std::string path = directory_ / "socket";
  options_.listen.push_back("unix:" + path);
  const auto server = MustCreate(options_);
  EXPECT_TRUE(Answers(ConnectTls(*server, authority_)));
  EXPECT_EQ(ListWith(Connect(server->addresses()[0]), ""), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ListWith(Connect("unix:" + path), ""), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ListWith(ConnectTls(*server, TestCertificate::Authority("other")), ""),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerSecretsTest, WithAClientAuthorityOnlyItsClientsConnect) {
  options_.tls.client_ca = directory_ / "ca.pem";
  const auto server = MustCreate(options_);
  const TestCertificate ours = authority_.Issue("DNS:client");
  const TestCertificate strange = TestCertificate::Authority("other").Issue("DNS:client");
  EXPECT_TRUE(Answers(ConnectTls(*server, authority_, &ours)));
  EXPECT_EQ(ListWith(ConnectTls(*server, authority_), ""), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ListWith(ConnectTls(*server, authority_, &strange), ""), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerSecretsTest, CallsNeedATokenAndHealthChecksDoNot) {
  options_.auth_tokens = directory_ / "tokens";
  const auto server = MustCreate(options_);
  const auto channel = ConnectTls(*server, authority_);
  EXPECT_EQ(ListWith(channel, "Bearer first"), grpc::StatusCode::OK);
  EXPECT_EQ(ListWith(channel, "Bearer second"), grpc::StatusCode::OK);
  EXPECT_EQ(ListWith(channel, ""), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ListWith(channel, "Bearer third"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ListWith(channel, "Basic first"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(CheckHealth(channel, ""), HealthCheckResponse::SERVING);
  EXPECT_THAT(Reflect(channel, std::string("\x3a\0", 2)), HasSubstr("hexapla.v1"));
}

TEST_F(ServerSecretsTest, TokensChangeWhileItServes) {
  options_.auth_tokens = directory_ / "tokens";
  const auto server = MustCreate(options_);
  const auto channel = ConnectTls(*server, authority_);
  directory_.Write("tokens", "third\n");
  EXPECT_EQ(ListWith(channel, "Bearer third"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(server->ReloadTokens().ok());
  EXPECT_EQ(ListWith(channel, "Bearer third"), grpc::StatusCode::OK);
  EXPECT_EQ(ListWith(channel, "Bearer first"), grpc::StatusCode::UNAUTHENTICATED);
  directory_.Write("tokens", "# nobody\n");
  EXPECT_FALSE(server->ReloadTokens().ok());
  EXPECT_EQ(ListWith(channel, "Bearer third"), grpc::StatusCode::OK);
}

TEST_F(ServerSecretsTest, ANewIdentityServesFromTheNextHandshakeOn) {
  const auto server = MustCreate(options_);
  const auto before = ConnectTls(*server, authority_);
  EXPECT_TRUE(Answers(before));
  const TestCertificate other = TestCertificate::Authority("other");
  Write("server", other.Issue("DNS:localhost,IP:127.0.0.1"));
  ASSERT_TRUE(server->ReloadTls().ok());
  EXPECT_TRUE(Answers(before));
  EXPECT_TRUE(Answers(ConnectTls(*server, other)));
  EXPECT_EQ(ListWith(ConnectTls(*server, authority_), ""), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerSecretsTest, AnIdentityThatDoesNotFitLeavesTheOldServing) {
  const auto server = MustCreate(options_);
  directory_.Write("server.pem", authority_.Issue("DNS:localhost").certificate_pem());
  EXPECT_THAT(std::string(server->ReloadTls().message()), HasSubstr("is not the key of"));
  EXPECT_TRUE(Answers(ConnectTls(*server, authority_)));
  directory_.Write("server.pem", "");
  EXPECT_FALSE(server->ReloadTls().ok());
  EXPECT_TRUE(Answers(ConnectTls(*server, authority_)));
}

TEST_F(ServerSecretsTest, BadFilesKeepItFromStarting) {
  options_.auth_tokens = directory_ / "none";
  EXPECT_EQ(Server::Create(options_, TestModels()).status().code(), absl::StatusCode::kNotFound);
  options_.auth_tokens = "";
  directory_.Write("server.key", "");
  EXPECT_EQ(Server::Create(options_, TestModels()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(ServerLimitsTest, LargeMetadataIsRefusedAndTheNextCallAnswered) {
  Options options = ListenOn({"127.0.0.1:0"});
  options.connection.metadata_bytes_max = 2000;
  const auto server = MustCreate(options);
  const auto channel = Connect(server->addresses().front());
  grpc::ClientContext context;
  SetPatience(context);
  context.AddMetadata("x-large", std::string(5000, 'x'));
  v1::ListModelsResponse response;
  EXPECT_EQ(v1::ModelService::NewStub(channel)->ListModels(&context, {}, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  // It cost the connection, and the first call after that may not know yet.
  const auto deadline = Clock::now() + kPatience;
  while (!ListModels(channel, &response).ok() && Clock::now() < deadline) {
  }
  EXPECT_TRUE(Answers(channel));
}

TEST(ServerLimitsTest, AConnectionThatNeverSpeaksIsClosed) {
  Options options = ListenOn({"127.0.0.1:0"});
  options.connection.handshake_max = absl::Milliseconds(200);
  const auto server = MustCreate(options);
  const int connection = ConnectRaw(server->addresses().front());
  char byte = 0;
  // gRPC's own greeting may come first; then it is over.
  while (read(connection, &byte, 1) > 0) {
  }
  close(connection);
  EXPECT_TRUE(Answers(Connect(server->addresses().front())));
}

TEST(ServerLimitsTest, AnIdleConnectionIsClosedAndTheNextCallAnswered) {
  Options options = ListenOn({"127.0.0.1:0"});
  options.connection.idle_max = absl::Milliseconds(100);
  const auto server = MustCreate(options);
  const auto channel = Connect(server->addresses().front());
  EXPECT_TRUE(Answers(channel));
  const auto deadline = Clock::now() + kPatience;
  while (channel->GetState(false) == GRPC_CHANNEL_READY && Clock::now() < deadline) {
    channel->WaitForStateChange(GRPC_CHANNEL_READY,
                                std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  }
  EXPECT_NE(channel->GetState(false), GRPC_CHANNEL_READY);
  EXPECT_TRUE(Answers(channel));
}

TEST(ServerLimitsTest, MoreCallsThanAConnectionMayHaveWait) {
  HeldAligner aligner;
  Options options = ListenOn({"127.0.0.1:0"});
  options.connection.streams_max = 1;
  const auto server = MustCreate(options, aligner.function());
  const auto channel = Connect(server->addresses().front());
  // The client has to have heard of the limit.
  ASSERT_TRUE(Answers(channel));
  auto first = std::async(std::launch::async, [&] { return Align(channel); });
  aligner.AwaitCall();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  v1::ListModelsResponse response;
  EXPECT_EQ(v1::ModelService::NewStub(channel)->ListModels(&context, {}, &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  aligner.Release();
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(Answers(channel));
}

TEST(ServerChannelzTest, ChannelzIsServedOnlyWhenAskedFor) {
  const std::string list("\x3a\0", 2);
  {
    const auto server = MustCreate(ListenOn({}));
    EXPECT_THAT(Reflect(server->InProcessChannel(), list),
                ::testing::Not(HasSubstr("grpc.channelz")));
  }
  // Last, because gRPC's plug-in stays for all servers of this process.
  Options options = ListenOn({});
  options.channelz = true;
  const auto server = MustCreate(options);
  EXPECT_THAT(Reflect(server->InProcessChannel(), list), HasSubstr("grpc.channelz.v1.Channelz"));
}

}  // namespace
}  // namespace hexapla
