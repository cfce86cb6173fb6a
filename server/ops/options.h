// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_OPTIONS_H_
#define HEXAPLA_SERVER_OPS_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"

#include "server/ops/log.h"
#include "server/ops/tls_material.h"
#include "server/service/service_limits.h"

namespace hexapla {

// What connections may do. gRPC keeps all but the first.
struct ConnectionLimits {
  // --max_connections: at a time; further ones are closed at once.
  int connections_max = 4096;
  // --max_connection_streams: calls at a time; more wait on the client's side.
  int streams_max = 1000;
  // --max_metadata_bytes: of the headers of a call.
  int metadata_bytes_max = 16 << 10;
  // --max_handshake_time: until it speaks HTTP/2, TLS included.
  absl::Duration handshake_max = absl::Seconds(20);
  // --max_connection_idle: without a call.
  absl::Duration idle_max = absl::Minutes(15);
  // --max_connection_age, --max_connection_grace: clients are asked to reconnect
  // now and then, for one that keeps its connection for ever never sees the
  // replicas that came later; calls under way may go on for the grace.
  absl::Duration age_max = absl::Minutes(30);
  absl::Duration grace_max = absl::Minutes(10);
  // --keepalive_time, --keepalive_timeout: a peer that vanished is noticed within
  // the sum of the two.
  absl::Duration keepalive_time = absl::Seconds(30);
  absl::Duration keepalive_timeout = absl::Seconds(10);
  // --min_ping_interval: clients that ask more often are sent away.
  absl::Duration ping_interval_min = absl::Seconds(10);
};

// What hexaplad's flags say. Each flag --name has an environment twin
// HEXAPLA_NAME and a line name=value in the file of --config; the flag wins over
// the environment, and that over the file.
struct Options {
  // --listen, repeatable: where to serve, as ListenAddress reads it.
  std::vector<std::string> listen = {"127.0.0.1:50051"};
  // --allow_insecure: whether an unencrypted listener may be reachable from
  // other machines.
  bool allow_insecure = false;
  // --tls_cert, --tls_key, --tls_client_ca: all listeners speak TLS, those of
  // Unix sockets too.
  TlsFiles tls;
  // --auth_tokens: the file of the tokens, one of which every call needs. Empty:
  // none is needed. Only with TLS.
  std::string auth_tokens;
  // --models: the directory of the manifest. Empty: FindModelDirectory().
  std::string models;

  // --metrics: where to answer scrapers, HOST:PORT. Empty: nowhere.
  std::string metrics;
  // --log_level: the least that is logged.
  LogLevel log_level = LogLevel::kInfo;
  // --channelz: whether gRPC's own view of its connections is served.
  bool channelz = false;

  // Each field X_max has the flag --max_X.
  ServiceLimits limits;
  ConnectionLimits connection;
  // --max_message_bytes: of one request message with all that it holds,
  // whatever `limits` say; gRPC refuses longer ones.
  int message_bytes_max = 16 << 20;
  // --max_transport_bytes: of messages that are not complete yet, and gRPC's
  // buffers; beyond it gRPC ends calls.
  int64_t transport_bytes_max = int64_t{1} << 30;
  // --max_queue_cost: bytes of the requests admitted and not yet answered.
  int64_t queue_cost_max = int64_t{256} << 20;

  // --workers: threads that compute; 0: one per core.
  int workers = 0;
  // --drain_grace: how long calls under way may go on after SIGTERM.
  absl::Duration drain_grace = absl::Seconds(10);

  // All flags that were set, wherever, with their values: name without dashes.
  std::map<std::string, std::string> given;
};

// A flag as --help has it: "max_sentences", "10000". The default of a switch is
// "off", one without a default is "".
struct FlagDescription {
  std::string name;
  std::string default_value;
};
std::vector<FlagDescription> DescribeFlags();

// The program should end at once: help, the version, or a usage error.
struct CommandLineExit {
  int code = 0;
  // For standard output and standard error; whole lines.
  std::string out;
  std::string err;
};

// Reads the command line, the environment and the file of --config. A code of 2
// comes with one line that names the flag.
std::variant<Options, CommandLineExit> ParseOptions(int argc, const char* const* argv);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_OPTIONS_H_
