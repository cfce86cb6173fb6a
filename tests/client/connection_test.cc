// SPDX-License-Identifier: Apache-2.0
#include "client/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

#include "tests/client/fake_service.h"

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
  EXPECT_EQ(status.message(), "no connection to " + silent.Address() + " within 200ms");
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST(ConnectTest, APortThatNeverAnswersIsOneLineToo) {
  const SilentPort silent(/*listens=*/true);
  const absl::Status status = Connect({silent.Address()}, absl::Milliseconds(200)).status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(status.message(), "no connection to " + silent.Address() + " within 200ms");
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
  const AlignmentClient client(*Connect({fake.Address()}, absl::Seconds(10)), absl::Seconds(10));
  v1::AlignDocumentsRequest large;
  large.add_versions()->set_text(std::string(8 << 20, 'x'));
  EXPECT_TRUE(client.AlignDocuments(large).ok());
  EXPECT_EQ(fake.calls, 3);
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

}  // namespace
}  // namespace hexapla
