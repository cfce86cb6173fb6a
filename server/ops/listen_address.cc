// SPDX-License-Identifier: Apache-2.0
#include "server/ops/listen_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

constexpr char kUnixPrefix[] = "unix:";
// Ports that are tried where any will do.
constexpr int kPortAttempts = 20;
constexpr size_t kUnixPathMax = sizeof(sockaddr_un::sun_path) - 1;

class Socket {
 public:
  explicit Socket(int family)
      : descriptor_(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int descriptor() const { return descriptor_; }
  int Release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

// The port of a bound socket of either family.
int PortOf(int descriptor) {
  sockaddr_in6 name = {};
  socklen_t size = sizeof(name);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size);
  // Both families have it at the same place.
  return ntohs(name.sin6_port);
}

// An address of either family, as bind() takes it.
struct Name {
  sockaddr_in6 address = {};  // the larger of the two
  socklen_t size = 0;

  bool operator==(const Name& other) const {
    return size == other.size && std::memcmp(&address, &other.address, size) == 0;
  }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
  int family() const { return address.sin6_family; }
  // Both families have it at the same place.
  void set_port(int port) { address.sin6_port = htons(static_cast<uint16_t>(port)); }
  // "127.0.0.1:50051" or "[::1]:50051".
  std::string ToString() const;
};

std::string Name::ToString() const {
  char host[INET6_ADDRSTRLEN] = "?";
  const int port = ntohs(address.sin6_port);
  if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &address.sin6_addr, host, sizeof(host));
    return absl::StrCat("[", host, "]:", port);
  }
  inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr, host, sizeof(host));
  return absl::StrCat(host, ":", port);
}

absl::Status AddNames(const std::string& host, std::vector<Name>& names) {
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), "0", &hints, &found);
  if (error != 0) return absl::FailedPreconditionError(gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
  for (const addrinfo* it = list.get(); it != nullptr; it = it->ai_next) {
    if (it->ai_addrlen > sizeof(sockaddr_in6)) continue;
    Name name;
    std::memcpy(&name.address, it->ai_addr, it->ai_addrlen);
    name.size = it->ai_addrlen;
    // A file of hosts may say the same twice, and nothing can listen there twice.
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Name>> Resolve(const std::string& host) {
  std::vector<Name> names;
  if (host != "localhost") {
    HEXAPLA_RETURN_IF_ERROR(AddNames(host, names));
    return names;
  }
  // A resolver may know one address of it only, and the clients' the other.
  for (const char* each : {"127.0.0.1", "::1"}) HEXAPLA_RETURN_IF_ERROR(AddNames(each, names));
  return names;
}

// Whether the machine lacks the address, or its family, altogether.
bool IsAbsent(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT; }

// Why no socket listens there: 0 when one does.
int ListenOn(const Name& name, Socket& opened) {
  if (opened.descriptor() < 0) return errno;
  const int one = 1;
  const int zero = 0;
  // A closed connection in TIME_WAIT is no obstacle.
  setsockopt(opened.descriptor(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (name.family() == AF_INET6) {
    // Whatever the system's default is.
    setsockopt(opened.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
  }
  // Two may bind one port, but only one of them can listen there.
  if (bind(opened.descriptor(), name.get(), name.size) != 0) return errno;
  return listen(opened.descriptor(), SOMAXCONN) == 0 ? 0 : errno;
}

void CloseAll(const ListeningSockets& sockets) {
  for (const int descriptor : sockets.descriptors) close(descriptor);
}

absl::Status Taken(const std::string& address, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", address, ": ", why));
}

absl::Status Malformed(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\": ", why));
}

bool IsLoopback(const std::string& host) {
  in_addr four;
  in6_addr six;
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six) != 0;
  return host == "localhost";
}

sockaddr_un UnixName(const std::string& path) {
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, kUnixPathMax);
  return name;
}

// Why no file can be made at `path`, where none is; "" if one can.
std::string WhyNoFileFits(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  if (access(folder.c_str(), W_OK | X_OK) == 0) return "";
  return absl::StrCat("the directory ", folder.string(), ": ", std::strerror(errno));
}

}  // namespace

