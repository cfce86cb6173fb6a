// SPDX-License-Identifier: Apache-2.0
#include "server/ops/connection_listener.h"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/temporary_directory.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Polls until `condition` holds; false when it does not for a minute.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// A client's end of a connection.
class Peer {
 public:
  explicit Peer(const std::string& address) {
    if (address.rfind("unix:", 0) == 0) {
      sockaddr_un name = {};
      name.sun_family = AF_UNIX;
      address.copy(name.sun_path, sizeof(name.sun_path) - 1, strlen("unix:"));
      Connect(AF_UNIX, reinterpret_cast<sockaddr*>(&name), sizeof(name));
    } else {
      int port = 0;
      EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
      sockaddr_in name = {};
      name.sin_family = AF_INET;
      name.sin_port = htons(static_cast<uint16_t>(port));
      name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      Connect(AF_INET, reinterpret_cast<sockaddr*>(&name), sizeof(name));
    }
  }
  ~Peer() { close(socket_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool connected() const { return connected_; }
  // What the server's end sends first; '\0' when it hangs up.
  char Read() const {
    char byte = 0;
    return read(socket_, &byte, 1) == 1 ? byte : '\0';
  }

 private:
  void Connect(int family, const sockaddr* name, socklen_t size) {
    socket_ = socket(family, SOCK_STREAM, 0);
    connected_ = connect(socket_, name, size) == 0;
  }

  int socket_ = -1;
  bool connected_ = false;
};

// Greets each connection with a byte and keeps it until it is told.
class ConnectionListenerTest : public ::testing::Test {
 protected:
  ~ConnectionListenerTest() override {
    listener_.reset();
    CloseAll();
  }

  absl::Status Create(const std::vector<std::string>& addresses, int connections_max = 100) {
    std::vector<ListenAddress> parsed;
    for (const std::string& text : addresses) parsed.push_back(ListenAddress::Parse(text).value());
    auto created = ConnectionListener::Create(parsed, {.connections_max = connections_max});
    if (created.ok()) listener_ = *std::move(created);
    return created.status();
  }
  void Start() {
    listener_->Start([this](int /*listener*/, int connection) {
      EXPECT_EQ(write(connection, "!", 1), 1);
      MutexLock lock(mutex_);
      taken_.push_back(connection);
    });
  }
  const std::string& address() { return listener_->addresses().front(); }

  void CloseAll() {
    MutexLock lock(mutex_);
    for (const int connection : taken_) close(connection);
    taken_.clear();
  }

  Mutex mutex_;
  std::vector<int> taken_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<ConnectionListener> listener_;
};

TEST_F(ConnectionListenerTest, HandsOverWhatComesToAnyOfItsAddresses) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "socket";
  ASSERT_TRUE(Create({"127.0.0.1:0", "unix:" + path, "localhost:0"}).ok());
  ASSERT_THAT(listener_->addresses(), SizeIs(3));
  EXPECT_THAT(address(), StartsWith("127.0.0.1:"));
  EXPECT_EQ(listener_->addresses()[1], "unix:" + path);
  Start();
  for (const std::string& each : listener_->addresses()) {
    EXPECT_EQ(Peer(each).Read(), '!') << each;
  }
  listener_->Stop();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ConnectionListenerTest, WhoConnectsBeforeItStartsWaits) {
  ASSERT_TRUE(Create({"127.0.0.1:0"}).ok());
  const Peer early(address());
  EXPECT_TRUE(early.connected());
  Start();
  EXPECT_EQ(early.Read(), '!');
}

TEST_F(ConnectionListenerTest, StopsListeningButKeepsWhatItHandedOver) {
  ASSERT_TRUE(Create({"127.0.0.1:0"}).ok());
  Start();
  const std::string here = address();
  const Peer peer(here);
  EXPECT_EQ(peer.Read(), '!');
  listener_->Stop();
  listener_->Stop();
  EXPECT_FALSE(Peer(here).connected());
  MutexLock lock(mutex_);
  ASSERT_THAT(taken_, SizeIs(1));
  EXPECT_EQ(write(taken_[0], "?", 1), 1);
  EXPECT_EQ(peer.Read(), '?');
}

TEST_F(ConnectionListenerTest, HangsUpOnThoseBeyondTheLimitUntilOthersClose) {
  ASSERT_TRUE(Create({"127.0.0.1:0"}, /*connections_max=*/2).ok());
  Start();
  {
    const Peer first(address());
    const Peer second(address());
    EXPECT_EQ(first.Read(), '!');
    EXPECT_EQ(second.Read(), '!');
    EXPECT_EQ(Peer(address()).Read(), '\0');
    const ConnectionStats stats = listener_->stats();
    EXPECT_EQ(stats.open, 2);
    EXPECT_EQ(stats.open_max, 2);
    EXPECT_EQ(stats.refused, 1u);
  }
  CloseAll();
  EXPECT_TRUE(Eventually([this] { return Peer(address()).Read() == '!'; }));
  EXPECT_LE(listener_->stats().open, 2);
}

TEST_F(ConnectionListenerTest, ATakenAddressIsAnErrorAndClosesTheOthers) {
  ASSERT_TRUE(Create({"127.0.0.1:0"}).ok());
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "socket";
  const absl::Status status = Create({"unix:" + path, address()});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(absl::StrCat("cannot listen on ", address(), ": ")));
  EXPECT_FALSE(std::filesystem::exists(path));
}

// The descriptors that a process may have, while it lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lowered = {.rlim_cur = limit, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_ = {};
};

TEST_F(ConnectionListenerTest, TheDescriptorsBoundTheLimit) {
  const DescriptorLimit limit(100);
  ASSERT_TRUE(Create({"127.0.0.1:0"}, /*connections_max=*/5000).ok());
  EXPECT_EQ(listener_->stats().open_max, 50);
}

TEST_F(ConnectionListenerTest, AShortageOfDescriptorsIsWaitedOut) {
  ASSERT_TRUE(Create({"127.0.0.1:0"}).ok());
  Start();
  const Peer first(address());
  EXPECT_EQ(first.Read(), '!');
  std::unique_ptr<Peer> peer;
  {
    const DescriptorLimit limit(64);
    // All but the one of the next peer.
    std::vector<int> hoard;
    int last = -1;
    while ((last = dup(STDERR_FILENO)) >= 0) hoard.push_back(last);
    close(hoard.back());
    hoard.pop_back();
    peer = std::make_unique<Peer>(address());
    EXPECT_TRUE(peer->connected());
    for (const int descriptor : hoard) close(descriptor);
  }
  EXPECT_EQ(peer->Read(), '!');
}

}  // namespace
}  // namespace hexapla
