// SPDX-License-Identifier: Apache-2.0
#include "server/ops/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/slice.h>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace hexapla {
namespace {

absl::string_view ViewOf(const grpc_slice& slice) {
  return {reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)};
}

// What needs no token, or asks for it by itself.
bool IsOpen(absl::string_view path) {
  return absl::StartsWith(path, "/hexapla.v1.") ||
         absl::StartsWith(path, "/grpc.health.v1.Health/") ||
         absl::StartsWith(path, "/grpc.reflection.");
}

using TokensHolder = std::shared_ptr<const CurrentTokens>;

void CheckToken(void* state, grpc_auth_context* /*context*/, const grpc_metadata* metadata,
                size_t size, grpc_process_auth_metadata_done_cb done, void* user_data) {
  absl::string_view path;
  absl::string_view authorization;
  for (size_t i = 0; i < size; ++i) {
    const absl::string_view key = ViewOf(metadata[i].key);
    if (key == ":path") path = ViewOf(metadata[i].value);
    if (key == "authorization") authorization = ViewOf(metadata[i].value);
  }
  const bool admitted =
      IsOpen(path) || (*static_cast<TokensHolder*>(state))->Get()->Admit(authorization);
  done(user_data, nullptr, 0, nullptr, 0, admitted ? GRPC_STATUS_OK : GRPC_STATUS_UNAUTHENTICATED,
       admitted ? nullptr : "the call carries no valid token");
}

void DestroyTokens(void* state) { delete static_cast<TokensHolder*>(state); }

}  // namespace

TlsCredentials::TlsCredentials(std::shared_ptr<const CurrentTls> tls,
                               const std::shared_ptr<const CurrentTokens>& tokens)
    : tls_(std::move(tls)),
      credentials_(grpc_ssl_server_credentials_create_with_options(
          grpc_ssl_server_credentials_create_options_using_config_fetcher(
              tls_->has_client_ca() ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                    : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
              &TlsCredentials::Fetch, this))) {
  if (tokens == nullptr) return;
  grpc_server_credentials_set_auth_metadata_processor(
      credentials_,
      {.process = CheckToken, .destroy = DestroyTokens, .state = new TokensHolder(tokens)});
}

TlsCredentials::~TlsCredentials() { grpc_server_credentials_release(credentials_); }

grpc_ssl_certificate_config_reload_status TlsCredentials::Fetch(
    void* self, grpc_ssl_server_certificate_config** config) {
  auto* const credentials = static_cast<TlsCredentials*>(self);
  TlsMaterial material;
  {
    MutexLock lock(credentials->mutex_);
    if (!credentials->tls_->GetIfNewer(credentials->version_, material)) {
      return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    }
  }
  const grpc_ssl_pem_key_cert_pair pair = {.private_key = material.key_pem.c_str(),
                                           .cert_chain = material.certificate_pem.c_str()};
  // gRPC insists on roots, although it uses them only to check clients.
  const std::string& roots =
      material.client_ca_pem.empty() ? material.certificate_pem : material.client_ca_pem;
  *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

int TlsCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  return grpc_server_add_http2_port(server, address.c_str(), credentials_);
}

}  // namespace hexapla
