// SPDX-License-Identifier: Apache-2.0
#include "client/connection_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "client/usage_error.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Arguments = std::vector<std::string>;

ConnectionOptions Parse(const Arguments& arguments, const Environment& environment = {}) {
  CLI::App app;
  ConnectionFlags flags;
  flags.AddTo(app);
  app.parse(Arguments(arguments.rbegin(), arguments.rend()));
  return flags.Parse(environment);
}

// The message of the usage error; "" if there is none.
std::string Problem(const Arguments& arguments, const Environment& environment = {}) {
  try {
    Parse(arguments, environment);
  } catch (const CLI::Error& error) {
    return error.what();
  }
  return "";
}

TEST(ConnectionFlagsTest, HaveDefaults) {
  const ConnectionOptions options = Parse({});
  EXPECT_THAT(options.servers, ElementsAre("127.0.0.1:50051"));
  EXPECT_FALSE(options.local);
  EXPECT_EQ(options.timeout, absl::Minutes(10));
  EXPECT_EQ(options.connect_timeout, absl::Seconds(5));
  EXPECT_FALSE(options.security.tls);
  EXPECT_THAT(options.security.token, IsEmpty());
}

TEST(ConnectionFlagsTest, WorkersAreForTheServiceInside) {
  EXPECT_EQ(Parse({"--local"}).workers, 0);
  EXPECT_EQ(Parse({"--local", "--local_workers=3"}, {{"HEXAPLA_WORKERS", "4"}}).workers, 3);
  EXPECT_EQ(Parse({"--local"}, {{"HEXAPLA_WORKERS", "4"}}).workers, 4);
  // A server's are its own affair.
  EXPECT_EQ(Parse({}, {{"HEXAPLA_WORKERS", "many"}}).workers, 0);
  EXPECT_EQ(Problem({"--local_workers=3"}), "--local_workers: needs --local");
  for (const char* wrong : {"many", "-1", "1025", "2x"}) {
    EXPECT_THAT(Problem({"--local", std::string("--local_workers=") + wrong}),
                HasSubstr("--local_workers: \""));
    EXPECT_THAT(Problem({"--local"}, {{"HEXAPLA_WORKERS", wrong}}),
                HasSubstr("$HEXAPLA_WORKERS: \""));
  }
}

TEST(ConnectionFlagsTest, EachHasATwinInTheEnvironment) {
  const Environment environment = {
      {"HEXAPLA_SERVER", "a:1"},
      {"HEXAPLA_TIMEOUT", "7s"},
      {"HEXAPLA_CONNECT_TIMEOUT", "300ms"},
      {"HEXAPLA_TLS_CA", "ca.pem"},
      {"HEXAPLA_TLS_CERT", "cert.pem"},
      {"HEXAPLA_TLS_KEY", "key.pem"},
      {"HEXAPLA_TLS_SERVER_NAME", "name"},
      {"HEXAPLA_AUTH_TOKEN_FILE", "token"},
  };
  const ConnectionOptions options = Parse({}, environment);
  EXPECT_THAT(options.servers, ElementsAre("a:1"));
  EXPECT_EQ(options.timeout, absl::Seconds(7));
  EXPECT_EQ(options.connect_timeout, absl::Milliseconds(300));
  EXPECT_TRUE(options.security.tls);
  EXPECT_EQ(options.security.ca_file, "ca.pem");
  EXPECT_EQ(options.security.certificate_file, "cert.pem");
  EXPECT_EQ(options.security.key_file, "key.pem");
  EXPECT_EQ(options.security.server_name, "name");
  EXPECT_EQ(options.security.token_file, "token");
  EXPECT_TRUE(Parse({}, {{"HEXAPLA_LOCAL", "true"}}).local);
  EXPECT_TRUE(Parse({}, {{"HEXAPLA_TLS", "1"}}).security.tls);
  EXPECT_FALSE(Parse({"--server=a"}, {{"HEXAPLA_ALLOW_INSECURE", "yes"}}).security.tls);
}

TEST(ConnectionFlagsTest, AFlagWinsOverItsTwin) {
  EXPECT_EQ(Parse({"--timeout=2"}, {{"HEXAPLA_TIMEOUT", "x"}}).timeout, absl::Seconds(2));
  EXPECT_EQ(Parse({"--tls_ca=flag"}, {{"HEXAPLA_TLS_CA", "twin"}}).security.ca_file, "flag");
  EXPECT_FALSE(Parse({"--server=127.0.0.1:7"}, {{"HEXAPLA_LOCAL", "1"}}).local);
  EXPECT_TRUE(Parse({"--local"}, {{"HEXAPLA_SERVER", "a:1"}}).local);
  EXPECT_EQ(Parse({}, {{"HEXAPLA_TIMEOUT", ""}}).timeout, absl::Minutes(10));
}

