// SPDX-License-Identifier: Apache-2.0
#include "client/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

#include "tests/client/fake_service.h"
#include "tests/client/temporary_file.h"
#include "tests/testing/certificates.h"

namespace hexapla {
namespace {

// A loopback port that is taken and answers nobody.
class SilentPort {
 public:
  // With `listens` connections stand, and stay silent.
  explicit SilentPort(bool listens = false) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_, generic, size), 0);
    EXPECT_EQ(getsockname(socket_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
    EXPECT_EQ(listens ? listen(socket_, 1) : 0, 0);
  }
  ~SilentPort() { close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  std::string Address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  const int socket_;
  int port_ = 0;
};

TEST(ChannelTargetTest, NamesOneServer) {
  EXPECT_EQ(*ChannelTarget({"127.0.0.1:7"}), "dns:///127.0.0.1:7");
  EXPECT_EQ(*ChannelTarget({"example.org"}), "dns:///example.org:50051");
  EXPECT_EQ(*ChannelTarget({"[::1]:7"}), "dns:///[::1]:7");
  EXPECT_EQ(*ChannelTarget({"unix:/run/a.sock"}), "unix:/run/a.sock");
}

TEST(ChannelTargetTest, ListsSeveralServersByAddress) {
  EXPECT_EQ(*ChannelTarget({"127.0.0.1:7", "127.0.0.2"}),
            "ipv6:[::ffff:127.0.0.1]:7,[::ffff:127.0.0.2]:50051");
  EXPECT_TRUE(absl::IsInvalidArgument(ChannelTarget({"unix:/a", "b:1"}).status()));
  EXPECT_TRUE(absl::IsUnavailable(ChannelTarget({"127.0.0.1:7", "no.such.invalid:7"}).status()));
}

TEST(ConnectTest, GivesUpAfterTheTimeout) {
  const SilentPort silent;
  const absl::Time begin = absl::Now();
  const absl::Status status = Connect({silent.Address()}, absl::Milliseconds(200)).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(status.message(), "no connection to " + silent.Address() +
                                  " within 200ms; start hexaplad, or name a server with --server");
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST(ConnectTest, APortThatNeverAnswersIsOneLineToo) {
  const SilentPort silent(/*listens=*/true);
  const absl::Status status = Connect({silent.Address()}, absl::Milliseconds(200)).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(status.message(), "no connection to " + silent.Address() +
                                  " within 200ms; start hexaplad, or name a server with --server");
}

TEST(ConnectTest, AServerThatDiesIsOneLine) {
  struct Case {
    absl::Duration timeout;
    absl::StatusCode code;
    const char* message;
  };
  const Case cases[] = {
      {.timeout = absl::Milliseconds(50),
       .code = absl::StatusCode::kDeadlineExceeded,
       .message = "the time given by --timeout is over"},
      {.timeout = absl::Seconds(20),
       .code = absl::StatusCode::kUnavailable,
       .message = "the server is not available"},
  };
  for (const Case& test : cases) {
    auto fake = std::make_unique<FakeService>();
    const AlignmentClient client(*Connect({fake->Address()}, absl::Seconds(10)), test.timeout);
    fake.reset();
    const absl::Status status = client.AlignDocuments({}).status();
    EXPECT_EQ(status.code(), test.code) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), test.message)) << status;
    EXPECT_EQ(status.message().find('\n'), absl::string_view::npos) << status;
  }
}

TEST(ConnectTest, RepeatsACallWhileTheServerIsUnavailable) {
  FakeService fake;
  fake.align = [&fake](const auto&, auto&) {
    return fake.calls < 3 ? grpc::Status(grpc::StatusCode::UNAVAILABLE, "starting")
                          : grpc::Status::OK;
  };
  const AlignmentClient client(*Connect({fake.Address()}, absl::Minutes(2)), absl::Minutes(2));
  v1::AlignDocumentsRequest large;
  large.add_versions()->set_text(std::string(8 << 20, 'x'));
  EXPECT_TRUE(client.AlignDocuments(large).ok());
  EXPECT_EQ(fake.calls, 3);
}

