// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_SERVER_H_
#define HEXAPLA_SERVER_OPS_SERVER_H_

#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "server/base/worker_pool.h"
#include "server/models/model_set.h"
#include "server/ops/auth_tokens.h"
#include "server/ops/call_watch.h"
#include "server/ops/connection_listener.h"
#include "server/ops/health.h"
#include "server/ops/metrics_endpoint.h"
#include "server/ops/options.h"
#include "server/ops/tls_credentials.h"
#include "server/service/alignment_service.h"
#include "server/service/embedding_service.h"
#include "server/service/language_service.h"
#include "server/service/model_service.h"
#include "server/service/stream_memory.h"

namespace hexapla {

// All services over one set of models, listening. It knows nothing of the
// process around it (signals, output, exit codes): that is main.cc's part, and
// so a client can hold one of its own, without a port.
//
// Example: Options options;
//          options.listen.clear();  // in this process only
//          auto server = Server::Create(options, models).value();
//          v1::AlignmentService::NewStub(server->InProcessChannel());
//
// Threads: const methods and ReplaceModels may be called concurrently.
class Server {
 public:
  // Serves when it returns: on every address of `options.listen`, and with none
  // through InProcessChannel only. `models` must not be null; options.models is
  // not read. `align` stands in for the engine in tests.
  // Errors: InvalidArgument for a malformed address, FailedPrecondition when
  // one is taken, with the system's reason, or for files of TLS or tokens that
  // do not fit; NotFound for those that cannot be read.
  static absl::StatusOr<std::unique_ptr<Server>> Create(const Options& options,
                                                        std::shared_ptr<const ModelSet> models,
                                                        AlignFunction align = AlignWithModels);

  // Drains with no grace.
  ~Server();

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where it listens, in the order of the options, with the real ports.
  const std::vector<std::string>& addresses() const { return listener_->addresses(); }

  // Addresses of names in the options that this machine does not have, with reasons.
  const std::vector<std::string>& left_out() const { return listener_->left_out(); }

  // Where it answers scrapers, with the real port; "" if it does not.
  std::string metrics_address() const { return metrics_ == nullptr ? "" : metrics_->address(); }

  // A channel that reaches the services without a socket. The server must
  // outlive it.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Calls that begin from now on use `models`, which must not be null.
  void ReplaceModels(std::shared_ptr<const ModelSet> models);

  // Read the files of the options again, for the handshakes and the calls that
  // begin from now on. On an error, as of Create, the old go on serving. Nothing
  // happens where the options name no files.
  absl::Status ReloadTls();
  absl::Status ReloadTokens();

  // Ends service without losing a call: tells the health checks, gives load
  // balancers a moment to look away, refuses new calls, and lets those under way
  // finish within `grace`, after which they are cancelled. Returns when all is
  // still; idempotent. Idle connections are told to close, too, and waited for:
  // gRPC's clients in C++ and Python look at theirs every 5 seconds only.
  void Drain(absl::Duration grace);

 private:
  Server(const Options& options, std::shared_ptr<const ModelSet> models, AlignFunction align);
  absl::Status Start(const Options& options);
  absl::Status LoadSecrets();
  absl::Status StartMetrics(const std::string& address);
  std::shared_ptr<grpc::ServerCredentials> NewCredentials();
  absl::Status StartListening(const Options& options);
  void AddServices(grpc::ServerBuilder& builder);

  const TlsFiles tls_files_;
  const std::string tokens_file_;
  CallWatch watch_;
  // Null without TLS, without tokens.
  std::shared_ptr<CurrentTls> tls_;
  std::shared_ptr<CurrentTokens> tokens_;

  CurrentModels models_;
  WorkerPool pool_;
  const std::shared_ptr<StreamMemory> stream_memory_;
  AlignmentService alignment_service_;
  LanguageService language_service_;
  EmbeddingService embedding_service_;
  ModelService model_service_;
  std::unique_ptr<ConnectionListener> listener_;
  // After pool, models and listener, which a scrape looks at. Null without.
  std::unique_ptr<MetricsEndpoint> metrics_;
  HealthService health_service_;
  // Asked for every handshake. Null without TLS.
  std::shared_ptr<TlsCredentials> credentials_;
  // After the services and the credentials, which it borrows.
  std::unique_ptr<grpc::Server> server_;
  bool drained_ = false;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_SERVER_H_
