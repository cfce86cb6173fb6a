// SPDX-License-Identifier: Apache-2.0
#include "server/ops/tls_material.h"

#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/ops/tls_credentials.h"
#include "tests/testing/certificates.h"
#include "tests/testing/temporary_directory.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

class TlsMaterialTest : public ::testing::Test {
 protected:
  TlsMaterialTest() {
    directory_.Write("cert.pem", leaf_.certificate_pem() + authority_.certificate_pem());
    directory_.Write("key.pem", leaf_.key_pem());
    directory_.Write("ca.pem", authority_.certificate_pem());
  }

  absl::StatusOr<TlsMaterial> Read(bool with_ca = true) const {
    return ReadTlsMaterial({.certificate = directory_ / "cert.pem",
                            .key = directory_ / "key.pem",
                            .client_ca = with_ca ? directory_ / "ca.pem" : ""});
  }
  std::string Error() const { return std::string(Read().status().message()); }

  const TestCertificate authority_ = TestCertificate::Authority();
  const TestCertificate leaf_ = authority_.Issue("DNS:localhost");
  const testing::TemporaryDirectory directory_;
};

TEST_F(TlsMaterialTest, FilesThatFitAreTakenAsTheyAre) {
  const auto material = Read();
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ(material->certificate_pem, leaf_.certificate_pem() + authority_.certificate_pem());
  EXPECT_EQ(material->key_pem, leaf_.key_pem());
  EXPECT_EQ(material->client_ca_pem, authority_.certificate_pem());
  EXPECT_GT(material->not_after, absl::Now());
  EXPECT_LT(material->not_after, absl::Now() + absl::Hours(2));
  EXPECT_EQ(Read(/*with_ca=*/false)->client_ca_pem, "");
}

TEST_F(TlsMaterialTest, TheKeyOfAnotherIsRefused) {
  directory_.Write("key.pem", authority_.Issue("DNS:localhost").key_pem());
  EXPECT_EQ(Read().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Error(), directory_ / "key.pem" + ": is not the key of " + (directory_ / "cert.pem"));
}

TEST_F(TlsMaterialTest, WhatIsNoPemIsRefusedByItsName) {
  for (const char* name : {"cert.pem", "key.pem", "ca.pem"}) {
    const std::string good = testing::FileBytes(directory_ / name);
    for (const std::string& bad : {std::string(), std::string("nonsense"), good.substr(0, 200)}) {
      directory_.Write(name, bad);
      EXPECT_THAT(Error(), HasSubstr(directory_ / name)) << bad;
    }
    directory_.Write(name, good);
  }
  EXPECT_TRUE(Read().ok());
}

TEST_F(TlsMaterialTest, ADamagedChainIsRefusedToo) {
  const std::string chain = testing::FileBytes(directory_ / "cert.pem");
  directory_.Write("cert.pem", chain.substr(0, chain.size() - 100));
  EXPECT_THAT(Error(), HasSubstr("cert.pem: is not a PEM certificate"));
}

TEST_F(TlsMaterialTest, ACertificateThatIsNotValidYetIsRefusedAndSaysFromWhen) {
  const TestCertificate early = authority_.Issue("DNS:localhost", /*begins_in=*/600);
  directory_.Write("cert.pem", early.certificate_pem());
  directory_.Write("key.pem", early.key_pem());
  const absl::Status status = Read().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Error(), HasSubstr("cert.pem: is not valid before 20"));
  EXPECT_GT(ValidFrom(status), absl::Now());
  EXPECT_LE(ValidFrom(status), absl::Now() + absl::Seconds(600));
  EXPECT_EQ(ValidFrom(absl::OkStatus()), absl::InfiniteFuture());
}

TEST_F(TlsMaterialTest, MissingAndEndlessFilesAreRefused) {
  const TlsFiles missing = {.certificate = directory_ / "none", .key = directory_ / "key.pem"};
  EXPECT_EQ(ReadTlsMaterial(missing).status().code(), absl::StatusCode::kNotFound);
  const TlsFiles endless = {.certificate = "/dev/zero", .key = directory_ / "key.pem"};
  EXPECT_EQ(ReadTlsMaterial(endless).status().code(), absl::StatusCode::kNotFound);
  directory_.Write("cert.pem", std::string((1 << 20) + 1, 'x'));
  EXPECT_THAT(Error(), HasSubstr("1048576"));
}

TEST(CurrentTlsTest, TellsWhoAsksOnlyWhatIsNew) {
  CurrentTls tls({.certificate_pem = "a"});
  uint64_t version = 0;
  TlsMaterial material;
  EXPECT_TRUE(tls.GetIfNewer(version, material));
  EXPECT_EQ(material.certificate_pem, "a");
  EXPECT_FALSE(tls.GetIfNewer(version, material));
  tls.Replace({.certificate_pem = "b"});
  uint64_t other = 0;
  EXPECT_TRUE(tls.GetIfNewer(version, material));
  EXPECT_TRUE(tls.GetIfNewer(other, material));
  EXPECT_EQ(material.certificate_pem, "b");
}

}  // namespace
}  // namespace hexapla
