// SPDX-License-Identifier: Apache-2.0
#include "server/ops/reloader.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/ops/log.h"
#include "server/ops/warm_up.h"
#include "tests/server/models/model_directory.h"
#include "tests/testing/certificates.h"
#include "tests/testing/temporary_directory.h"

namespace hexapla {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr absl::Duration kPatience = absl::Seconds(60);

TEST(FlagsThatNeedRestartTest, NamesWhatDiffersButCannotChange) {
  Options before;
  before.given = {{"workers", "1"}, {"listen", "unix:a"}, {"models", "a"}, {"log_level", "info"}};
  Options after;
  after.given = {{"workers", "2"}, {"max_queue_cost", "9"}, {"models", "b"}, {"log_level", "off"}};
  EXPECT_THAT(FlagsThatNeedRestart(before, after),
              ElementsAre("listen", "max_queue_cost", "workers"));
  EXPECT_THAT(FlagsThatNeedRestart(before, before), IsEmpty());
}

// A server without a port, and the file of --config that it was started with.
class ReloaderTest : public ::testing::Test {
 protected:
  ReloaderTest() {
    Configure("");
    secrets_.Write("tokens", "first\n");
  }
  ~ReloaderTest() override { SetLogLevel(LogLevel::kOff); }

  void Configure(const std::string& more) {
    files_.Write("hexaplad.conf", "models=" + models_.path() + "\n" + more);
  }

  // `change` makes the options what no configuration could without a port.
  template <typename Change>
  void Start(Change change) {
    auto parsed = ParseOptions(static_cast<int>(argv_.size()), argv_.data());
    ASSERT_TRUE(std::holds_alternative<Options>(parsed)) << std::get<CommandLineExit>(parsed).err;
    Options options = std::get<Options>(std::move(parsed));
    options.listen.clear();
    options.workers = 1;
    change(options);
    reloader_.emplace(options, static_cast<int>(argv_.size()), argv_.data());
    auto server = Server::Create(options, LoadWarmModels(models_.path()).value());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    SetLogLevel(LogLevel::kInfo);
  }
  void Start() {
    Start([](Options&) {});
  }
  void StartWith(const TestCertificate& identity) {
    Write(identity);
    Start([this](Options& options) {
      options.tls = {.certificate = secrets_ / "server.pem", .key = secrets_ / "server.key"};
    });
  }
  void Write(const TestCertificate& identity) {
    secrets_.Write("server.pem", identity.certificate_pem());
    secrets_.Write("server.key", identity.key_pem());
  }

  // What is logged while `action` runs.
  template <typename Action>
  std::string LogOf(Action action) {
    FlushLog(kPatience);
    ::testing::internal::CaptureStderr();
    action();
    FlushLog(kPatience);
    return ::testing::internal::GetCapturedStderr();
  }
  std::string ReloadAll() {
    return LogOf([this] { reloader_->ReloadAll(*server_); });
  }

  // The version of the space that serves, or the code of the error.
  std::string SpaceVersion(const std::string& token = "") {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    v1::GetModelRequest request;
    request.set_name("space");
    v1::GetModelResponse response;
    const grpc::Status status = v1::ModelService::NewStub(server_->InProcessChannel())
                                    ->GetModel(&context, request, &response);
    return status.ok() ? response.model().version() : std::to_string(status.error_code());
  }

  void SetSpaceVersion(const std::string& version) {
    models_.Entry("space")["version"] = version;
    models_.WriteManifest();
  }

