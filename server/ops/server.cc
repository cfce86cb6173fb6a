// SPDX-License-Identifier: Apache-2.0
#include "server/ops/server.h"

#include <grpc/support/time.h>
#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/security/server_credentials.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "server/base/status_macros.h"
#include "server/ops/listen_address.h"
#include "server/ops/server_metrics.h"

namespace hexapla {
namespace {

using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

// What cheap calls keep to themselves of --max_queue_cost: sixteen batches of
// the 1 MiB that the default leaves each.
constexpr int64_t kCheapShare = 16;

// How long a drain lets health checks be seen before it refuses connections.
constexpr absl::Duration kDrainPause = absl::Milliseconds(200);

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void LimitConnections(const ConnectionLimits& limits, grpc::ServerBuilder& builder) {
  const std::pair<const char*, int> kArguments[] = {
      {GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.streams_max},
      {GRPC_ARG_MAX_METADATA_SIZE, limits.metadata_bytes_max},
      {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Milliseconds(limits.handshake_max)},
      {GRPC_ARG_MAX_CONNECTION_IDLE_MS, Milliseconds(limits.idle_max)},
      {GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(limits.age_max)},
      {GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Milliseconds(limits.grace_max)},
      {GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(limits.keepalive_time)},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(limits.keepalive_timeout)},
      // Else a peer that vanished without a call would keep its place.
      {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
       Milliseconds(limits.ping_interval_min)},
  };
  for (const auto& [name, value] : kArguments) builder.AddChannelArgument(name, value);
}

void Configure(const Options& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(options.message_bytes_max);
  // Else many large messages whose ends never come would fill the memory.
  builder.SetResourceQuota(
      grpc::ResourceQuota("hexaplad").Resize(static_cast<size_t>(options.transport_bytes_max)));
  LimitConnections(options.connection, builder);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, options.channelz ? 1 : 0);
  // Only reflection and channelz use the synchronous API; one queue is enough.
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
      stream_memory_(std::make_shared<StreamMemory>(options.limits.streams_bytes_max,
                                                    options.limits.streams_max)),
      alignment_service_(models_, pool_, options.limits, std::move(align), watch_, stream_memory_),
      language_service_(models_, pool_, options.limits, watch_, stream_memory_),
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
  credentials_ = std::make_shared<TlsCredentials>(tls_, tokens_);
  return credentials_;
}

absl::Status Server::StartMetrics(const std::string& address) {
  if (address.empty()) return absl::OkStatus();
  const auto calls = std::make_shared<CallMetrics>();
  watch_.CountIn(calls);
  HEXAPLA_ASSIGN_OR_RETURN(
      metrics_,
      MetricsEndpoint::Create(
          address, {calls->collectable(), std::make_shared<ServerMetrics>(
                                              pool_, *stream_memory_, models_, *listener_, tls_)}));
  return absl::OkStatus();
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
  HEXAPLA_RETURN_IF_ERROR(StartListening(options));
  // Must precede the builder: these are plug-ins of all builders from here on.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  if (options.channelz) grpc::channelz::experimental::InitChannelzService();
  HEXAPLA_RETURN_IF_ERROR(StartMetrics(options.metrics));
  grpc::ServerBuilder builder;
  Configure(options, builder);
  AddServices(builder);
  std::unique_ptr<Acceptor> acceptor;
  if (!options.listen.empty()) {
    acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, NewCredentials());
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return absl::InternalError("gRPC could not start");
  listener_->Start([acceptor = std::move(acceptor)](int listener, int connection) {
    Acceptor::NewConnectionParameters parameters;
    parameters.listener_fd = listener;
    parameters.fd = connection;
    acceptor->HandleNewConnection(&parameters);
  });
  return absl::OkStatus();
}

absl::Status Server::StartListening(const Options& options) {
  std::vector<ListenAddress> addresses;
  for (const std::string& text : options.listen) {
    HEXAPLA_ASSIGN_OR_RETURN(const ListenAddress address, ListenAddress::Parse(text));
    addresses.push_back(address);
  }
  HEXAPLA_ASSIGN_OR_RETURN(
      listener_, ConnectionListener::Create(
                     addresses, {.connections_max = options.connection.connections_max,
                                 .unacknowledged_max = options.connection.keepalive_timeout}));
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
    const gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_nanos(absl::ToInt64Nanoseconds(grace), GPR_TIMESPAN));
    absl::SleepFor(std::min(grace, kDrainPause));
    alignment_service_.Drain();
    language_service_.Drain();
    listener_->Stop();
    server_->Shutdown(deadline);
    server_->Wait();
  }
  pool_.Shutdown();
}

}  // namespace hexapla
