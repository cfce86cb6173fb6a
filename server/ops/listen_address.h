// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_LISTEN_ADDRESS_H_
#define HEXAPLA_SERVER_OPS_LISTEN_ADDRESS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla {

// Sockets that listen and do not block; whoever has them closes them.
struct ListeningSockets {
  std::vector<int> descriptors;
  int port = 0;  // of all of them; 0 for a Unix socket
  // Of a name, the addresses that this machine does not have, and the system's
  // reason: "[::1]:50051: Cannot assign requested address".
  std::vector<std::string> left_out;
};

// Where the server listens: HOST:PORT, [IPv6]:PORT or unix:PATH.
//
// Example: ListenAddress::Parse("127.0.0.1:0")->WithPort(50051) is "127.0.0.1:50051".
class ListenAddress {
 public:
  // Errors: InvalidArgument when a host or a port of 0 to 65535 is missing, or
  // the path is empty or longer than a socket's 107 bytes.
  static absl::StatusOr<ListenAddress> Parse(absl::string_view text);

  // Whether only this machine can connect: a Unix socket, "localhost", ::1 or
  // 127.0.0.0/8. Other names are taken for reachable; they are not resolved.
  bool is_local() const;

  bool is_unix() const { return is_unix_; }
  // Of a Unix socket.
  const std::string& path() const { return path_; }

  // As gRPC takes it to listen, and a client to connect.
  std::string ToString() const { return WithPort(port_); }
  // The same with the port that the system chose.
  std::string WithPort(int port) const;

  // Whether a server could listen here now. Removes the socket file that a dead
  // one left behind. Errors: FailedPrecondition, with the system's reason.
  absl::Status CheckFree() const;

  // Listens. A name may stand for several addresses (one that comes twice is one), "localhost"
  // always for 127.0.0.1 and ::1: all that this machine has are listened on, at one port, and none
  // of them may be taken. "[::]" takes connections over IPv4 too, "0.0.0.0" over IPv4 alone.
  // Errors: as CheckFree.
  absl::StatusOr<ListeningSockets> Listen() const;

 private:
  ListenAddress() = default;
  absl::Status CheckUnixFree() const;
  absl::Status CheckTcpFree() const;
  absl::StatusOr<ListeningSockets> ListenUnix() const;
  absl::StatusOr<ListeningSockets> ListenTcp() const;
  // At `port`, 0 for any; kAborted when any was wanted and one that was free at the
  // first address is taken at another.
  absl::StatusOr<ListeningSockets> ListenTcpAt(int port) const;

  bool is_unix_ = false;
  std::string path_;  // of a Unix socket
  std::string host_;  // without brackets
  int port_ = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_LISTEN_ADDRESS_H_