TEST(ConnectTest, RepeatsACallThatAServerCancelsAsItStops) {
  FakeService fake;
  fake.align = [&fake](const auto&, auto&) {
    return fake.calls < 2 ? grpc::Status(grpc::StatusCode::CANCELLED, "") : grpc::Status::OK;
  };
  const AlignmentClient client(*Connect({fake.Address()}, absl::Seconds(10)), absl::Seconds(100));
  EXPECT_TRUE(client.AlignDocuments({}).ok());
}

TEST(ConnectTest, StopsRepeatingInTheEnd) {
  FakeService fake;
  fake.align = [](const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "for good");
  };
  const AlignmentClient client(*Connect({fake.Address()}, absl::Seconds(10)), absl::Seconds(10));
  EXPECT_TRUE(absl::IsUnavailable(client.AlignDocuments({}).status()));
  EXPECT_EQ(fake.calls, 5);
}

TEST(ConnectTest, OtherErrorsAreNotRepeated) {
  FakeService fake;
  fake.align = [](const auto&, auto&) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "busy");
  };
  const AlignmentClient client(*Connect({fake.Address()}, absl::Seconds(10)), absl::Seconds(10));
  EXPECT_TRUE(absl::IsResourceExhausted(client.AlignDocuments({}).status()));
  EXPECT_EQ(fake.calls, 1);
}

TEST(ConnectTest, AnOverloadedServerIsAskedAgainWhenItSays) {
  google::rpc::Status overloaded =
      ErrorWithDetails(grpc::StatusCode::RESOURCE_EXHAUSTED, "full", "SERVER_OVERLOADED", "");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(20 * 1000 * 1000);
  overloaded.add_details()->PackFrom(retry);
  FakeService fake;
  fake.align = [&](const auto&, auto&) {
    return fake.calls < 4 ? ToGrpc(overloaded) : grpc::Status::OK;
  };
  const auto channel = *Connect({fake.Address()}, absl::Seconds(100));
  const absl::Time begin = absl::Now();
  EXPECT_TRUE(AlignmentClient(channel, absl::Seconds(100)).AlignDocuments({}).ok());
  EXPECT_EQ(fake.calls, 4);
  // Each pause is at least twice the one before.
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(20 + 40 + 80));

  // Not when the time of the call would be over first.
  retry.mutable_retry_delay()->set_seconds(1000);
  overloaded.mutable_details()->RemoveLast();
  overloaded.add_details()->PackFrom(retry);
  fake.calls = 0;
  const absl::Status status =
      AlignmentClient(channel, absl::Seconds(100)).AlignDocuments({}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_EQ(fake.calls, 1);
}

TEST(ConnectTest, SeveralServersTakeTurnsAndADeadOneIsPassedOver) {
  FakeService first;
  FakeService second;
  const SilentPort dead;
  const AlignmentClient client(
      *Connect({first.Address(), dead.Address(), second.Address()}, absl::Seconds(10)),
      absl::Seconds(10));
  // The second connection may stand a moment after the first.
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while ((first.calls < 3 || second.calls < 3) && absl::Now() < deadline) {
    ASSERT_TRUE(client.Health().ok());
  }
  EXPECT_GE(first.calls, 3);
  EXPECT_GE(second.calls, 3);
}

