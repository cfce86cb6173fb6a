// SPDX-License-Identifier: Apache-2.0
#include "server/ops/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/security/server_credentials.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "server/base/status_macros.h"
#include "server/ops/listen_address.h"

namespace hexapla {
namespace {

// What cheap calls keep to themselves of --max_queue_cost: sixteen batches of
// the 1 MiB that the default leaves each.
constexpr int64_t kCheapShare = 16;

// How long a drain lets health checks be seen before it refuses connections.
constexpr absl::Duration kDrainPause = absl::Milliseconds(200);

// Streams of one connection at once; more wait on the client's side.
constexpr int kStreamsMax = 1000;

// Connections are asked to reconnect now and then: a client that keeps one for
// ever never sees the replicas that came later.
constexpr absl::Duration kConnectionAge = absl::Minutes(30);
constexpr absl::Duration kConnectionAgeGrace = absl::Minutes(10);

// A peer that vanished is noticed within the sum of the two; clients may ask in
// turn as often as the third says.
constexpr absl::Duration kKeepaliveTime = absl::Seconds(30);
constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(10);
constexpr absl::Duration kClientPingInterval = absl::Seconds(10);

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void Configure(const Options& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.message_bytes_max);
  // With SO_REUSEPORT a second server would share the port in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(kConnectionAge));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             Milliseconds(kConnectionAgeGrace));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(kKeepaliveTime));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(kKeepaliveTimeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             Milliseconds(kClientPingInterval));
  // Only reflection uses the synchronous API; it needs no more than one queue.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(const Options& options,
                                                       std::shared_ptr<const ModelSet> models,
                                                       AlignFunction align) {
  std::unique_ptr<Server> server(new Server(options, std::move(models), std::move(align)));
  HEXAPLA_RETURN_IF_ERROR(server->Start(options));
  return server;
}

Server::Server(const Options& options, std::shared_ptr<const ModelSet> models, AlignFunction align)
    : tls_files_(options.tls),
      tokens_file_(options.auth_tokens),
      models_(std::move(models)),
      pool_({.workers = options.workers,
             .cost_max = options.queue_cost_max,
             .cheap_cost_reserve = options.queue_cost_max / kCheapShare}),
      alignment_service_(models_, pool_, options.limits, std::move(align), watch_),
      language_service_(models_, pool_, options.limits, watch_),
      embedding_service_(models_, pool_, options.limits, watch_),
      model_service_(models_, watch_) {}

Server::~Server() { Drain(absl::ZeroDuration()); }

absl::Status Server::LoadSecrets() {
  if (!tls_files_.certificate.empty()) {
    HEXAPLA_ASSIGN_OR_RETURN(TlsMaterial material, ReadTlsMaterial(tls_files_));
    tls_ = std::make_shared<CurrentTls>(std::move(material));
  }
  if (!tokens_file_.empty()) {
    HEXAPLA_ASSIGN_OR_RETURN(AuthTokens tokens, AuthTokens::Read(tokens_file_));
    tokens_ = std::make_shared<CurrentTokens>(std::move(tokens));
    watch_.RequireTokens(tokens_);
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ServerCredentials> Server::NewCredentials() {
  if (tls_ == nullptr) return grpc::InsecureServerCredentials();
  return credentials_.emplace_back(std::make_shared<TlsCredentials>(tls_, tokens_));
}

absl::Status Server::ReloadTls() {
  if (tls_ == nullptr) return absl::OkStatus();
  HEXAPLA_ASSIGN_OR_RETURN(TlsMaterial material, ReadTlsMaterial(tls_files_));
  tls_->Replace(std::move(material));
  return absl::OkStatus();
}

absl::Status Server::ReloadTokens() {
  if (tokens_ == nullptr) return absl::OkStatus();
  HEXAPLA_ASSIGN_OR_RETURN(AuthTokens tokens, AuthTokens::Read(tokens_file_));
  tokens_->Replace(std::move(tokens));
  return absl::OkStatus();
}

absl::Status Server::Start(const Options& options) {
  HEXAPLA_RETURN_IF_ERROR(LoadSecrets());
  std::vector<ListenAddress> addresses;
  for (const std::string& text : options.listen) {
    HEXAPLA_ASSIGN_OR_RETURN(const ListenAddress address, ListenAddress::Parse(text));
    HEXAPLA_RETURN_IF_ERROR(address.CheckFree());
    addresses.push_back(address);
  }
  // Must precede the builder: it is a plug-in of all builders from here on.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  Configure(options, builder);
  AddServices(builder);
  std::vector<int> ports(addresses.size(), 0);
  for (size_t i = 0; i < addresses.size(); ++i) {
    builder.AddListeningPort(addresses[i].ToString(), NewCredentials(), &ports[i]);
  }
  server_ = builder.BuildAndStart();
  for (size_t i = 0; i < addresses.size(); ++i) {
    if (server_ == nullptr && ports[i] == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot listen on ", addresses[i].ToString()));
    }
    addresses_.push_back(addresses[i].WithPort(ports[i]));
  }
  if (server_ == nullptr) return absl::InternalError("gRPC could not start");
  return absl::OkStatus();
}

void Server::AddServices(grpc::ServerBuilder& builder) {
  builder.RegisterService(&alignment_service_);
  builder.RegisterService(&language_service_);
  builder.RegisterService(&embedding_service_);
  builder.RegisterService(&model_service_);
  builder.RegisterService(&health_service_);
  for (const char* name :
       {"", v1::AlignmentService::service_full_name(), v1::LanguageService::service_full_name(),
        v1::EmbeddingService::service_full_name(), v1::ModelService::service_full_name()}) {
    health_service_.SetServing(name, true);
  }
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  grpc::ChannelArguments arguments;
  // A client's own default, 4 MiB, is there to protect it from strangers.
  arguments.SetMaxReceiveMessageSize(-1);
  return server_->InProcessChannel(arguments);
}

void Server::ReplaceModels(std::shared_ptr<const ModelSet> models) {
  models_.Replace(std::move(models));
}

void Server::Drain(absl::Duration grace) {
  if (std::exchange(drained_, true)) return;
  health_service_.Drain();
  if (server_ != nullptr) {
    const absl::Time deadline = absl::Now() + grace;
    absl::SleepFor(std::min(grace, kDrainPause));
    alignment_service_.Drain();
    language_service_.Drain();
    server_->Shutdown(absl::ToChronoTime(deadline));
    server_->Wait();
  }
  pool_.Shutdown();
}

}  // namespace hexapla
