// SPDX-License-Identifier: Apache-2.0
#include "client/connection.h"

#include <arpa/inet.h>
#include <grpcpp/client_context.h>
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
#include "grpc/health/v1/health.grpc.pb.h"

#include "client/server_address.h"
#include "client/transport_files.h"
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

// Asked for while a call is under way. The server allows a question every 10 s.
constexpr int kKeepaliveMs = 20000;
constexpr int kKeepaliveTimeoutMs = 10000;
// How long a call may take that only finds out why there is no connection.
constexpr absl::Duration kProbeTimeout = absl::Seconds(3);

// Our own cancellations are never repeated; a server that is being stopped cancels
// calls that reach it too late.
constexpr char kRetryPolicy[] = R"("methodConfig": [{
    "name": [{}],
    "retryPolicy": {
      "maxAttempts": 5,
      "initialBackoff": "0.1s",
      "maxBackoff": "1s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]
    }
  }])";
// A single server that is not serving must still be able to say so.
constexpr char kHealthOfMany[] = R"("healthCheckConfig": {"serviceName": ""},)";

std::string ServiceConfig(bool several) {
  return absl::StrCat(R"({"loadBalancingConfig": [{"round_robin": {}}],)",
                      several ? kHealthOfMany : "", kRetryPolicy, "}");
}

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

// `authority` is the name for which the certificate is checked, and for proxies on
// the way; "" is gRPC's own choice, the host of its one address.
grpc::ChannelArguments Arguments(const std::string& authority, bool tls) {
  grpc::ChannelArguments arguments;
  // Only ours counts: no look-up of a service config or of a proxy.
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kRetryBufferBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  // An alignment may take long without a byte on the wire.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(kReplyBytesMax);
  arguments.SetMaxSendMessageSize(-1);
  if (!authority.empty()) arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, authority);
  if (!authority.empty() && tls) arguments.SetSslTargetNameOverride(authority);
  return arguments;
}

std::string AuthorityFor(const std::vector<std::string>& servers,
                         const TransportSecurity& security) {
  if (!security.server_name.empty() || servers.size() < 2) return security.server_name;
  const absl::StatusOr<ServerAddress> first = ParseServerAddress(servers.front());
  return first.ok() ? first->host : "";
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsFor(const TransportSecurity& security,
                                                         const TransportSecrets& secrets) {
  if (!security.tls) return grpc::InsecureChannelCredentials();
  auto tls = grpc::SslCredentials({.pem_root_certs = secrets.authorities,
                                   .pem_private_key = secrets.key,
                                   .pem_cert_chain = secrets.certificate});
  if (secrets.token.empty()) return tls;
  // gRPC attaches them to encrypted connections only.
  return grpc::CompositeChannelCredentials(tls, grpc::AccessTokenCredentials(secrets.token));
}

// What a person can do about a handshake that failed with these words; "" if they
// say nothing of use.
absl::string_view AdviceFor(absl::string_view error) {
  struct Advice {
    absl::string_view sign;
    absl::string_view advice;
  };
  static constexpr Advice kAdvice[] = {
      {"certificate verify failed", "its certificate is not vouched for; see --tls_ca"},
      {"is not in peer certificate", "its certificate is for other names; see --tls_server_name"},
      {"wrong version number", "it does not speak TLS; see --allow_insecure"},
      {"Socket closed", "it hangs up; it may ask for a certificate, see --tls_cert"},
  };
  for (const Advice& entry : kAdvice) {
    if (absl::StrContains(error, entry.sign)) return entry.advice;
  }
  return "";
}

// Why there is no encrypted connection, after a colon; "" if nobody knows. A
// channel does not say, but a call does, where nothing is repeated.
std::string ReasonOf(const std::string& target,
                     const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                     grpc::ChannelArguments arguments) {
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // Not the failing connection of the channel, which waits to be tried again.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kProbeTimeout));
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status =
      grpc::health::v1::Health::NewStub(grpc::CreateCustomChannel(target, credentials, arguments))
          ->Check(&context, {}, &response);
  const absl::string_view advice = AdviceFor(status.error_message());
  return advice.empty() ? "" : absl::StrCat(": ", advice);
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
                                                       absl::Duration timeout,
                                                       const TransportSecurity& security) {
  HEXAPLA_ASSIGN_OR_RETURN(const TransportSecrets secrets, ReadTransportFiles(security));
  HEXAPLA_ASSIGN_OR_RETURN(const std::string target, ChannelTarget(servers));
  const grpc::ChannelArguments base_arguments =
      Arguments(AuthorityFor(servers, security), security.tls);
  grpc::ChannelArguments arguments = base_arguments;
  arguments.SetServiceConfigJSON(ServiceConfig(servers.size() > 1));
  const auto credentials = CredentialsFor(security, secrets);
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(target, credentials, arguments);
  if (channel->WaitForConnected(absl::ToChronoTime(absl::Now() + timeout))) return channel;
  const std::string reason =
      security.tls ? ReasonOf(target, credentials, base_arguments) : std::string();
  return absl::UnavailableError(
      absl::StrCat("no connection to ", absl::StrJoin(servers, ", "), " within ",
                   absl::FormatDuration(timeout), security.tls ? " by TLS" : "",
                   reason.empty() ? "; start hexaplad, or name a server with --server" : reason));
}

}  // namespace hexapla
