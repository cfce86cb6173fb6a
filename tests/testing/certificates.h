// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_CERTIFICATES_H_
#define HEXAPLA_TESTS_TESTING_CERTIFICATES_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace hexapla {

// A certificate with its key, made for one test; both also as PEM. It lives an
// hour, and began an hour ago so that clocks may differ.
class TestCertificate {
 public:
  // One that vouches for itself and for others.
  static TestCertificate Authority(const std::string& name = "Test Authority") {
    return TestCertificate(name, "", nullptr);
  }
  // One for the names given as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
  // It begins in so many seconds.
  TestCertificate Issue(const std::string& alternative_names, long begins_in = -3600) const {
    return TestCertificate("Test", alternative_names, this, begins_in);
  }

  std::string certificate_pem() const {
    return Pem([this](BIO* bio) { PEM_write_bio_X509(bio, certificate_.get()); });
  }
  std::string key_pem() const {
    return Pem([this](BIO* bio) {
      PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

 private:
  TestCertificate(const std::string& name, const std::string& alternative_names,
                  const TestCertificate* issuer, long begins_in = -3600)
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
    X509* certificate = certificate_.get();
    X509_set_version(certificate, X509_VERSION_3);
    static long serial = 0;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), begins_in);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_pubkey(certificate, key_.get());
    const TestCertificate& signer = issuer == nullptr ? *this : *issuer;
    X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate_.get()));
    if (issuer == nullptr) {
      AddExtension(NID_basic_constraints, "critical,CA:TRUE");
    } else {
      AddExtension(NID_subject_alt_name, alternative_names);
    }
    X509_sign(certificate, signer.key_.get(), EVP_sha256());
  }

  void AddExtension(int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  template <typename Write>
  static std::string Pem(const Write& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    write(bio.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<size_t>(size));
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_TESTING_CERTIFICATES_H_
