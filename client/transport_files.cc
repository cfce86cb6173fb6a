// SPDX-License-Identifier: Apache-2.0
#include "client/transport_files.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

// Far above any certificate, key or token.
constexpr size_t kFileBytesMax = 1 << 20;

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Source = std::unique_ptr<BIO, decltype(&BIO_free)>;

absl::Status Error(absl::string_view flag, const std::string& file, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", file, ": ", problem));
}

absl::StatusOr<std::string> ReadFile(absl::string_view flag, const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::is_directory(name, ignored)) return Error(flag, name, "is a directory");
  errno = 0;
  std::ifstream file(name, std::ios::binary);
  if (!file) return Error(flag, name, absl::StrCat("cannot be read: ", std::strerror(errno)));
  std::string content(kFileBytesMax + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.size() > kFileBytesMax) {
    return Error(flag, name, absl::StrCat("is longer than the limit of ", kFileBytesMax, " bytes"));
  }
  return content;
}

Source Open(const std::string& content) {
  return Source(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())), &BIO_free);
}

// The first certificate of a PEM file; null if there is none.
Certificate ParseCertificate(const std::string& content) {
  return Certificate(PEM_read_bio_X509(Open(content).get(), nullptr, nullptr, nullptr), &X509_free);
}

// Never asks at the terminal for the password of a key that has one.
int NoPassword(char*, int, int, void*) { return 0; }

Key ParseKey(const std::string& content) {
  return Key(PEM_read_bio_PrivateKey(Open(content).get(), nullptr, NoPassword, nullptr),
             &EVP_PKEY_free);
}

absl::StatusOr<std::string> ReadCertificate(absl::string_view flag, const std::string& name) {
  HEXAPLA_ASSIGN_OR_RETURN(std::string content, ReadFile(flag, name));
  if (ParseCertificate(content) == nullptr) return Error(flag, name, "holds no PEM certificate");
  return content;
}

absl::Status ReadKeyPair(const TransportSecurity& security, TransportSecrets& secrets) {
  HEXAPLA_ASSIGN_OR_RETURN(secrets.certificate,
                           ReadCertificate("--tls_cert", security.certificate_file));
  HEXAPLA_ASSIGN_OR_RETURN(secrets.key, ReadFile("--tls_key", security.key_file));
  const Key key = ParseKey(secrets.key);
  if (key == nullptr) {
    return Error("--tls_key", security.key_file, "holds no PEM key without a password");
  }
  if (X509_check_private_key(ParseCertificate(secrets.certificate).get(), key.get()) != 1) {
    return Error("--tls_key", security.key_file,
                 absl::StrCat("is not the key of ", security.certificate_file));
  }
  return absl::OkStatus();
}

absl::Status CheckToken(const std::string& source, const std::string& token) {
  if (!token.empty() && std::all_of(token.begin(), token.end(), absl::ascii_isgraph)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(source, ": expected one token of printable ASCII characters"));
}

absl::StatusOr<std::string> ReadToken(const TransportSecurity& security) {
  if (security.token_file.empty() && security.token.empty()) return std::string();
  std::string source = "$HEXAPLA_AUTH_TOKEN";
  std::string token = security.token;
  if (!security.token_file.empty()) {
    source = absl::StrCat("--auth_token_file: ", security.token_file);
    HEXAPLA_ASSIGN_OR_RETURN(token, ReadFile("--auth_token_file", security.token_file));
    absl::StripAsciiWhitespace(&token);
  }
  HEXAPLA_RETURN_IF_ERROR(CheckToken(source, token));
  return token;
}

}  // namespace

absl::StatusOr<TransportSecrets> ReadTransportFiles(const TransportSecurity& security) {
  TransportSecrets secrets;
  if (!security.ca_file.empty()) {
    HEXAPLA_ASSIGN_OR_RETURN(secrets.authorities, ReadCertificate("--tls_ca", security.ca_file));
  }
  if (!security.certificate_file.empty()) {
    HEXAPLA_RETURN_IF_ERROR(ReadKeyPair(security, secrets));
  }
  HEXAPLA_ASSIGN_OR_RETURN(secrets.token, ReadToken(security));
  return secrets;
}

}  // namespace hexapla
