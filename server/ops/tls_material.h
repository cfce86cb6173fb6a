// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_TLS_MATERIAL_H_
#define HEXAPLA_SERVER_OPS_TLS_MATERIAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace hexapla {

// Where a server's identity lies, as the flags name it. All empty: no TLS.
struct TlsFiles {
  // --tls_cert: the certificate and its chain, leaf first, PEM.
  std::string certificate = {};
  // --tls_key: the leaf's private key, PEM, without a passphrase.
  std::string key = {};
  // --tls_client_ca: who may sign clients' certificates, PEM. Empty: clients
  // need none.
  std::string client_ca = {};
};

// What of these files a handshake needs, known to fit together.
struct TlsMaterial {
  std::string certificate_pem = {};
  std::string key_pem = {};
  // Empty when clients need no certificate.
  std::string client_ca_pem = {};
  // From when to when the leaf is valid.
  absl::Time not_before = absl::InfinitePast();
  absl::Time not_after = {};
};

// Reads the files and makes sure that a handshake would take them: everything
// parses, the key is the leaf's, and the leaf is valid now. Errors: NotFound
// or FailedPrecondition, naming the file and never anything of its contents.
absl::StatusOr<TlsMaterial> ReadTlsMaterial(const TlsFiles& files);

// Of such an error: when the leaf begins to be valid, if that alone was wrong with
// the leaf's dates; InfiniteFuture otherwise.
absl::Time ValidFrom(const absl::Status& error);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_TLS_MATERIAL_H_
