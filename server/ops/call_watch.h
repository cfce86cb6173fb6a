// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_CALL_WATCH_H_
#define HEXAPLA_SERVER_OPS_CALL_WATCH_H_

#include <memory>

#include "absl/status/status.h"

#include "server/ops/auth_tokens.h"
#include "server/service/call_monitor.h"

namespace hexapla {

// What operations does with every call of our services: asks for its token.
//
// gRPC's interceptors would see the calls of all services, but cost each one
// several more trips through its core.
//
// Threads: as CallMonitor, once the tokens are set.
class CallWatch final : public CallMonitor {
 public:
  // Before the first call. Without, none needs a token.
  void RequireTokens(std::shared_ptr<const CurrentTokens> tokens) { tokens_ = std::move(tokens); }

  absl::Status Admit(const grpc::CallbackServerContext& context) override;

 private:
  std::shared_ptr<const CurrentTokens> tokens_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_CALL_WATCH_H_
