// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_SHA256_H_
#define HEXAPLA_CLIENT_SHA256_H_

#include <openssl/sha.h>

#include <string>

#include "absl/strings/string_view.h"

namespace hexapla {

// SHA-256 as its 32 bytes.
inline std::string Sha256(absl::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_SHA256_H_
