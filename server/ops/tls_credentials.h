// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_TLS_CREDENTIALS_H_
#define HEXAPLA_SERVER_OPS_TLS_CREDENTIALS_H_

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"

#include "server/base/mutex.h"
#include "server/ops/auth_tokens.h"
#include "server/ops/tls_material.h"

namespace hexapla {

// The identity that handshakes use from now on. Handshakes and connections that
// have begun keep theirs.
//
// Threads: every method may be called concurrently.
class CurrentTls {
 public:
  explicit CurrentTls(TlsMaterial material) : material_(std::move(material)) {}

  void Replace(TlsMaterial material) {
    MutexLock lock(mutex_);
    material_ = std::move(material);
    ++version_;
  }

  // Whether it is newer than `version`, which then becomes this one's; only then
  // `material` is set. Versions begin with 1.
  bool GetIfNewer(uint64_t& version, TlsMaterial& material) const {
    MutexLock lock(mutex_);
    if (version == version_) return false;
    version = version_;
    material = material_;
    return true;
  }

  bool has_client_ca() const {
    MutexLock lock(mutex_);
    return !material_.client_ca_pem.empty();
  }
  absl::Time not_after() const {
    MutexLock lock(mutex_);
    return material_.not_after;
  }

 private:
  mutable Mutex mutex_;
  TlsMaterial material_ ABSL_GUARDED_BY(mutex_);
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 1;
};

// Credentials of one listening port that ask `tls` before each handshake. gRPC's
// own C++ credentials either never change or read files without a look whether
// certificate and key belong together; its C core can do this.
//
// Lifetime: outlives the gRPC server, which does not keep it.
//
// With `tokens`, what is neither one of our services nor a health check nor
// reflection needs a valid token here: channelz, unknown methods. Our services
// ask for theirs themselves, so that their error says more than gRPC's can.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  // Clients need a certificate if `tls` has a client CA now. `tokens` may be null.
  TlsCredentials(std::shared_ptr<const CurrentTls> tls,
                 const std::shared_ptr<const CurrentTokens>& tokens);
  ~TlsCredentials() override;

  // gRPC calls it for its own callers only.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config);
  int AddPortToServer(const std::string& address, grpc_server* server) override;

  const std::shared_ptr<const CurrentTls> tls_;
  Mutex mutex_;
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc_server_credentials* credentials_ = nullptr;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_TLS_CREDENTIALS_H_
