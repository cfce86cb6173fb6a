// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_OPTIONS_H_
#define HEXAPLA_SERVER_OPS_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"

#include "server/ops/tls_material.h"
#include "server/service/service_limits.h"

namespace hexapla {

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

  // --max_document_bytes, --max_sentence_bytes, --max_sentences,
  // --max_batch_items, --max_text_bytes, --max_match_documents,
  // --max_match_bytes.
  ServiceLimits limits;
  // --max_message_bytes: of one request message with all that it holds,
  // whatever `limits` say; gRPC refuses longer ones.
  int message_bytes_max = 16 << 20;
  // --max_queue_cost: bytes of the requests admitted and not yet answered.
  int64_t queue_cost_max = int64_t{256} << 20;

  // --workers: threads that compute; 0: one per core.
  int workers = 0;
  // --drain_grace: how long calls under way may go on after SIGTERM.
  absl::Duration drain_grace = absl::Seconds(10);
};

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
