// SPDX-License-Identifier: Apache-2.0
#include "server/ops/connection_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/base/steady_clock.h"
#include "server/ops/log.h"

namespace hexapla {
namespace {

// Descriptors for all but connections: gRPC's own, models, logs, scrapers.
constexpr int64_t kDescriptorsKept = 128;
// After a shortage of descriptors or memory, before the next try.
constexpr absl::Duration kShortagePause = absl::Milliseconds(100);
// Between two looks for closed connections while all places are taken.
constexpr absl::Duration kLookInterval = absl::Milliseconds(100);
constexpr absl::Duration kComplaintInterval = absl::Seconds(10);

int OpenMax(int connections_max) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur == RLIM_INFINITY) return connections_max;
  const auto descriptors = static_cast<int64_t>(limit.rlim_cur);
  const int64_t room = descriptors - std::min(kDescriptorsKept, descriptors / 2);
  return static_cast<int>(std::clamp<int64_t>(room, 1, std::max(1, connections_max)));
}

// The inode of an open file; 0 for a descriptor that is none.
ino_t InodeOf(int descriptor) {
  struct stat status = {};
  return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

bool IsShortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ConnectionListener>> ConnectionListener::Create(
    const std::vector<ListenAddress>& addresses, const ConnectionListenerOptions& options) {
  std::unique_ptr<ConnectionListener> listener(new ConnectionListener(options));
  if (listener->wake_ < 0) {
    return absl::FailedPreconditionError(absl::StrCat("cannot listen: ", std::strerror(errno)));
  }
  for (const ListenAddress& address : addresses) {
    HEXAPLA_RETURN_IF_ERROR(listener->Listen(address));
  }
  return listener;
}

ConnectionListener::ConnectionListener(const ConnectionListenerOptions& options)
    : options_(options),
      open_max_(OpenMax(options.connections_max)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

absl::Status ConnectionListener::Listen(const ListenAddress& address) {
  HEXAPLA_ASSIGN_OR_RETURN(const ListeningSockets sockets, address.Listen());
  addresses_.push_back(address.WithPort(sockets.port));
  left_out_.insert(left_out_.end(), sockets.left_out.begin(), sockets.left_out.end());
  if (address.is_unix()) paths_.push_back(address.path());
  for (const int listener : sockets.descriptors) {
    listeners_.push_back(listener);
    if (address.is_unix()) continue;
    // Connections inherit both.
    const int one = 1;
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    const auto timeout =
        static_cast<unsigned>(absl::ToInt64Milliseconds(options_.unacknowledged_max));
    setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
  }
  return absl::OkStatus();
}

void ConnectionListener::Start(Taker take) {
  take_ = std::move(take);
  thread_ = std::thread([this] { Run(); });
}

void ConnectionListener::Stop() {
  if (wake_ < 0) return;
  if (thread_.joinable()) {
    eventfd_write(wake_, 1);
    thread_.join();
  }
  for (const int listener : listeners_) close(listener);
  for (const std::string& path : paths_) unlink(path.c_str());
  close(std::exchange(wake_, -1));
}

ConnectionStats ConnectionListener::stats() const {
  MutexLock lock(mutex_);
  ForgetClosed();
  return {.open = static_cast<int>(open_.size()), .open_max = open_max_, .refused = refused_};
}

void ConnectionListener::Run() {
  std::vector<pollfd> polled = {{.fd = wake_, .events = POLLIN, .revents = 0}};
  for (const int listener : listeners_) {
    polled.push_back({.fd = listener, .events = POLLIN, .revents = 0});
  }
  while (true) {
    if (poll(polled.data(), polled.size(), -1) < 0) {
      Pause(kShortagePause);
      continue;
    }
    if (polled[0].revents != 0) return;
    for (size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents != 0) AcceptFrom(polled[i].fd);
    }
  }
}

void ConnectionListener::AcceptFrom(int listener) {
  const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0) {
    if (!IsShortage(errno)) return;  // the peer went away before its turn
    LogLimited(shortages_, LogLevel::kError, "accept", {{"error", std::strerror(errno)}});
    Pause(kShortagePause);
  } else if (Admit(connection)) {
    take_(listener, connection);
  } else {
    close(connection);
  }
}

bool ConnectionListener::Admit(int connection) {
  MutexLock lock(mutex_);
  // Of a former connection.
  open_.erase(connection);
  const absl::Time now = SteadyNow();
  if (static_cast<int>(open_.size()) >= open_max_ && now - looked_ >= kLookInterval) {
    looked_ = now;
    ForgetClosed();
  }
  if (static_cast<int>(open_.size()) < open_max_) {
    open_[connection] = InodeOf(connection);
    return true;
  }
  ++refused_;
  if (now - complained_ >= kComplaintInterval) {
    complained_ = now;
    Log(LogLevel::kWarning, "connections",
        {{"limit", open_max_},
         {"refused", refused_},
         {"consequence", "new connections are closed at once"}});
  }
  return false;
}

void ConnectionListener::ForgetClosed() const {
  absl::erase_if(open_, [](const auto& entry) { return InodeOf(entry.first) != entry.second; });
}

void ConnectionListener::Pause(absl::Duration duration) const {
  pollfd wake = {.fd = wake_, .events = POLLIN, .revents = 0};
  poll(&wake, 1, static_cast<int>(absl::ToInt64Milliseconds(duration)));
}

}  // namespace hexapla
