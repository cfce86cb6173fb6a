// SPDX-License-Identifier: Apache-2.0
#include "server/ops/options.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A command line with its environment and the file of --config.
struct Invocation {
  std::vector<std::string> arguments = {};
  std::map<std::string, std::string> environment = {};
  std::string config = {};
};

class OptionsTest : public testing::Test {
 protected:
  std::variant<Options, CommandLineExit> Parse(const Invocation& invocation) {
    std::vector<std::string> arguments = invocation.arguments;
    if (!invocation.config.empty()) {
      std::ofstream(config_path_) << invocation.config;
      arguments.push_back("--config=" + config_path_);
    }
    std::vector<const char*> argv = {"hexaplad"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    for (const auto& [name, value] : invocation.environment) {
      setenv(name.c_str(), value.c_str(), 1);
    }
    auto result = ParseOptions(static_cast<int>(argv.size()), argv.data());
    for (const auto& [name, value] : invocation.environment) unsetenv(name.c_str());
    return result;
  }

  Options Good(const Invocation& invocation) {
    const auto result = Parse(invocation);
    if (const auto* exit = std::get_if<CommandLineExit>(&result)) {
      ADD_FAILURE() << exit->err << exit->out;
      return {};
    }
    return std::get<Options>(result);
  }

  // The line of a usage error.
  std::string Error(const Invocation& invocation) {
    const auto result = Parse(invocation);
    const auto* exit = std::get_if<CommandLineExit>(&result);
    if (exit == nullptr) return "no error";
    EXPECT_EQ(exit->code, 2);
    EXPECT_THAT(exit->out, IsEmpty());
    EXPECT_THAT(exit->err, StartsWith("hexaplad: "));
    EXPECT_EQ(exit->err.find('\n'), exit->err.size() - 1) << exit->err;
    return exit->err;
  }

  const std::string config_path_ = testing::TempDir() + "hexapla_options_test.ini";
};

TEST_F(OptionsTest, NothingIsRequired) {
  const Options options = Good({});
  EXPECT_THAT(options.listen, ElementsAre("127.0.0.1:50051"));
  EXPECT_FALSE(options.allow_insecure);
  EXPECT_EQ(options.models, "");
  EXPECT_EQ(options.workers, 0);
  EXPECT_EQ(options.message_bytes_max, 16 << 20);
  EXPECT_EQ(options.limits.document_bytes_max, ServiceLimits().document_bytes_max);
  EXPECT_EQ(options.drain_grace, absl::Seconds(10));
}

TEST_F(OptionsTest, EveryFlagSetsItsField) {
  const Options options = Good(
      {.arguments = {"--listen=[::1]:0", "--listen", "unix:/a/b", "--allow_insecure", "--models=/m",
                     "--max_document_bytes=1", "--max_sentence_bytes=2", "--max_sentences=3",
                     "--max_batch_items=4", "--max_text_bytes=5", "--max_message_bytes=6",
                     "--max_queue_cost=7", "--workers=8", "--drain_grace=1m30s"}});
  EXPECT_THAT(options.listen, ElementsAre("[::1]:0", "unix:/a/b"));
  EXPECT_TRUE(options.allow_insecure);
  EXPECT_EQ(options.models, "/m");
  EXPECT_EQ(options.limits.document_bytes_max, 1u);
  EXPECT_EQ(options.limits.sentence_bytes_max, 2u);
  EXPECT_EQ(options.limits.sentences_max, 3u);
  EXPECT_EQ(options.limits.batch_items_max, 4u);
  EXPECT_EQ(options.limits.text_bytes_max, 5u);
  EXPECT_EQ(options.message_bytes_max, 6);
  EXPECT_EQ(options.queue_cost_max, 7);
  EXPECT_EQ(options.workers, 8);
  EXPECT_EQ(options.drain_grace, absl::Seconds(90));
}

TEST_F(OptionsTest, EveryFlagHasAnEnvironmentTwin) {
  const Options options = Good({.environment = {{"HEXAPLA_LISTEN", "127.0.0.1:0,unix:/a/b"},
                                                {"HEXAPLA_ALLOW_INSECURE", "true"},
                                                {"HEXAPLA_MODELS", "/m"},
                                                {"HEXAPLA_MAX_DOCUMENT_BYTES", "1"},
                                                {"HEXAPLA_MAX_SENTENCE_BYTES", "2"},
                                                {"HEXAPLA_MAX_SENTENCES", "3"},
                                                {"HEXAPLA_MAX_BATCH_ITEMS", "4"},
                                                {"HEXAPLA_MAX_TEXT_BYTES", "5"},
                                                {"HEXAPLA_MAX_MESSAGE_BYTES", "6"},
                                                {"HEXAPLA_MAX_QUEUE_COST", "7"},
                                                {"HEXAPLA_WORKERS", "8"},
                                                {"HEXAPLA_DRAIN_GRACE", "0"}}});
  EXPECT_THAT(options.listen, ElementsAre("127.0.0.1:0", "unix:/a/b"));
  EXPECT_TRUE(options.allow_insecure);
  EXPECT_EQ(options.models, "/m");
  EXPECT_EQ(options.limits.document_bytes_max, 1u);
  EXPECT_EQ(options.limits.sentence_bytes_max, 2u);
  EXPECT_EQ(options.limits.sentences_max, 3u);
  EXPECT_EQ(options.limits.batch_items_max, 4u);
  EXPECT_EQ(options.limits.text_bytes_max, 5u);
  EXPECT_EQ(options.message_bytes_max, 6);
  EXPECT_EQ(options.queue_cost_max, 7);
  EXPECT_EQ(options.workers, 8);
  EXPECT_EQ(options.drain_grace, absl::ZeroDuration());
}

TEST_F(OptionsTest, TheFileSetsFields) {
  const Options options = Good({.config = "# A comment.\n"
                                          "listen = [\"127.0.0.1:0\", \"unix:/a/b\"]\n"
                                          "allow_insecure=true\n"
                                          "models=\"/a folder\"\n"
                                          "max_sentences=3\n"
                                          "drain_grace=2s\n"});
  EXPECT_THAT(options.listen, ElementsAre("127.0.0.1:0", "unix:/a/b"));
  EXPECT_TRUE(options.allow_insecure);
  EXPECT_EQ(options.models, "/a folder");
  EXPECT_EQ(options.limits.sentences_max, 3u);
  EXPECT_EQ(options.drain_grace, absl::Seconds(2));
}

TEST_F(OptionsTest, TheEnvironmentMayNameTheFile) {
  std::ofstream(config_path_) << "workers=3\n";
  EXPECT_EQ(Good({.environment = {{"HEXAPLA_CONFIG", config_path_}}}).workers, 3);
}

TEST_F(OptionsTest, AFlagWinsOverTheEnvironmentAndThatOverTheFile) {
  const Options options =
      Good({.arguments = {"--workers=1", "--listen=127.0.0.1:1"},
            .environment = {{"HEXAPLA_WORKERS", "2"}, {"HEXAPLA_MAX_SENTENCES", "2"}},
            .config = "workers=3\nmax_sentences=3\nmax_batch_items=3\nlisten=127.0.0.1:3\n"});
  EXPECT_EQ(options.workers, 1);
  EXPECT_EQ(options.limits.sentences_max, 2u);
  EXPECT_EQ(options.limits.batch_items_max, 3u);
  EXPECT_THAT(options.listen, ElementsAre("127.0.0.1:1"));
}

TEST_F(OptionsTest, AnEmptyVariableIsAsGoodAsNone) {
  EXPECT_EQ(Good({.environment = {{"HEXAPLA_WORKERS", ""}}}).workers, 0);
}

TEST_F(OptionsTest, APlainListenerBeyondLoopbackNeedsPermission) {
  EXPECT_THAT(Error({.arguments = {"--listen=0.0.0.0:0"}}), HasSubstr("--allow_insecure"));
  EXPECT_THAT(Error({.arguments = {"--listen=127.0.0.1:0", "--listen=[::]:0"}}),
              HasSubstr("[::]:0 is not a loopback address"));
  EXPECT_THAT(Error({.environment = {{"HEXAPLA_LISTEN", "example.org:1"}}}),
              HasSubstr("--allow_insecure"));
  EXPECT_THAT(Good({.arguments = {"--listen=0.0.0.0:0", "--allow_insecure"}}).listen,
              ElementsAre("0.0.0.0:0"));
}

struct UsageError {
  Invocation invocation;
  const char* message;
};

TEST_F(OptionsTest, AUsageErrorNamesTheFlag) {
  const UsageError kCases[] = {
      {{.arguments = {"--no_such_flag"}}, "--no_such_flag"},
      {{.arguments = {"--metric=127.0.0.1:9464"}}, "--metric"},
      {{.arguments = {"--tls_cert=a"}}, "--tls_cert"},
      {{.arguments = {"--auth_tokens=a"}}, "--auth_tokens"},
      {{.arguments = {"somewhere"}}, "somewhere"},
      {{.arguments = {"--listen=127.0.0.1:0", "127.0.0.1:1"}}, "127.0.0.1:1"},
      {{.arguments = {"--listen=127.0.0.1"}}, "the port is missing"},
      {{.arguments = {"--listen"}}, "--listen"},
      {{.arguments = {"--models"}}, "--models"},
      {{.arguments = {"--workers=many"}}, "many"},
      {{.arguments = {"--workers=-1"}}, "--workers"},
      {{.arguments = {"--workers=1025"}}, "--workers"},
      {{.arguments = {"--workers=1.5"}}, "--workers"},
      {{.arguments = {"--workers=1", "--workers=2"}}, "--workers"},
      {{.arguments = {"--allow_insecure=perhaps"}}, "perhaps"},
      {{.arguments = {"--max_sentences=0"}}, "--max_sentences"},
      {{.arguments = {"--max_document_bytes=-1"}}, "--max_document_bytes"},
      {{.arguments = {"--max_message_bytes=2147483648"}}, "--max_message_bytes"},
      {{.arguments = {"--max_queue_cost=99999999999999999999"}}, "--max_queue_cost"},
      {{.arguments = {"--drain_grace=10"}}, "--drain_grace"},
      {{.arguments = {"--drain_grace=-1s"}}, "--drain_grace"},
      {{.arguments = {"--drain_grace=inf"}}, "--drain_grace"},
      {{.arguments = {"--config=/nowhere/at/all"}}, "/nowhere/at/all"},
      {{.arguments = {"--config=/"}}, "/ was not readable"},
      {{.environment = {{"HEXAPLA_WORKERS", "many"}}}, "many"},
      {{.environment = {{"HEXAPLA_LISTEN", "127.0.0.1:0,x"}}}, "\"x\": the port is missing"},
      {{.config = "no_such_flag=1\n"}, "hexapla_options_test.ini: unknown flag: no_such_flag ("},
      {{.config = "config=a\n"}, "not a flag for a file: config"},
      {{.config = "help=true\n"}, "help"},
      {{.config = "[section]\nworkers=1\n"}, "section"},
      {{.config = "workers=many\n"}, "many"},
      {{.config = "listen=0.0.0.0:0\n"}, "--allow_insecure"},
  };
  for (const UsageError& bad : kCases) {
    SCOPED_TRACE(bad.message);
    EXPECT_THAT(Error(bad.invocation), HasSubstr(bad.message));
  }
}

TEST_F(OptionsTest, HelpAndVersionGoToStandardOutput) {
  for (const std::string flag : {"--help", "--version"}) {
    const auto result = Parse({.arguments = {flag}});
    const auto* exit = std::get_if<CommandLineExit>(&result);
    ASSERT_NE(exit, nullptr);
    EXPECT_EQ(exit->code, 0);
    EXPECT_THAT(exit->out, EndsWith("\n"));
    EXPECT_THAT(exit->err, IsEmpty());
  }
}

TEST_F(OptionsTest, HelpNamesEveryFlagAndItsTwin) {
  const auto result = Parse({.arguments = {"--help"}});
  const std::string help = std::get<CommandLineExit>(result).out;
  for (const char* name :
       {"config", "listen", "allow_insecure", "models", "max_document_bytes", "max_sentence_bytes",
        "max_sentences", "max_batch_items", "max_text_bytes", "max_message_bytes", "max_queue_cost",
        "workers", "drain_grace", "version", "help"}) {
    EXPECT_THAT(help, HasSubstr(std::string("--") + name));
  }
  for (const FlagDescription& flag : DescribeFlags()) {
    EXPECT_THAT(help, HasSubstr("--" + flag.name));
  }
  EXPECT_THAT(help, HasSubstr("HEXAPLA_MAX_QUEUE_COST"));
}

TEST_F(OptionsTest, EveryLimitHasAFlag) {
  const Options options =
      Good({.arguments = {"--max_match_documents=1",      "--max_match_bytes=2",
                          "--max_stream_sets=3",          "--max_stream_bytes=4",
                          "--max_stream_replies_bytes=5", "--max_stream_batches=6",
                          "--max_stream_batches_bytes=7", "--max_streams=12",
                          "--max_stream_stall=8s",        "--max_call_time=9s",
                          "--max_queue_time=10s",         "--max_connection_streams=11",
                          "--max_metadata_bytes=1200",    "--max_handshake_time=13s",
                          "--max_connection_idle=14s",    "--max_connection_age=15s",
                          "--max_connection_grace=16s",   "--keepalive_time=17s",
                          "--keepalive_timeout=18s",      "--min_ping_interval=19s"}});
  EXPECT_EQ(options.limits.match_documents_max, 1u);
  EXPECT_EQ(options.limits.match_bytes_max, 2u);
  EXPECT_EQ(options.limits.stream_sets_max, 3u);
  EXPECT_EQ(options.limits.stream_bytes_max, 4u);
  EXPECT_EQ(options.limits.stream_replies_bytes_max, 5u);
  EXPECT_EQ(options.limits.stream_batches_max, 6u);
  EXPECT_EQ(options.limits.stream_batches_bytes_max, 7u);
  EXPECT_EQ(options.limits.streams_max, 12u);
  EXPECT_EQ(options.limits.stream_stall_max, absl::Seconds(8));
  EXPECT_EQ(options.limits.call_time_max, absl::Seconds(9));
  EXPECT_EQ(options.limits.queue_time_max, absl::Seconds(10));
  EXPECT_EQ(options.connection.streams_max, 11);
  EXPECT_EQ(options.connection.metadata_bytes_max, 1200);
  EXPECT_EQ(options.connection.handshake_max, absl::Seconds(13));
  EXPECT_EQ(options.connection.idle_max, absl::Seconds(14));
  EXPECT_EQ(options.connection.age_max, absl::Seconds(15));
  EXPECT_EQ(options.connection.grace_max, absl::Seconds(16));
  EXPECT_EQ(options.connection.keepalive_time, absl::Seconds(17));
  EXPECT_EQ(options.connection.keepalive_timeout, absl::Seconds(18));
  EXPECT_EQ(options.connection.ping_interval_min, absl::Seconds(19));
}

TEST_F(OptionsTest, OperationsHaveTheirFlags) {
  const Options options =
      Good({.arguments = {"--tls_cert=/c", "--tls_key=/k", "--tls_client_ca=/a", "--auth_tokens=/t",
                          "--metrics=127.0.0.1:0", "--log_level=warning", "--channelz"}});
  EXPECT_EQ(options.tls.certificate, "/c");
  EXPECT_EQ(options.tls.key, "/k");
  EXPECT_EQ(options.tls.client_ca, "/a");
  EXPECT_EQ(options.auth_tokens, "/t");
  EXPECT_EQ(options.metrics, "127.0.0.1:0");
  EXPECT_EQ(options.log_level, LogLevel::kWarning);
  EXPECT_TRUE(options.channelz);
  EXPECT_EQ(options.given.at("log_level"), "warning");
  EXPECT_EQ(options.given.count("models"), 0u);
}

TEST_F(OptionsTest, ATokenIsNeverSentInTheOpen) {
  EXPECT_THAT(Error({.arguments = {"--auth_tokens=/t"}}),
              AllOf(HasSubstr("--auth_tokens"), HasSubstr("--tls_cert")));
  EXPECT_THAT(Error({.arguments = {"--auth_tokens=/t", "--allow_insecure"}}),
              HasSubstr("--auth_tokens"));
}

TEST_F(OptionsTest, HalfAnIdentityIsAnError) {
  EXPECT_THAT(Error({.arguments = {"--tls_cert=/c"}}), HasSubstr("--tls_key"));
  EXPECT_THAT(Error({.arguments = {"--tls_key=/k"}}), HasSubstr("--tls_cert"));
  EXPECT_THAT(Error({.arguments = {"--tls_client_ca=/a"}}), HasSubstr("--tls_cert"));
}

TEST_F(OptionsTest, BeyondLoopbackItTakesTlsOrConsent) {
  EXPECT_THAT(Error({.arguments = {"--listen=0.0.0.0:1"}}), HasSubstr("--allow_insecure"));
  Good({.arguments = {"--listen=0.0.0.0:1", "--allow_insecure"}});
  Good({.arguments = {"--listen=0.0.0.0:1", "--tls_cert=/c", "--tls_key=/k"}});
  // Metrics are never encrypted.
  EXPECT_THAT(Error({.arguments = {"--metrics=0.0.0.0:1", "--tls_cert=/c", "--tls_key=/k"}}),
              AllOf(HasSubstr("--metrics"), HasSubstr("--allow_insecure")));
  Good({.arguments = {"--metrics=0.0.0.0:1", "--allow_insecure"}});
}

TEST_F(OptionsTest, BadValuesOfOperationsAreNamed) {
  for (const char* bad :
       {"--metrics=nowhere", "--metrics=unix:/a", "--log_level=loud", "--max_call_time=soon",
        "--max_call_time=0", "--max_call_time=25h", "--max_stream_sets=0",
        "--max_metadata_bytes=10", "--keepalive_time=-1s"}) {
    const std::string flag(bad, std::string(bad).find('='));
    EXPECT_THAT(Error({.arguments = {bad}}), HasSubstr(flag)) << bad;
  }
}

// docs/operations.md promises to hold every flag with its default, and only those.
TEST_F(OptionsTest, TheManualHasEveryFlagWithItsDefault) {
  std::ifstream manual("docs/operations.md");
  std::vector<std::string> rows;
  for (std::string line; std::getline(manual, line);) {
    if (line.rfind("| `--", 0) == 0) rows.push_back(line);
  }
  const std::vector<FlagDescription> flags = DescribeFlags();
  for (const FlagDescription& flag : flags) {
    const std::string value = flag.default_value.empty() ? "" : "`" + flag.default_value + "`";
    EXPECT_THAT(rows, ::testing::Contains(StartsWith("| `--" + flag.name + "` | " + value +
                                                     (value.empty() ? "| " : " | "))));
  }
  EXPECT_EQ(rows.size(), flags.size());
}

}  // namespace
}  // namespace hexapla
