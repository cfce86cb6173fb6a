// SPDX-License-Identifier: Apache-2.0
#include "client/connection_flags.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "client/server_address.h"
#include "client/usage_error.h"

namespace hexapla {
namespace {

constexpr char kDefaultServer[] = "127.0.0.1:50051";
constexpr char kTokenVariable[] = "HEXAPLA_AUTH_TOKEN";
// As the server's --workers.
constexpr int kLocalWorkersMax = 1024;
constexpr char kSecurityGroup[] = "Security";

std::string TwinOf(const std::string& name) {
  return absl::StrCat("HEXAPLA_", absl::AsciiStrToUpper(name));
}

std::string VariableIn(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

std::vector<ServerAddress> ParseAddresses(const std::string& source,
                                          const std::vector<std::string>& servers) {
  std::vector<ServerAddress> addresses;
  for (const std::string& server : servers) {
    const absl::StatusOr<ServerAddress> address = ParseServerAddress(server);
    if (!address.ok()) throw UsageError(source, std::string(address.status().message()));
    if (servers.size() > 1 && !address->unix_path.empty()) {
      throw UsageError(source, "a Unix socket cannot be one of several addresses");
    }
    addresses.push_back(*address);
  }
  return addresses;
}

// The first of the servers that is on another machine; "" if none is.
std::string FirstRemote(const std::vector<std::string>& servers) {
  for (const std::string& server : servers) {
    const absl::StatusOr<ServerAddress> address = ParseServerAddress(server);
    if (address.ok() && !IsThisMachine(*address)) return server;
  }
  return "";
}

// One certificate name must do for all servers of a list.
void CheckServerName(const TransportSecurity& security, bool tls_asked,
                     const std::vector<std::string>& servers) {
  std::set<std::string> hosts;
  for (const ServerAddress& address : ParseAddresses("--server", servers)) {
    hosts.insert(address.host);
  }
  if (!security.server_name.empty() || hosts.size() < 2) return;
  throw UsageError("--tls_server_name",
                   absl::StrCat("must say which name the certificates of all servers hold",
                                tls_asked ? "" : ", unless --allow_insecure"));
}

}  // namespace

void ConnectionFlags::AddTo(CLI::App& app) {
  app.add_option("--server", server_,
                 absl::StrCat("addresses of the server, separated by commas, which take turns;\n"
                              "default $HEXAPLA_SERVER, else ",
                              kDefaultServer))
      ->type_name("ADDR[,ADDR...]")
      ->check([](const std::string& text) { return text.empty() ? "the value is empty" : ""; });
  app.add_flag("--local", local_, "run the service inside this process, without a server");
  app.add_option("--models", models_,
                 "model directory for --local; default $HEXAPLA_MODELS, else beside the program")
      ->type_name("DIR");
  app.add_option("--local_workers", local_workers_,
                 "threads that compute for --local; default $HEXAPLA_WORKERS, else as many as\n"
                 "there are processors")
      ->type_name("N");
  app.add_option("--timeout", timeout_, "time for one call, retries included; default 10m")
      ->type_name("TIME");
  app.add_option("--connect_timeout", connect_timeout_, "time to wait for a connection; default 5s")
      ->type_name("TIME");
  app.add_flag("--tls", tls_, "encrypt also to this machine; the flags below do, too")
      ->group(kSecurityGroup);
  app.add_option("--tls_ca", tls_ca_,
                 "authorities that may vouch for the server, PEM; default the system's")
      ->type_name("FILE")
      ->group(kSecurityGroup);
  app.add_option("--tls_cert", tls_cert_, "certificate to show to the server, PEM")
      ->type_name("FILE")
      ->group(kSecurityGroup);
  app.add_option("--tls_key", tls_key_, "key of --tls_cert, PEM")
      ->type_name("FILE")
      ->group(kSecurityGroup);
  app.add_option("--tls_server_name", tls_server_name_,
                 "name that the server's certificate must hold; default the host of --server")
      ->type_name("NAME")
      ->group(kSecurityGroup);
  app.add_option("--auth_token_file", auth_token_file_,
                 "file with the token to show to the server, over TLS only; default the token\n"
                 "in $HEXAPLA_AUTH_TOKEN, else none")
      ->type_name("FILE")
      ->group(kSecurityGroup);
  app.add_flag("--allow_insecure", allow_insecure_, "send text unencrypted to another machine")
      ->group(kSecurityGroup);
}

ConnectionFlags::Setting ConnectionFlags::FlagOrTwin(const std::string& name,
                                                     const std::string& flag,
                                                     const Environment& environment) {
  if (!flag.empty()) return {.value = flag, .source = absl::StrCat("--", name)};
  const std::string twin = TwinOf(name);
  return {.value = VariableIn(environment, twin), .source = absl::StrCat("$", twin)};
}

bool ConnectionFlags::FlagOrTwin(const std::string& name, bool flag,
                                 const Environment& environment) {
  if (flag) return true;
  const Setting twin = FlagOrTwin(name, std::string(), environment);
  const std::string value = absl::AsciiStrToLower(twin.value);
  if (value == "1" || value == "true" || value == "yes" || value == "on") return true;
  if (value.empty() || value == "0" || value == "false" || value == "no" || value == "off") {
    return false;
  }
  throw UsageError(twin.source, absl::StrCat("\"", twin.value, "\" is neither true nor false"));
}

std::string ConnectionFlags::ConnectionOnlyFlag() const {
  const std::pair<const char*, bool> flags[] = {
      {"--server", !server_.empty()},
      {"--tls", tls_},
      {"--tls_ca", !tls_ca_.empty()},
      {"--tls_cert", !tls_cert_.empty()},
      {"--tls_key", !tls_key_.empty()},
      {"--tls_server_name", !tls_server_name_.empty()},
      {"--auth_token_file", !auth_token_file_.empty()},
      {"--allow_insecure", allow_insecure_},
  };
  for (const auto& [name, given] : flags) {
    if (given) return name;
  }
  return "";
}

ConnectionOptions ConnectionFlags::Parse(const Environment& environment) const {
  ConnectionOptions connection;
  const std::string contradicted = ConnectionOnlyFlag();
  if (local_ && !contradicted.empty()) {
    throw UsageError("--local", absl::StrCat("contradicts ", contradicted));
  }
  // A flag that names a server outdoes the variable that asks for none.
  connection.local = contradicted.empty() && FlagOrTwin("local", local_, environment);
  if (!connection.local && !models_.empty()) throw UsageError("--models", "needs --local");
  if (!connection.local && !local_workers_.empty()) {
    throw UsageError("--local_workers", "needs --local");
  }

  Setting server = FlagOrTwin("server", server_, environment);
  if (server.value.empty()) server.value = kDefaultServer;
  connection.servers = absl::StrSplit(server.value, ',');
  ParseAddresses(server.source, connection.servers);

  const Setting timeout = FlagOrTwin("timeout", timeout_, environment);
  if (!timeout.value.empty()) connection.timeout = ParseTime(timeout.source, timeout.value);
  const Setting connect_timeout = FlagOrTwin("connect_timeout", connect_timeout_, environment);
  if (!connect_timeout.value.empty()) {
    connection.connect_timeout = ParseTime(connect_timeout.source, connect_timeout.value);
  }
  if (connection.local) {
    connection.models = FlagOrTwin("models", models_, environment).value;
    connection.workers = ParseWorkers(environment);
  } else {
    connection.security = ParseSecurity(connection.servers, environment);
  }
  return connection;
}

int ConnectionFlags::ParseWorkers(const Environment& environment) const {
  const Setting workers = local_workers_.empty()
                              ? FlagOrTwin("workers", local_workers_, environment)
                              : Setting{.value = local_workers_, .source = "--local_workers"};
  int count = 0;
  if (!workers.value.empty() &&
      (!absl::SimpleAtoi(workers.value, &count) || count < 0 || count > kLocalWorkersMax)) {
    throw UsageError(workers.source, absl::StrCat("\"", workers.value, "\" lies not between 0 and ",
                                                  kLocalWorkersMax));
  }
  return count;
}

TransportSecurity ConnectionFlags::ParseSecurity(const std::vector<std::string>& servers,
                                                 const Environment& environment) const {
  const Setting ca = FlagOrTwin("tls_ca", tls_ca_, environment);
  const Setting certificate = FlagOrTwin("tls_cert", tls_cert_, environment);
  const Setting key = FlagOrTwin("tls_key", tls_key_, environment);
  const Setting server_name = FlagOrTwin("tls_server_name", tls_server_name_, environment);
  if (certificate.value.empty() != key.value.empty()) {
    throw UsageError(certificate.value.empty() ? key.source : certificate.source,
                     absl::StrCat("needs --", certificate.value.empty() ? "tls_cert" : "tls_key"));
  }
  const bool asked = FlagOrTwin("tls", tls_, environment) || !ca.value.empty() ||
                     !certificate.value.empty() || !server_name.value.empty();
  if (asked && allow_insecure_)
    throw UsageError("--allow_insecure", "contradicts the flags of TLS");
  const bool plain =
      FlagOrTwin("allow_insecure", allow_insecure_, environment) || FirstRemote(servers).empty();
  TransportSecurity security = {.tls = asked || !plain,
                                .ca_file = ca.value,
                                .certificate_file = certificate.value,
                                .key_file = key.value,
                                .server_name = server_name.value};
  if (security.tls) CheckServerName(security, asked, servers);

  Setting token = FlagOrTwin("auth_token_file", auth_token_file_, environment);
  security.token_file = token.value;
  if (token.value.empty()) {
    token = {.value = VariableIn(environment, kTokenVariable),
             .source = absl::StrCat("$", kTokenVariable)};
    security.token = token.value;
  }
  if (!token.value.empty() && !security.tls) {
    throw UsageError(token.source,
                     absl::StrCat("a token is sent over TLS only, and the connection to ",
                                  servers.front(), " is plain; use --tls or --tls_ca"));
  }
  return security;
}

}  // namespace hexapla
