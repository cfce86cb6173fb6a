// SPDX-License-Identifier: Apache-2.0
#include "server/ops/metrics_endpoint.h"

#include <exception>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/ops/listen_address.h"

namespace hexapla {
namespace {

constexpr char kLocalhost[] = "localhost:";

// The web server takes addresses, no names.
std::string WithoutName(const std::string& address) {
  if (!absl::StartsWith(address, kLocalhost)) return address;
  return absl::StrCat("127.0.0.1:", address.substr(sizeof(kLocalhost) - 1));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Create(
    const std::string& address, std::vector<std::shared_ptr<prometheus::Collectable>> sources) {
  HEXAPLA_ASSIGN_OR_RETURN(const ListenAddress parsed, ListenAddress::Parse(WithoutName(address)));
  HEXAPLA_RETURN_IF_ERROR(parsed.CheckFree());
  auto endpoint = absl::WrapUnique(new MetricsEndpoint);
  endpoint->sources_ = std::move(sources);
  try {
    endpoint->exposer_ = std::make_unique<prometheus::Exposer>(std::vector<std::string>{
        "listening_ports", parsed.ToString(), "num_threads", "2", "request_timeout_ms", "5000",
        "keep_alive_timeout_ms", "5000", "connection_queue", "16", "listen_backlog", "16"});
  } catch (const std::exception&) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on ", parsed.ToString(), " for metrics"));
  }
  for (const auto& source : endpoint->sources_) endpoint->exposer_->RegisterCollectable(source);
  endpoint->address_ = parsed.WithPort(endpoint->exposer_->GetListeningPorts().front());
  return endpoint;
}

}  // namespace hexapla
