// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_TRANSPORT_FILES_H_
#define HEXAPLA_CLIENT_TRANSPORT_FILES_H_

#include <string>

#include "absl/status/statusor.h"

#include "client/connection_options.h"

namespace hexapla {

// What the files of a TransportSecurity hold, ready for gRPC. All PEM.
struct TransportSecrets {
  std::string authorities;  // "": the system's
  std::string certificate;  // "": none; then there is no key
  std::string key;
  std::string token;  // "": none
};

// Reads and checks the files, since gRPC itself only fails to connect and does not
// say why. Errors name the flag and the file, never what it holds:
// InvalidArgument for a file that cannot be read, is no PEM, for a key that is not
// the certificate's, and for a token that is not one line of printable ASCII.
absl::StatusOr<TransportSecrets> ReadTransportFiles(const TransportSecurity& security);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_TRANSPORT_FILES_H_
