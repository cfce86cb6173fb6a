// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_LOCAL_SERVICE_H_
#define HEXAPLA_CLIENT_LOCAL_SERVICE_H_

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "server/ops/server.h"

namespace hexapla {

// The server's own services inside this process, for --local: no port, no other
// process, the same code.
class LocalService {
 public:
  // Loads the models of a directory; "" means the one that belongs to this
  // program. `workers` threads compute; 0: one per processor. Errors: as
  // ModelSet::Load and Server::Create.
  static absl::StatusOr<std::unique_ptr<LocalService>> Create(const std::string& models,
                                                              int workers);

  // Borrows from this object.
  std::shared_ptr<grpc::Channel> Channel() { return server_->InProcessChannel(); }

 private:
  explicit LocalService(std::unique_ptr<Server> server) : server_(std::move(server)) {}

  const std::unique_ptr<Server> server_;
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_LOCAL_SERVICE_H_
