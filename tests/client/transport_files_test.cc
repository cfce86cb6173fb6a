// SPDX-License-Identifier: Apache-2.0
#include "client/transport_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/temporary_file.h"
#include "tests/testing/certificates.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Problem(const TransportSecurity& security) {
  const absl::Status status = ReadTransportFiles(security).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(TransportFilesTest, NothingIsReadUnlessAsked) {
  const TransportSecrets secrets = *ReadTransportFiles({.tls = true});
  EXPECT_EQ(secrets.authorities, "");
  EXPECT_EQ(secrets.certificate, "");
  EXPECT_EQ(secrets.token, "");
}

TEST(TransportFilesTest, GoodFilesAreGivenAsTheyAre) {
  const TestCertificate authority = TestCertificate::Authority();
  const TestCertificate own = authority.Issue("DNS:client");
  const TemporaryFile ca(authority.certificate_pem());
  const TemporaryFile certificate(own.certificate_pem());
  const TemporaryFile key(own.key_pem());
  const TemporaryFile token("  s3cr3t-token==\r\n");
  const TransportSecrets secrets = *ReadTransportFiles({.tls = true,
                                                        .ca_file = ca.name(),
                                                        .certificate_file = certificate.name(),
                                                        .key_file = key.name(),
                                                        .token_file = token.name()});
  EXPECT_EQ(secrets.authorities, authority.certificate_pem());
  EXPECT_EQ(secrets.certificate, own.certificate_pem());
  EXPECT_EQ(secrets.key, own.key_pem());
  EXPECT_EQ(secrets.token, "s3cr3t-token==");
}

TEST(TransportFilesTest, BadFilesAreNamedWithTheirFlag) {
  const TestCertificate own = TestCertificate::Authority();
  const TemporaryFile certificate(own.certificate_pem());
  const TemporaryFile key(TestCertificate::Authority().key_pem());
  const TemporaryFile nothing("");
  const TemporaryFile cut(own.certificate_pem().substr(0, 200));
  const TemporaryFile long_one(std::string(2 << 20, 'x'));
  EXPECT_THAT(Problem({.ca_file = "/no/such"}), StartsWith("--tls_ca: /no/such: cannot be read: "));
  EXPECT_EQ(Problem({.ca_file = "/tmp"}), "--tls_ca: /tmp: is a directory");
  EXPECT_THAT(Problem({.ca_file = nothing.name()}), HasSubstr("holds no PEM certificate"));
  EXPECT_THAT(Problem({.ca_file = cut.name()}), HasSubstr("holds no PEM certificate"));
  EXPECT_THAT(Problem({.ca_file = long_one.name()}), HasSubstr("longer than the limit of 1048576"));
  EXPECT_EQ(Problem({.certificate_file = certificate.name(), .key_file = key.name()}),
            "--tls_key: " + key.name() + ": is not the key of " + certificate.name());
  EXPECT_THAT(Problem({.certificate_file = certificate.name(), .key_file = certificate.name()}),
              HasSubstr("holds no PEM key"));
}

TEST(TransportFilesTest, ATokenIsOneWordAndNeverShown) {
  for (const std::string content :
       {"", "\n", "hush hush", "hush\nhush\n", "hu\tsh", "h\xC3\xBCsh"}) {
    const TemporaryFile file(content);
    const std::string problem = Problem({.token_file = file.name()});
    EXPECT_THAT(problem, StartsWith("--auth_token_file: " + file.name()));
    EXPECT_THAT(problem, Not(HasSubstr("hu"))) << problem;
  }
  EXPECT_THAT(Problem({.token = "a b"}), StartsWith("$HEXAPLA_AUTH_TOKEN: expected one token"));
}

}  // namespace
}  // namespace hexapla
