// SPDX-License-Identifier: Apache-2.0
//
// The yardstick of the load tests: a server whose one call gives back what it
// gets, inline on gRPC's callback threads, with the same gRPC set-up as hexaplad.
// What it costs, a call costs; the rest is ours.
//
// Usage: echo_server --listen=ADDRESS, as hexaplad takes it. Prints "listening on
// ADDRESS" once it serves; SIGTERM ends it.
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

#include "server/base/abseil_mutexes.h"
#include "server/ops/listen_address.h"
#include "server/ops/options.h"
#include "tests/load/echo.grpc.pb.h"
#include "tests/load/echo_text.h"

namespace hexapla::load {
namespace {

constexpr int kReplyBytesMax = 64 << 20;

class EchoServiceImpl final : public EchoService::CallbackService {
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const EchoRequest* request,
                                 EchoResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (request->payload().empty() || request->reply_bytes() < 0 ||
        request->reply_bytes() > kReplyBytesMax) {
      reactor->Finish({grpc::StatusCode::INVALID_ARGUMENT, "no payload, or a size out of range"});
      return reactor;
    }
    SetEcho(request->payload(), static_cast<size_t>(request->reply_bytes()),
            *response->mutable_payload());
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// As server/ops/server.cc has it.
void Configure(grpc::ServerBuilder& builder) {
  const Options options;
  const ConnectionLimits& limits = options.connection;
  const auto milliseconds = [](absl::Duration duration) {
    return static_cast<int>(absl::ToInt64Milliseconds(duration));
  };
  builder.SetMaxReceiveMessageSize(options.message_bytes_max);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.streams_max);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits.metadata_bytes_max);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, milliseconds(limits.idle_max));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, milliseconds(limits.age_max));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, milliseconds(limits.grace_max));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(limits.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds(limits.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             milliseconds(limits.ping_interval_min));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, options.channelz ? 1 : 0);
}

int Fail(absl::string_view why) {
  std::fprintf(stderr, "echo_server: %s\n", std::string(why).c_str());
  return 1;
}

int Main(int argc, char** argv) {
  StopLookingForDeadlocks();
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  absl::string_view listen = argc == 2 ? argv[1] : "";
  if (!absl::ConsumePrefix(&listen, "--listen=")) {
    return Fail("usage: echo_server --listen=ADDRESS"), 2;
  }
  const absl::StatusOr<ListenAddress> address = ListenAddress::Parse(listen);
  if (!address.ok()) return Fail(address.status().message()), 2;

  EchoServiceImpl service;
  grpc::ServerBuilder builder;
  Configure(builder);
  builder.RegisterService(&service);
  int port = 0;
  builder.AddListeningPort(address->ToString(), grpc::InsecureServerCredentials(), &port);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return Fail(absl::StrCat("cannot listen on ", listen));
  std::printf("listening on %s\n", address->WithPort(port).c_str());
  std::fflush(stdout);
  sigwaitinfo(&signals, nullptr);
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

}  // namespace
}  // namespace hexapla::load

int main(int argc, char** argv) { return hexapla::load::Main(argc, argv); }
