// SPDX-License-Identifier: Apache-2.0
#include "client/connection.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "client/server_address.h"
#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// An alignment with its text is a few times its request, which the server bounds.
constexpr int kReplyBytesMax = 512 << 20;
// A call whose request does not fit here is never repeated.
constexpr int kRetryBufferBytes = 64 << 20;
// So that a server that is just starting is found soon.
constexpr int kFirstReconnectMs = 100;
constexpr int kLastReconnectMs = 1000;

constexpr char kServiceConfig[] = R"({
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [{}],
    "retryPolicy": {
      "maxAttempts": 5,
      "initialBackoff": "0.1s",
      "maxBackoff": "1s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE"]
    }
  }]
})";

// All addresses of a host as "[v6]:port", those of IPv4 mapped into IPv6, so that
// one list holds both kinds.
absl::StatusOr<std::vector<std::string>> Resolve(const std::string& address) {
  HEXAPLA_ASSIGN_OR_RETURN(const ServerAddress parsed, ParseServerAddress(address));
  if (!parsed.unix_path.empty()) {
    return absl::InvalidArgumentError("a Unix socket cannot be one of several addresses");
  }
  addrinfo hints = {};
  hints.ai_family = AF_INET6;
  hints.ai_flags = AI_V4MAPPED | AI_ALL;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(parsed.host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("server ", address, ": ", gai_strerror(error)));
  }
  std::vector<std::string> result;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(entry->ai_addr);
    std::array<char, INET6_ADDRSTRLEN> text = {};
    inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    result.push_back(absl::StrCat("[", text.data(), "]:", parsed.port));
  }
  freeaddrinfo(found);
  return result;
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  // Only ours counts: no look-up of a service config or of a proxy.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kRetryBufferBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  arguments.SetMaxReceiveMessageSize(kReplyBytesMax);
  arguments.SetMaxSendMessageSize(-1);
  return arguments;
}

}  // namespace

absl::StatusOr<std::string> ChannelTarget(const std::vector<std::string>& servers) {
  if (servers.size() == 1) {
    HEXAPLA_ASSIGN_OR_RETURN(const ServerAddress address, ParseServerAddress(servers[0]));
    if (!address.unix_path.empty()) return absl::StrCat("unix:", address.unix_path);
    const bool v6 = absl::StrContains(address.host, ':');
    return absl::StrCat("dns:///", v6 ? "[" : "", address.host, v6 ? "]:" : ":", address.port);
  }
  std::vector<std::string> resolved;
  for (const std::string& server : servers) {
    HEXAPLA_ASSIGN_OR_RETURN(const std::vector<std::string> addresses, Resolve(server));
    resolved.insert(resolved.end(), addresses.begin(), addresses.end());
  }
  return absl::StrCat("ipv6:", absl::StrJoin(resolved, ","));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::vector<std::string>& servers,
                                                       absl::Duration timeout) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::string target, ChannelTarget(servers));
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), Arguments());
  if (!channel->WaitForConnected(absl::ToChronoTime(absl::Now() + timeout))) {
    return absl::UnavailableError(absl::StrCat("no connection to ", absl::StrJoin(servers, ", "),
                                               " within ", absl::FormatDuration(timeout)));
  }
  return channel;
}

}  // namespace hexapla
