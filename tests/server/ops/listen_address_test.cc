// SPDX-License-Identifier: Apache-2.0
#include "server/ops/listen_address.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// The resolver, which knows one name more here: "twice.test" is 127.0.0.1, and that
// several times, once for each type of socket.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  const auto real = reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (std::strcmp(node, "twice.test") != 0) return real(node, service, hints, result);
  addrinfo any_type = *hints;
  any_type.ai_socktype = 0;
  return real("127.0.0.1", service, &any_type, result);
}

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct GoodAddress {
  const char* text;
  const char* printed;
  bool is_local;
};

TEST(ListenAddressTest, AcceptsWhatGrpcCanListenOn) {
  const GoodAddress kCases[] = {
      {.text = "127.0.0.1:50051", .printed = "127.0.0.1:50051", .is_local = true},
      {.text = "127.8.9.10:0", .printed = "127.8.9.10:0", .is_local = true},
      {.text = "localhost:65535", .printed = "localhost:65535", .is_local = true},
      {.text = "[::1]:1", .printed = "[::1]:1", .is_local = true},
      {.text = "unix:/run/hexapla.sock", .printed = "unix:/run/hexapla.sock", .is_local = true},
      {.text = "unix:///run/h.sock", .printed = "unix:/run/h.sock", .is_local = true},
      {.text = "unix:a", .printed = "unix:a", .is_local = true},
      {.text = "0.0.0.0:80", .printed = "0.0.0.0:80", .is_local = false},
      {.text = "[::]:80", .printed = "[::]:80", .is_local = false},
      {.text = "10.127.0.1:80", .printed = "10.127.0.1:80", .is_local = false},
      {.text = "127.example.org:80", .printed = "127.example.org:80", .is_local = false},
  };
  for (const GoodAddress& good : kCases) {
    SCOPED_TRACE(good.text);
    const auto address = ListenAddress::Parse(good.text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), good.printed);
    EXPECT_EQ(address->is_local(), good.is_local);
  }
}

struct BadAddress {
  std::string text;
  const char* message;
};

TEST(ListenAddressTest, RefusesTheRest) {
  const BadAddress kCases[] = {
      {.text = "", .message = "the port is missing"},
      {.text = "127.0.0.1", .message = "the port is missing"},
      {.text = ":50051", .message = "the host is missing"},
      {.text = "[]:50051", .message = "the host is missing"},
      {.text = "[::1:50051", .message = "a bracket is missing"},
      {.text = "::1:50051", .message = "in brackets"},
      {.text = "127.0.0.1:", .message = "from 0 to 65535"},
      {.text = "127.0.0.1:http", .message = "from 0 to 65535"},
      {.text = "127.0.0.1:65536", .message = "from 0 to 65535"},
      {.text = "127.0.0.1:-1", .message = "from 0 to 65535"},
      {.text = "127.0.0.1:+1", .message = "from 0 to 65535"},
      {.text = "127.0.0.1: 1", .message = "from 0 to 65535"},
      {.text = "unix:", .message = "the path of the socket is missing"},
      {.text = "unix:/" + std::string(107, 'x'), .message = "has 108 bytes; the limit is 107"},
  };
  for (const BadAddress& bad : kCases) {
    SCOPED_TRACE(bad.text);
    const auto address = ListenAddress::Parse(bad.text);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(address.status().message()), HasSubstr(bad.message));
  }
}

TEST(ListenAddressTest, ThePortOfTheSystemReplacesZero) {
  EXPECT_EQ(ListenAddress::Parse("[::1]:0")->WithPort(1234), "[::1]:1234");
  EXPECT_EQ(ListenAddress::Parse("unix:/a")->WithPort(1), "unix:/a");
}

TEST(ListenAddressTest, ABoundPortIsNotFreeUntilItIsClosed) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  socklen_t size = sizeof(name);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size), 0);

  const std::string text = absl::StrCat("127.0.0.1:", ntohs(name.sin_port));
  const ListenAddress address = ListenAddress::Parse(text).value();
  const absl::Status busy = address.CheckFree();
  EXPECT_EQ(busy.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(busy.message(),
            absl::StrCat("cannot listen on ", text, ": ", std::strerror(EADDRINUSE)));
  close(listener);
  EXPECT_TRUE(address.CheckFree().ok());
}

TEST(ListenAddressTest, AnAddressOfAnotherMachineIsNotFree) {
  EXPECT_FALSE(ListenAddress::Parse("192.0.2.1:0")->CheckFree().ok());
}

// Whether a connection to `host`, numeric, comes about.
bool Reaches(const std::string& host, int port) {
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found) != 0) return false;
  const int client = socket(found->ai_family, SOCK_STREAM, 0);
  const bool reached = connect(client, found->ai_addr, found->ai_addrlen) == 0;
  close(client);
  freeaddrinfo(found);
  return reached;
}

