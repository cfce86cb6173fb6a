// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_METRICS_ENDPOINT_H_
#define HEXAPLA_SERVER_OPS_METRICS_ENDPOINT_H_

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace hexapla {

// Answers GET /metrics in Prometheus' text format. Two threads of its own and a
// short time for each request bound what scrapers can take.
class MetricsEndpoint {
 public:
  // Listens on HOST:PORT or [IPv6]:PORT; port 0 means any. Errors:
  // InvalidArgument for a malformed address, FailedPrecondition when it is taken.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Create(
      const std::string& address, std::vector<std::shared_ptr<prometheus::Collectable>> sources);

  // With the real port.
  const std::string& address() const { return address_; }

 private:
  MetricsEndpoint() = default;

  std::vector<std::shared_ptr<prometheus::Collectable>> sources_;
  std::string address_;
  // After the sources: it stops first.
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_METRICS_ENDPOINT_H_