absl::StatusOr<ListenAddress> ListenAddress::Parse(absl::string_view text) {
  ListenAddress address;
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, kUnixPrefix)) {
    address.is_unix_ = true;
    // "unix:///path" is the same to gRPC; one form is enough to print.
    if (absl::StartsWith(rest, "///")) rest.remove_prefix(2);
    if (rest.empty()) return Malformed(text, "the path of the socket is missing");
    if (rest.size() > kUnixPathMax) {
      return Malformed(text, absl::StrCat("the path of the socket has ", rest.size(),
                                          " bytes; the limit is ", kUnixPathMax));
    }
    address.path_ = std::string(rest);
    return address;
  }
  const size_t colon = rest.rfind(':');
  if (colon == absl::string_view::npos) return Malformed(text, "the port is missing");
  absl::string_view host = rest.substr(0, colon);
  const absl::string_view port = rest.substr(colon + 1);
  if (absl::ConsumePrefix(&host, "[")) {
    if (!absl::ConsumeSuffix(&host, "]")) return Malformed(text, "a bracket is missing");
  } else if (absl::StrContains(host, ':')) {
    return Malformed(text, "write an IPv6 address in brackets, [::1]:50051");
  }
  if (host.empty()) return Malformed(text, "the host is missing");
  const bool digits = port.find_first_not_of("0123456789") == absl::string_view::npos;
  if (!digits || !absl::SimpleAtoi(port, &address.port_) || address.port_ > 65535) {
    return Malformed(text, "the port must be a number from 0 to 65535");
  }
  address.host_ = std::string(host);
  return address;
}

bool ListenAddress::is_local() const { return is_unix_ || IsLoopback(host_); }

std::string ListenAddress::WithPort(int port) const {
  if (is_unix_) return absl::StrCat(kUnixPrefix, path_);
  const bool brackets = absl::StrContains(host_, ':');
  return absl::StrCat(brackets ? "[" : "", host_, brackets ? "]" : "", ":", port);
}

absl::Status ListenAddress::CheckFree() const {
  return is_unix_ ? CheckUnixFree() : CheckTcpFree();
}

absl::Status ListenAddress::CheckUnixFree() const {
  struct stat file;
  if (lstat(path_.c_str(), &file) != 0) {
    if (errno != ENOENT) return Taken(ToString(), std::strerror(errno));
    const std::string why = WhyNoFileFits(path_);
    return why.empty() ? absl::OkStatus() : Taken(ToString(), why);
  }
  if (!S_ISSOCK(file.st_mode)) return Taken(ToString(), "the file is there and is no socket");
  const sockaddr_un name = UnixName(path_);
  const Socket probe(AF_UNIX);
  if (connect(probe.descriptor(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0) {
    return Taken(ToString(), "another server serves there");
  }
  if (errno != ECONNREFUSED) return Taken(ToString(), std::strerror(errno));
  if (unlink(path_.c_str()) != 0) return Taken(ToString(), std::strerror(errno));
  return absl::OkStatus();
}

absl::Status ListenAddress::CheckTcpFree() const {
  const absl::StatusOr<ListeningSockets> sockets = ListenTcp();
  if (!sockets.ok()) return sockets.status();
  CloseAll(*sockets);
  return absl::OkStatus();
}

absl::StatusOr<ListeningSockets> ListenAddress::Listen() const {
  return is_unix_ ? ListenUnix() : ListenTcp();
}

absl::StatusOr<ListeningSockets> ListenAddress::ListenUnix() const {
  HEXAPLA_RETURN_IF_ERROR(CheckUnixFree());
  Socket opened(AF_UNIX);
  const sockaddr_un name = UnixName(path_);
  if (bind(opened.descriptor(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 ||
      listen(opened.descriptor(), SOMAXCONN) != 0) {
    return Taken(ToString(), std::strerror(errno));
  }
  return ListeningSockets{.descriptors = {opened.Release()}, .port = 0, .left_out = {}};
}

absl::StatusOr<ListeningSockets> ListenAddress::ListenTcp() const {
  for (int attempt = 1; attempt < kPortAttempts; ++attempt) {
    absl::StatusOr<ListeningSockets> sockets = ListenTcpAt(port_);
    if (!absl::IsAborted(sockets.status())) return sockets;
  }
  return ListenTcpAt(port_);
}

absl::StatusOr<ListeningSockets> ListenAddress::ListenTcpAt(int port) const {
  const absl::StatusOr<std::vector<Name>> names = Resolve(host_);
  if (!names.ok()) return Taken(ToString(), names.status().message());
  ListeningSockets sockets{.descriptors = {}, .port = port, .left_out = {}};
  std::string reason = "no address";
  for (Name name : *names) {
    name.set_port(sockets.port);
    Socket opened(name.family());
    const int error = ListenOn(name, opened);
    if (error == 0) {
      sockets.port = PortOf(opened.descriptor());
      sockets.descriptors.push_back(opened.Release());
      continue;
    }
    reason = std::strerror(error);
    if (names->size() > 1) reason = absl::StrCat(name.ToString(), ": ", reason);
    sockets.left_out.push_back(reason);
    if (IsAbsent(error)) continue;
    CloseAll(sockets);
    if (port == 0 && error == EADDRINUSE) return absl::AbortedError(reason);
    return Taken(ToString(), reason);
  }
  if (sockets.descriptors.empty()) return Taken(ToString(), reason);
  return sockets;
}

}  // namespace hexapla