bool HasIpv6() { return ListenAddress::Parse("[::1]:0")->CheckFree().ok(); }

void CloseAll(const ListeningSockets& sockets) {
  for (const int descriptor : sockets.descriptors) close(descriptor);
}

TEST(ListenAddressTest, LocalhostIsBothLoopbackAddressesAtOnePort) {
  const auto sockets = ListenAddress::Parse("localhost:0")->Listen();
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_TRUE(Reaches("127.0.0.1", sockets->port));
  if (HasIpv6()) {
    EXPECT_TRUE(Reaches("::1", sockets->port));
    EXPECT_THAT(sockets->left_out, IsEmpty());
  } else {
    EXPECT_THAT(sockets->left_out, ElementsAre(StartsWith("[::1]:")));
  }
  CloseAll(*sockets);
}

TEST(ListenAddressTest, LocalhostIsTakenWhenOneOfTheTwoIs) {
  const auto other = ListenAddress::Parse("127.0.0.1:0")->Listen();
  ASSERT_TRUE(other.ok());
  const ListenAddress localhost =
      ListenAddress::Parse(absl::StrCat("localhost:", other->port)).value();
  const absl::Status taken = localhost.Listen().status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(taken.message()),
              HasSubstr(absl::StrCat("127.0.0.1:", other->port, ": ", std::strerror(EADDRINUSE))));
  CloseAll(*other);
  EXPECT_TRUE(localhost.CheckFree().ok());
}

TEST(ListenAddressTest, OfTheWildcardsTheOneOfIpv6TakesBothFamilies) {
  const auto four = ListenAddress::Parse("0.0.0.0:0")->Listen();
  ASSERT_TRUE(four.ok());
  EXPECT_TRUE(Reaches("127.0.0.1", four->port));
  EXPECT_FALSE(Reaches("::1", four->port));
  CloseAll(*four);
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 here";
  const auto six = ListenAddress::Parse("[::]:0")->Listen();
  ASSERT_TRUE(six.ok());
  EXPECT_TRUE(Reaches("127.0.0.1", six->port));
  EXPECT_TRUE(Reaches("::1", six->port));
  // So the two do not go together.
  const absl::Status both = ListenAddress::Parse(absl::StrCat("0.0.0.0:", six->port))->CheckFree();
  EXPECT_THAT(std::string(both.message()), HasSubstr(std::strerror(EADDRINUSE)));
  CloseAll(*six);
}

TEST(ListenAddressTest, AnAddressThatANameHasTwiceIsListenedOnOnce) {
  const auto sockets = ListenAddress::Parse("twice.test:0")->Listen();
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_EQ(sockets->descriptors.size(), 1u);
  EXPECT_THAT(sockets->left_out, IsEmpty());
  EXPECT_TRUE(Reaches("127.0.0.1", sockets->port));
  CloseAll(*sockets);
}

class UnixAddressTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }
  void TearDown() override { std::filesystem::remove(path_); }

  // A listening socket at `path_`.
  int Listen() {
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    path_.copy(name.sun_path, sizeof(name.sun_path) - 1);
    EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    return listener;
  }

  const std::string path_ = testing::TempDir() + "hexapla_address.sock";
  const ListenAddress address_ = ListenAddress::Parse("unix:" + path_).value();
};

TEST_F(UnixAddressTest, APathWithoutFileIsFree) { EXPECT_TRUE(address_.CheckFree().ok()); }

TEST_F(UnixAddressTest, AMissingDirectoryIsNamed) {
  const auto address = ListenAddress::Parse("unix:" + testing::TempDir() + "no_dir/a.sock");
  const absl::Status status = address->CheckFree();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("no_dir: " + std::string(std::strerror(ENOENT))));
}

TEST_F(UnixAddressTest, APathInTheWorkingDirectoryIsFree) {
  EXPECT_TRUE(ListenAddress::Parse("unix:hexapla_address.sock")->CheckFree().ok());
}

TEST_F(UnixAddressTest, ALivingServerKeepsItsSocket) {
  const int listener = Listen();
  const absl::Status status = address_.CheckFree();
  EXPECT_THAT(std::string(status.message()), HasSubstr("another server serves there"));
  EXPECT_TRUE(std::filesystem::exists(path_));
  close(listener);
}

TEST_F(UnixAddressTest, TheSocketOfADeadServerIsRemoved) {
  close(Listen());
  ASSERT_TRUE(std::filesystem::exists(path_));
  EXPECT_TRUE(address_.CheckFree().ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(UnixAddressTest, AFileThatIsNoSocketStays) {
  std::ofstream(path_) << "precious";
  EXPECT_THAT(std::string(address_.CheckFree().message()), HasSubstr("is no socket"));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace hexapla
