// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_CONNECTION_FLAGS_H_
#define HEXAPLA_CLIENT_CONNECTION_FLAGS_H_

#include <map>
#include <string>

#include "CLI/CLI.hpp"

#include "client/connection_options.h"

namespace hexapla {

// The environment's variables by name; one that is empty counts as unset.
using Environment = std::map<std::string, std::string>;

// The flags that every command has, and how they become ConnectionOptions. Each
// --name has a twin $HEXAPLA_NAME in the environment; the flag wins. The twin of
// --local_workers is the server's, $HEXAPLA_WORKERS, for it is that of the service.
//
// The connection is plain to this machine (loopback, Unix sockets) and TLS to any
// other, unless --allow_insecure. A flag about TLS asks for TLS anywhere. A token
// is never sent over a plain connection: that is a usage error.
class ConnectionFlags {
 public:
  // Must outlive the parsing of `app`.
  void AddTo(CLI::App& app);

  // Throws UsageError.
  ConnectionOptions Parse(const Environment& environment) const;

 private:
  // A value and where it stands: "--timeout" or "$HEXAPLA_TIMEOUT".
  struct Setting {
    std::string value;
    std::string source;
  };

  static Setting FlagOrTwin(const std::string& name, const std::string& flag,
                            const Environment& environment);
  static bool FlagOrTwin(const std::string& name, bool flag, const Environment& environment);
  TransportSecurity ParseSecurity(const std::vector<std::string>& servers,
                                  const Environment& environment) const;
  int ParseWorkers(const Environment& environment) const;
  // The first flag given that makes sense only with a connection; "" if none.
  std::string ConnectionOnlyFlag() const;

  std::string server_;
  bool local_ = false;
  std::string models_;
  std::string local_workers_;
  std::string timeout_;
  std::string connect_timeout_;
  bool allow_insecure_ = false;
  bool tls_ = false;
  std::string tls_ca_;
  std::string tls_cert_;
  std::string tls_key_;
  std::string tls_server_name_;
  std::string auth_token_file_;
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_CONNECTION_FLAGS_H_