  ModelDirectory models_;
  const testing::TemporaryDirectory files_;
  const testing::TemporaryDirectory secrets_;
  const std::string flag_ = "--config=" + (files_ / "hexaplad.conf");
  std::vector<const char*> argv_ = {"hexaplad", flag_.c_str()};
  std::optional<Reloader> reloader_;
  std::unique_ptr<Server> server_;
};

TEST_F(ReloaderTest, NewModelsServeTheNextCall) {
  Start();
  EXPECT_EQ(SpaceVersion(), "1");
  SetSpaceVersion("2");
  EXPECT_EQ(SpaceVersion(), "1");
  EXPECT_THAT(ReloadAll(), HasSubstr(R"("event":"reload","models":")" + models_.path()));
  EXPECT_EQ(SpaceVersion(), "2");
}

TEST_F(ReloaderTest, BadModelsLeaveTheOldServing) {
  Start();
  SetSpaceVersion("2");
  models_.WriteFile("lid.bin", "cut");
  EXPECT_THAT(ReloadAll(), AllOf(HasSubstr(R"("level":"error","event":"reload","models":)"),
                                 HasSubstr("lid.bin: is damaged"), HasSubstr("goes on serving")));
  EXPECT_EQ(SpaceVersion(), "1");
}

TEST_F(ReloaderTest, ADirectoryThatIsGoneLeavesTheOldServing) {
  Start();
  files_.Write("hexaplad.conf", "models=/nowhere\n");
  EXPECT_THAT(ReloadAll(), AllOf(HasSubstr(R"("level":"error")"), HasSubstr("/nowhere")));
  EXPECT_EQ(SpaceVersion(), "1");
  EXPECT_EQ(reloader_->options().models, "/nowhere");
}

TEST_F(ReloaderTest, TheLevelOfTheLogChangesAndOtherFlagsAreNamed) {
  Start();
  Configure("log_level=debug\nmax_sentences=7\ndrain_grace=1s\n");
  EXPECT_THAT(ReloadAll(), AllOf(HasSubstr(R"("event":"restart_needed")"),
                                 HasSubstr(R"("flags":["drain_grace","max_sentences"])")));
  EXPECT_TRUE(IsLogged(LogLevel::kDebug));
  EXPECT_EQ(reloader_->options().log_level, LogLevel::kDebug);
}

TEST_F(ReloaderTest, ABadConfigurationChangesNothing) {
  Start();
  Configure("log_level=error\nmax_sentences=many\n");
  EXPECT_THAT(ReloadAll(), AllOf(HasSubstr(R"("level":"error","event":"reload","config":)"),
                                 HasSubstr("max_sentences")));
  EXPECT_TRUE(IsLogged(LogLevel::kInfo));
  EXPECT_EQ(SpaceVersion(), "1");
}

TEST_F(ReloaderTest, WithoutFilesOfTheirOwnThePartsAreLeftAlone) {
  argv_.pop_back();
  const std::string models = "--models=" + models_.path();
  argv_.push_back(models.c_str());
  Start();
  EXPECT_FALSE(reloader_->watches_files());
  EXPECT_THAT(ReloadAll(),
              AllOf(HasSubstr(R"("models":)"), Not(HasSubstr(R"("config":)")),
                    Not(HasSubstr(R"("certificate":)")), Not(HasSubstr(R"("tokens":)"))));
  EXPECT_THAT(LogOf([this] { reloader_->ReloadChanged(*server_); }), IsEmpty());
}

TEST_F(ReloaderTest, TokensAreReadOnceTheirFileHasChangedAndStoodStill) {
  Start([this](Options& options) { options.auth_tokens = secrets_ / "tokens"; });
  EXPECT_EQ(SpaceVersion("first"), "1");
  secrets_.Write("tokens", "other\n# and a line more\n");
  EXPECT_THAT(LogOf([this] { reloader_->ReloadChanged(*server_); }), IsEmpty());
  EXPECT_THAT(LogOf([this] { reloader_->ReloadChanged(*server_); }), HasSubstr(R"("tokens":)"));
  EXPECT_THAT(LogOf([this] { reloader_->ReloadChanged(*server_); }), IsEmpty());
  EXPECT_EQ(SpaceVersion("other"), "1");
  EXPECT_EQ(SpaceVersion("first"), std::to_string(grpc::StatusCode::UNAUTHENTICATED));
}

TEST_F(ReloaderTest, ABadFileIsComplainedOfOnceAndTheOldServes) {
  Start([this](Options& options) { options.auth_tokens = secrets_ / "tokens"; });
  secrets_.Write("tokens", "");
  const auto look = [this] { reloader_->ReloadChanged(*server_); };
  EXPECT_THAT(LogOf(look), IsEmpty());
  EXPECT_THAT(LogOf(look), HasSubstr(R"("level":"error","event":"reload","tokens":)"));
  EXPECT_THAT(LogOf(look), IsEmpty());
  EXPECT_EQ(SpaceVersion("first"), "1");
}

TEST_F(ReloaderTest, ACertificateIsReadWithItsKey) {
  const TestCertificate authority = TestCertificate::Authority();
  StartWith(authority.Issue("DNS:localhost"));
  EXPECT_TRUE(reloader_->watches_files());
  secrets_.Write("server.pem", authority.Issue("DNS:localhost").certificate_pem());
  EXPECT_THAT(ReloadAll(), AllOf(HasSubstr(R"("level":"error","event":"reload","certificate":)"),
                                 HasSubstr("is not the key of")));
  Write(authority.Issue("DNS:localhost"));
  const auto look = [this] { reloader_->ReloadChanged(*server_); };
  EXPECT_THAT(LogOf(look), IsEmpty());
  EXPECT_THAT(LogOf(look), HasSubstr(R"("level":"info","event":"reload","certificate":)"));
}

TEST_F(ReloaderTest, ACertificateThatCameTooEarlyIsTakenOnceItIsValid) {
  const TestCertificate authority = TestCertificate::Authority();
  StartWith(authority.Issue("DNS:localhost"));
  Write(authority.Issue("DNS:localhost", /*begins_in=*/3));
  EXPECT_THAT(ReloadAll(), HasSubstr("is not valid before"));
  std::string log;
  for (int i = 0; i < 600 && log.empty(); ++i) {
    absl::SleepFor(absl::Milliseconds(100));
    log = LogOf([this] { reloader_->ReloadChanged(*server_); });
  }
  EXPECT_THAT(log, HasSubstr(R"("level":"info","event":"reload","certificate":)"));
}

}  // namespace
}  // namespace hexapla
