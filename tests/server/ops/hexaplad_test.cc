// SPDX-License-Identifier: Apache-2.0
//
// The real program: what it prints, how it ends, and what signals do to it.
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <hexapla/v1/alignment_service.grpc.pb.h>
#include <hexapla/v1/model_service.grpc.pb.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/server/models/model_directory.h"
#include "tests/server/ops/child_process.h"

namespace hexapla {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(20);
constexpr char kPrefix[] = "listening on ";

void SetPatience(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

// Two versions of `sentences` sentences, which take the longer the more they are.
v1::AlignDocumentsRequest Versions(int sentences) {
  v1::AlignDocumentsRequest request;
  for (const char* language : {"en", "fr"}) {
    auto* version = request.add_versions();
    version->set_language(language);
    for (int i = 0; i < sentences; ++i) {
      version->add_sentences(absl::StrCat("kettle river ", i * 7919 % 10007));
    }
  }
  return request;
}

class HexapladTest : public testing::Test {
 protected:
  // Starts the program on a free port with further flags.
  void Start(std::vector<std::string> flags = {}) {
    std::vector<std::string> argv = {HEXAPLAD, "--listen=127.0.0.1:0",
                                     "--models=" + directory_.path()};
    argv.insert(argv.end(), flags.begin(), flags.end());
    server_ = std::make_unique<ChildProcess>(argv);
    ASSERT_TRUE(server_->AwaitOutput("\n")) << server_->log();
    const std::string output = server_->output();
    ASSERT_THAT(output, StartsWith(kPrefix));
    address_ = output.substr(sizeof(kPrefix) - 1, output.find('\n') - sizeof(kPrefix) + 1);
    channel_ = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  }

  // Ends it by SIGTERM. Closes the channel first, because gRPC's C++ client looks
  // at an idle one every 5 seconds only, and so answers a goodbye late.
  int Stop() {
    channel_.reset();
    server_->Signal(SIGTERM);
    return server_->Wait();
  }

  std::string ModelVersions() {
    grpc::ClientContext context;
    SetPatience(context);
    v1::ListModelsResponse response;
    const grpc::Status status =
        v1::ModelService::NewStub(channel_)->ListModels(&context, {}, &response);
    if (!status.ok()) return status.error_message();
    std::string versions;
    for (const v1::Model& model : response.models()) {
      absl::StrAppend(&versions, model.name(), " ", model.version(), "; ");
    }
    return versions;
  }

  grpc::Status Align(int sentences) {
    grpc::ClientContext context;
    SetPatience(context);
    v1::AlignDocumentsResponse response;
    return v1::AlignmentService::NewStub(channel_)->AlignDocuments(&context, Versions(sentences),
                                                                   &response);
  }

  // The names of the events in the log, which must be JSON.
  std::vector<std::string> Events() const {
    std::vector<std::string> events;
    const std::string log = server_->log();
    for (const absl::string_view line : absl::StrSplit(log, '\n', absl::SkipEmpty())) {
      const auto json = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
      EXPECT_TRUE(json.is_object()) << line;
      if (json.is_object()) events.push_back(json.value("event", "none"));
    }
    return events;
  }

  ModelDirectory directory_;
  std::unique_ptr<ChildProcess> server_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(HexapladTest, PrintsItsAddressAndLogsJson) {
  Start();
  EXPECT_THAT(ModelVersions(), HasSubstr("space 1; "));
  EXPECT_EQ(Stop(), 0);
  EXPECT_EQ(server_->output(), kPrefix + address_ + "\n");
  EXPECT_THAT(Events(), ElementsAre("start", "ready", "drain", "stop"));
}

TEST_F(HexapladTest, PrintsEachAddressInTheirOrder) {
  const std::string path = directory_.PathOf("socket");
  Start({"--listen=unix:" + path});
  EXPECT_EQ(server_->output(), kPrefix + address_ + "\n" + kPrefix + "unix:" + path + "\n");
}

TEST_F(HexapladTest, AnInterruptDrainsToo) {
  Start();
  server_->Signal(SIGINT);
  EXPECT_EQ(server_->Wait(), 0);
  EXPECT_THAT(server_->log(), HasSubstr(R"("drained":true)"));
}

TEST_F(HexapladTest, SigtermLetsACallUnderWayFinish) {
  // A call takes the whole budget, so that a short one is refused exactly while
  // the long one is under way.
  Start({"--max_queue_cost=1", "--drain_grace=60s"});
  auto call = std::async(std::launch::async, [this] {
    grpc::Status status;
    do {
      status = Align(600);
    } while (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    return status;
  });
  while (Align(1).error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) {
    ASSERT_NE(call.wait_for(std::chrono::seconds(0)), std::future_status::ready)
        << "too quick for this test: " << call.get().error_message();
  }
  server_->Signal(SIGTERM);
  const grpc::Status status = call.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(server_->Wait(), 0);
  EXPECT_THAT(server_->log(), HasSubstr(R"("drained":true)"));
}

// A call that lasts as long as its caller wants.
class OpenCall {
 public:
  explicit OpenCall(const std::shared_ptr<grpc::Channel>& channel) {
    const grpc::internal::RpcMethod method(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        grpc::internal::RpcMethod::BIDI_STREAMING);
    stream_.reset(Factory::Create(channel.get(), method, &context_));
    // ServerReflectionRequest{list_services: ""}: it is open once it is answered.
    const grpc::Slice slice(std::string("\x3a\0", 2));
    stream_->Write(grpc::ByteBuffer(&slice, 1));
    grpc::ByteBuffer answer;
    EXPECT_TRUE(stream_->Read(&answer));
  }
  ~OpenCall() {
    context_.TryCancel();
    stream_->Finish();
  }

 private:
  using Factory = grpc::internal::ClientReaderWriterFactory<grpc::ByteBuffer, grpc::ByteBuffer>;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>> stream_;
};

TEST_F(HexapladTest, TheGraceOfADrainIsLimited) {
  Start({"--drain_grace=500ms"});
  const OpenCall call(channel_);
  const auto begin = Clock::now();
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
  EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(500));
}

TEST_F(HexapladTest, ASecondSignalEndsItAtOnce) {
  Start({"--drain_grace=1h"});
  const OpenCall call(channel_);
  server_->Signal(SIGTERM);
  ASSERT_TRUE(server_->AwaitLog(R"("event":"drain")"));
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 1);
  EXPECT_THAT(server_->log(), HasSubstr(R"("drained":false)"));
}

TEST_F(HexapladTest, AHangupLoadsTheModelsAgain) {
  Start();
  directory_.Entry("space")["version"] = "2";
  directory_.WriteManifest();
  server_->Signal(SIGHUP);
  ASSERT_TRUE(server_->AwaitLog(R"("event":"reload")"));
  EXPECT_THAT(ModelVersions(), HasSubstr("space 2; "));
}

TEST_F(HexapladTest, AHangupKeepsTheModelsWhenTheNewOnesAreBad) {
  Start();
  directory_.Entry("space")["version"] = "2";
  directory_.WriteManifest();
  directory_.WriteFile("space.bin", "cut");
  server_->Signal(SIGHUP);
  ASSERT_TRUE(server_->AwaitLog(R"("event":"reload")"));
  EXPECT_THAT(server_->log(), AllOf(HasSubstr(R"("level":"error","event":"reload")"),
                                    HasSubstr("space.bin: is damaged")));
  EXPECT_THAT(ModelVersions(), HasSubstr("space 1; "));
  EXPECT_EQ(Stop(), 0);
}

TEST_F(HexapladTest, ADrainDoesNotWaitForAReloadThatHangs) {
  const std::string config = directory_.path() + "/config";
  std::ofstream(config) << "workers=1\n";
  Start({"--config=" + config});
  // Who reads it now waits until somebody writes.
  ASSERT_EQ(unlink(config.c_str()), 0);
  ASSERT_EQ(mkfifo(config.c_str(), 0600), 0);
  server_->Signal(SIGHUP);
  int writer = -1;
  for (int i = 0; i < 2000 && writer < 0; ++i) {
    writer = open(config.c_str(), O_WRONLY | O_NONBLOCK);
    if (writer < 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_GE(writer, 0) << "nobody reads it";
  EXPECT_TRUE(Align(1).ok());
  EXPECT_EQ(Stop(), 0);
  EXPECT_THAT(server_->log(), HasSubstr(R"("drained":true)"));
  close(writer);
}

struct Failure {
  std::vector<std::string> flags;
  int code;
  std::string message;
};

TEST_F(HexapladTest, AFailedStartIsOneLineAndItsCode) {
  Start();
  const ModelDirectory damaged;
  damaged.WriteFile("lid.bin", "cut");
  const std::string good = "--models=" + directory_.path();
  const Failure kCases[] = {
      {{"--models=/nowhere"}, 1, "/nowhere/manifest.json"},
      {{"--models=" + damaged.path()}, 1, "lid.bin: is damaged"},
      {{good, "--listen=" + address_}, 1, "cannot listen on " + address_ + ": Address already"},
      {{good, "--listen=192.0.2.1:0", "--allow_insecure"}, 1, "cannot listen on 192.0.2.1:0"},
      {{good, "--listen=0.0.0.0:0"}, 2, "--allow_insecure"},
      {{"--no_such_flag"}, 2, "--no_such_flag"},
  };
  for (const Failure& failure : kCases) {
    SCOPED_TRACE(failure.message);
    std::vector<std::string> argv = {HEXAPLAD};
    argv.insert(argv.end(), failure.flags.begin(), failure.flags.end());
    ChildProcess program(argv);
    EXPECT_EQ(program.Wait(), failure.code);
    EXPECT_THAT(program.output(), IsEmpty());
    EXPECT_THAT(program.log(),
                AllOf(StartsWith("hexaplad: "), HasSubstr(failure.message), EndsWith("\n")));
    EXPECT_EQ(program.log().find('\n'), program.log().size() - 1) << program.log();
  }
  EXPECT_THAT(ModelVersions(), HasSubstr("space 1; "));
}

}  // namespace
}  // namespace hexapla
