// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_HEALTH_H_
#define HEXAPLA_SERVER_OPS_HEALTH_H_

#include <grpc/health/v1/health.grpc.pb.h>

#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"

#include "server/base/mutex.h"

namespace hexapla {

// grpc.health.v1.Health. gRPC has one of its own, whose Watch streams never end
// and so hold a drain up for its whole grace; this one finishes them.
//
// Check answers NOT_FOUND for a service it does not know; Watch sends
// SERVICE_UNKNOWN and waits, as the protocol wants it. Names of over 256 bytes are
// INVALID_ARGUMENT, and more than `watchers_max` at a time RESOURCE_EXHAUSTED.
//
// Lifetime: outlives the gRPC server that it is registered with.
// Threads: every method may be called concurrently.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  explicit HealthService(size_t watchers_max = 10000) : watchers_max_(watchers_max) {}

  // Whether `service` serves; "" is the server as a whole. Ignored after Drain.
  void SetServing(const std::string& service, bool serving);

  // Every service becomes NOT_SERVING for good; each Watch stream is told and
  // finished with UNAVAILABLE, and so is every later one.
  void Drain();

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;
  class Watcher;
  class Refusal;

  // SERVICE_UNKNOWN for a name that was never set.
  ServingStatus StatusOf(const std::string& service) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void UpdateWatchers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t watchers_max_;

  Mutex mutex_;
  std::map<std::string, ServingStatus> statuses_ ABSL_GUARDED_BY(mutex_);
  std::set<Watcher*> watchers_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_HEALTH_H_
