// SPDX-License-Identifier: Apache-2.0
#include "server/ops/tls_material.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "server/base/status_macros.h"
#include "server/ops/secret_file.h"

namespace hexapla {
namespace {

constexpr size_t kFileBytesMax = size_t{1} << 20;
// The payload of an error, in seconds since 1970.
constexpr char kValidFrom[] = "hexapla/valid_from";

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

absl::Status Bad(const std::string& path, absl::string_view complaint) {
  // Nothing of it is told: it may quote what it could not read.
  ERR_clear_error();
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", complaint));
}

Bio Reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// All certificates of the file; at least one.
absl::StatusOr<std::vector<Certificate>> ParseCertificates(const std::string& path,
                                                           const std::string& pem) {
  const Bio reader = Reader(pem);
  std::vector<Certificate> certificates;
  while (X509* certificate = PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  // The end of a file reads as a block without a start.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (certificates.empty() || !at_end) return Bad(path, "is not a PEM certificate");
  ERR_clear_error();
  return certificates;
}

// Instead of the terminal, which OpenSSL would ask.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

absl::StatusOr<Key> ParseKey(const std::string& path, const std::string& pem) {
  Key key(PEM_read_bio_PrivateKey(Reader(pem).get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Bad(path, "is not a PEM private key without a passphrase");
  return key;
}

// `otherwise` for a time that cannot be read.
absl::Time TimeOf(const ASN1_TIME* text, absl::Time otherwise) {
  std::tm time = {};
  if (ASN1_TIME_to_tm(text, &time) != 1) return otherwise;
  return absl::FromTM(time, absl::UTCTimeZone());
}

// OK while `now` is within its dates.
absl::Status CheckDates(const std::string& path, const TlsMaterial& material, absl::Time now) {
  if (material.not_after <= now) {
    return Bad(path, absl::StrCat("expired at ", absl::FormatTime(material.not_after)));
  }
  if (material.not_before <= now) return absl::OkStatus();
  absl::Status status =
      Bad(path, absl::StrCat("is not valid before ", absl::FormatTime(material.not_before)));
  status.SetPayload(kValidFrom, absl::Cord(absl::StrCat(absl::ToUnixSeconds(material.not_before))));
  return status;
}

// What a handshake would do with them, its demands on keys included.
absl::Status CheckPair(const TlsFiles& files, X509& leaf, EVP_PKEY& key) {
  const Context context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr || SSL_CTX_use_certificate(context.get(), &leaf) != 1) {
    return Bad(files.certificate, "is a certificate that TLS does not take");
  }
  if (X509_check_private_key(&leaf, &key) != 1) {
    return Bad(files.key, absl::StrCat("is not the key of ", files.certificate));
  }
  if (SSL_CTX_use_PrivateKey(context.get(), &key) != 1) {
    return Bad(files.key, "is a key that TLS does not take");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TlsMaterial> ReadTlsMaterial(const TlsFiles& files) {
  TlsMaterial material;
  HEXAPLA_ASSIGN_OR_RETURN(material.certificate_pem,
                           ReadSecretFile(files.certificate, kFileBytesMax));
  HEXAPLA_ASSIGN_OR_RETURN(material.key_pem, ReadSecretFile(files.key, kFileBytesMax));
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                           ParseCertificates(files.certificate, material.certificate_pem));
  HEXAPLA_ASSIGN_OR_RETURN(const Key key, ParseKey(files.key, material.key_pem));
  HEXAPLA_RETURN_IF_ERROR(CheckPair(files, *chain.front(), *key));
  material.not_before = TimeOf(X509_get0_notBefore(chain.front().get()), absl::InfiniteFuture());
  material.not_after = TimeOf(X509_get0_notAfter(chain.front().get()), absl::InfinitePast());
  HEXAPLA_RETURN_IF_ERROR(CheckDates(files.certificate, material, absl::Now()));
  if (files.client_ca.empty()) return material;
  HEXAPLA_ASSIGN_OR_RETURN(material.client_ca_pem, ReadSecretFile(files.client_ca, kFileBytesMax));
  HEXAPLA_RETURN_IF_ERROR(ParseCertificates(files.client_ca, material.client_ca_pem).status());
  return material;
}

absl::Time ValidFrom(const absl::Status& error) {
  const auto payload = error.GetPayload(kValidFrom);
  int64_t seconds = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &seconds)) {
    return absl::InfiniteFuture();
  }
  return absl::FromUnixSeconds(seconds);
}

}  // namespace hexapla