// A server with a certificate for localhost and 127.0.0.1.
class TlsConnectTest : public ::testing::Test {
 protected:
  std::shared_ptr<grpc::ServerCredentials> ServerCredentials(bool asks_for_certificate = false) {
    grpc::SslServerCredentialsOptions options(
        asks_for_certificate ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                             : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_root_certs = authority_.certificate_pem();
    options.pem_key_cert_pairs.push_back({certificate_.key_pem(), certificate_.certificate_pem()});
    return grpc::SslServerCredentials(options);
  }

  static absl::Status CallOnce(const FakeService& fake, const TransportSecurity& security,
                               absl::Duration timeout = absl::Seconds(100)) {
    const auto channel = Connect({fake.Address()}, timeout, security);
    if (!channel.ok()) return channel.status();
    return AlignmentClient(*channel, timeout).AlignDocuments({}).status();
  }

  // What is said when no connection comes about.
  static std::string Refusal(const FakeService& fake, const TransportSecurity& security) {
    const absl::Status status = CallOnce(fake, security, absl::Milliseconds(500));
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    return std::string(status.message());
  }

  const TestCertificate authority_ = TestCertificate::Authority();
  const TestCertificate certificate_ = authority_.Issue("DNS:localhost,IP:127.0.0.1");
  const TemporaryFile ca_{authority_.certificate_pem()};
};

TEST_F(TlsConnectTest, EncryptsAndShowsTheToken) {
  FakeService fake(ServerCredentials());
  const TemporaryFile token("open-sesame\n");
  EXPECT_TRUE(CallOnce(fake, {.tls = true, .ca_file = ca_.name()}).ok());
  EXPECT_EQ(fake.authorization, "");
  EXPECT_TRUE(
      CallOnce(fake, {.tls = true, .ca_file = ca_.name(), .token_file = token.name()}).ok());
  EXPECT_EQ(fake.authorization, "Bearer open-sesame");
}

TEST_F(TlsConnectTest, ShowsItsCertificate) {
  FakeService fake(ServerCredentials(/*asks_for_certificate=*/true));
  const TestCertificate own = authority_.Issue("DNS:client");
  const TemporaryFile certificate(own.certificate_pem());
  const TemporaryFile key(own.key_pem());
  EXPECT_TRUE(CallOnce(fake, {.tls = true,
                              .ca_file = ca_.name(),
                              .certificate_file = certificate.name(),
                              .key_file = key.name()})
                  .ok());
  EXPECT_THAT(Refusal(fake, {.tls = true, .ca_file = ca_.name()}),
              testing::HasSubstr("it may ask for a certificate, see --tls_cert"));
}

TEST_F(TlsConnectTest, SeveralServersMayShareACertificate) {
  FakeService first(ServerCredentials());
  FakeService second(ServerCredentials());
  const AlignmentClient client(
      *Connect({first.Address(), second.Address()}, absl::Seconds(100),
               {.tls = true, .ca_file = ca_.name(), .server_name = "localhost"}),
      absl::Seconds(100));
  const absl::Time deadline = absl::Now() + absl::Seconds(100);
  while ((first.calls < 2 || second.calls < 2) && absl::Now() < deadline) {
    ASSERT_TRUE(client.AlignDocuments({}).ok());
  }
  EXPECT_GE(std::min(first.calls.load(), second.calls.load()), 2);
}

TEST_F(TlsConnectTest, AStrangerIsRefusedAndTheReasonNamed) {
  FakeService fake(ServerCredentials());
  const TemporaryFile other(TestCertificate::Authority("Another").certificate_pem());
  EXPECT_THAT(Refusal(fake, {.tls = true, .ca_file = other.name()}),
              testing::HasSubstr("its certificate is not vouched for; see --tls_ca"));
  EXPECT_THAT(Refusal(fake, {.tls = true, .ca_file = ca_.name(), .server_name = "example.org"}),
              testing::HasSubstr("its certificate is for other names; see --tls_server_name"));
  const FakeService plain;
  EXPECT_THAT(Refusal(plain, {.tls = true, .ca_file = ca_.name()}),
              testing::HasSubstr("it does not speak TLS; see --allow_insecure"));
  EXPECT_EQ(fake.calls, 0);
}

TEST_F(TlsConnectTest, AFileThatCannotBeReadIsNoMatterOfTheConnection) {
  const FakeService fake(ServerCredentials());
  EXPECT_TRUE(absl::IsInvalidArgument(CallOnce(fake, {.tls = true, .ca_file = "/no/such"})));
}

}  // namespace
}  // namespace hexapla
