// SPDX-License-Identifier: Apache-2.0
#include "client/server_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace hexapla {
namespace {

constexpr absl::string_view kUnixPrefix = "unix:";
constexpr char kDefaultPort[] = "50051";
constexpr int kPortMax = 65535;

bool IsIpv6(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool IsPort(const std::string& text) {
  int port = 0;
  return absl::SimpleAtoi(text, &port) && port >= 1 && port <= kPortMax;
}

}  // namespace

absl::StatusOr<ServerAddress> ParseServerAddress(const std::string& text) {
  ServerAddress address = {.host = text, .port = kDefaultPort};
  if (absl::StartsWith(text, kUnixPrefix)) {
    address = {.unix_path = text.substr(kUnixPrefix.size())};
    if (!address.unix_path.empty()) return address;
  }
  const size_t bracket = text.find(']');
  const size_t colon = text.rfind(':');
  if (absl::StartsWith(text, "[") && bracket != std::string::npos) {
    address.host = text.substr(1, bracket - 1);
    if (bracket + 1 < text.size()) {
      address.port = colon == bracket + 1 ? text.substr(colon + 1) : "";
    }
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    address = {.host = text.substr(0, colon), .port = text.substr(colon + 1)};
  }
  const bool is_host =
      absl::StrContains(address.host, ':') ? IsIpv6(address.host) : !address.host.empty();
  if (!is_host || !IsPort(address.port)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no address; expected host:port or unix:path"));
  }
  return address;
}

bool IsThisMachine(const ServerAddress& address) {
  if (!address.unix_path.empty() || address.host == "localhost") return true;
  in_addr v4 = {};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) {
    const uint32_t host = ntohl(v4.s_addr);
    return host == INADDR_ANY || host >> 24 == IN_LOOPBACKNET;
  }
  in6_addr v6 = {};
  if (inet_pton(AF_INET6, address.host.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
         (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == IN_LOOPBACKNET);
}

}  // namespace hexapla