TEST(ConnectionFlagsTest, ThisMachineIsPlainAndOthersAreEncrypted) {
  struct Case {
    const char* server;
    bool tls;
  };
  const Case cases[] = {
      {"127.0.0.1:7", false}, {"127.8.9.1", false},           {"[::1]:7", false},
      {"localhost:7", false}, {"unix:/a.sock", false},        {"0.0.0.0:7", false},
      {"[::]:7", false},      {"127.0.0.1:1,[::1]:2", false}, {"10.0.0.5:7", true},
      {"example.org", true},  {"[2001:db8::1]:7", true},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(Parse({"--server", test.server}).security.tls, test.tls) << test.server;
    EXPECT_FALSE(Parse({"--allow_insecure", "--server", test.server}).security.tls);
    EXPECT_TRUE(Parse({"--tls_server_name=n", "--server", test.server}).security.tls);
  }
  EXPECT_TRUE(Parse({"--server=127.0.0.1:1,10.0.0.5:1", "--tls_server_name=n"}).security.tls);
}

TEST(ConnectionFlagsTest, ATokenIsNeverPlain) {
  struct Case {
    Arguments arguments;
    Environment environment;
    const char* source;
  };
  const Case cases[] = {
      {{"--auth_token_file=t"}, {}, "--auth_token_file: a token is sent over TLS only"},
      {{}, {{"HEXAPLA_AUTH_TOKEN_FILE", "t"}}, "$HEXAPLA_AUTH_TOKEN_FILE: a token"},
      {{"--server=unix:/a"}, {{"HEXAPLA_AUTH_TOKEN", "secret"}}, "$HEXAPLA_AUTH_TOKEN: a token"},
      {{"--server=10.0.0.5", "--allow_insecure", "--auth_token_file=t"}, {}, "10.0.0.5 is plain"},
  };
  for (const Case& test : cases) {
    const std::string problem = Problem(test.arguments, test.environment);
    EXPECT_THAT(problem, HasSubstr(test.source));
    EXPECT_THAT(problem, testing::Not(HasSubstr("secret")));
  }
  const Environment token = {{"HEXAPLA_AUTH_TOKEN", "secret"}};
  EXPECT_EQ(Parse({"--tls"}, token).security.token, "secret");
  EXPECT_EQ(Parse({"--server=10.0.0.5"}, token).security.token, "secret");
  EXPECT_EQ(Parse({"--local"}, token).security.token, "");
}

TEST(ConnectionFlagsTest, AFileOfATokenWinsOverTheToken) {
  const TransportSecurity security =
      Parse({"--tls", "--auth_token_file=file"}, {{"HEXAPLA_AUTH_TOKEN", "other"}}).security;
  EXPECT_EQ(security.token_file, "file");
  EXPECT_EQ(security.token, "");
}

TEST(ConnectionFlagsTest, ContradictionsNameTheFlag) {
  EXPECT_EQ(Problem({"--local", "--tls_ca=a"}), "--local: contradicts --tls_ca");
  EXPECT_EQ(Problem({"--local", "--auth_token_file=a"}), "--local: contradicts --auth_token_file");
  EXPECT_EQ(Problem({"--tls_cert=a"}), "--tls_cert: needs --tls_key");
  EXPECT_EQ(Problem({}, {{"HEXAPLA_TLS_KEY", "a"}}), "$HEXAPLA_TLS_KEY: needs --tls_cert");
  EXPECT_EQ(Problem({"--tls", "--allow_insecure"}),
            "--allow_insecure: contradicts the flags of TLS");
  EXPECT_EQ(Problem({}, {{"HEXAPLA_TLS", "maybe"}}),
            "$HEXAPLA_TLS: \"maybe\" is neither true nor false");
  EXPECT_THAT(Problem({}, {{"HEXAPLA_TIMEOUT", "soon"}}), HasSubstr("$HEXAPLA_TIMEOUT: expected"));
  EXPECT_THAT(Problem({}, {{"HEXAPLA_SERVER", "a:b:c:"}}), HasSubstr("$HEXAPLA_SERVER: "));
}

TEST(ConnectionFlagsTest, DifferentHostsNeedOneNameForTls) {
  EXPECT_THAT(Problem({"--server=a:1,b:1"}), HasSubstr("--tls_server_name: must say"));
  EXPECT_EQ(Problem({"--server=a:1,b:1", "--tls_server_name=a"}), "");
  EXPECT_EQ(Problem({"--server=a:1,a:2"}), "");
}

}  // namespace
}  // namespace hexapla
