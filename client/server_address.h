// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_SERVER_ADDRESS_H_
#define HEXAPLA_CLIENT_SERVER_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"

namespace hexapla {

// Where a server listens, as the --server flag names it: a host and a port, or
// the path of a Unix socket.
struct ServerAddress {
  // A name, an IPv4 address or an IPv6 address without brackets; "" for a socket.
  std::string host = "";
  std::string port = "";
  std::string unix_path = "";
};

// Parses "host", "host:port", "v6", "[v6]", "[v6]:port" or "unix:path"; the port
// is 50051 unless given. Error: InvalidArgument for anything else.
absl::StatusOr<ServerAddress> ParseServerAddress(const std::string& text);

// Whether what is sent to the address stays on this machine: a Unix socket,
// "localhost", a loopback address, or the unspecified one ("0.0.0.0"), which leads
// there too. Names are not looked up.
bool IsThisMachine(const ServerAddress& address);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_SERVER_ADDRESS_H_
