// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_CONNECTION_OPTIONS_H_
#define HEXAPLA_CLIENT_CONNECTION_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace hexapla {

// How a connection is protected. All of it but `tls` may be set only with TLS.
struct TransportSecurity {
  bool tls = false;
  // PEM file of the authorities that may vouch for the server; empty: the system's.
  std::string ca_file = "";
  // PEM files of the certificate that we show and its key; both or none.
  std::string certificate_file = "";
  std::string key_file = "";
  // The name that the server's certificate must hold; empty: the host of the
  // address. Several servers of different hosts need one.
  std::string server_name = "";
  // A file that holds the bearer token, or else the token; both empty: none.
  std::string token_file = "";
  std::string token = "";
};

// Where the service is and how long to wait for it.
struct ConnectionOptions {
  // "host:port", "[v6]:port" or "unix:/path"; at least one.
  std::vector<std::string> servers = {};
  // Run the service inside this process instead; `servers` is then ignored.
  bool local = false;
  // Model directory for `local`; empty: found relative to the executable.
  std::string models = "";
  // Threads that compute for `local`; 0: one per processor.
  int workers = 0;
  // For one whole call, retries included.
  absl::Duration timeout = absl::Minutes(10);
  // Until the first connection stands.
  absl::Duration connect_timeout = absl::Seconds(5);
  TransportSecurity security = {};
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_CONNECTION_OPTIONS_H_
