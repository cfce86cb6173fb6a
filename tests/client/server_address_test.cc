// SPDX-License-Identifier: Apache-2.0
#include "client/server_address.h"

#include <gtest/gtest.h>

namespace hexapla {
namespace {

TEST(ParseServerAddressTest, SplitsHostAndPort) {
  struct Case {
    const char* text;
    const char* host;
    const char* port;
  };
  const Case cases[] = {
      {.text = "127.0.0.1:50051", .host = "127.0.0.1", .port = "50051"},
      {.text = "align.example.org:1", .host = "align.example.org", .port = "1"},
      {.text = "localhost", .host = "localhost", .port = "50051"},
      {.text = "[::1]:65535", .host = "::1", .port = "65535"},
      {.text = "[::1]", .host = "::1", .port = "50051"},
      {.text = "fe80::1", .host = "fe80::1", .port = "50051"},
  };
  for (const Case& test : cases) {
    const absl::StatusOr<ServerAddress> address = ParseServerAddress(test.text);
    ASSERT_TRUE(address.ok()) << test.text;
    EXPECT_EQ(address->host, test.host);
    EXPECT_EQ(address->port, test.port);
    EXPECT_EQ(address->unix_path, "");
  }
}

TEST(ParseServerAddressTest, KnowsUnixSockets) {
  EXPECT_EQ(ParseServerAddress("unix:/run/hexapla.sock")->unix_path, "/run/hexapla.sock");
  EXPECT_EQ(ParseServerAddress("unix:here.sock")->unix_path, "here.sock");
}

TEST(ParseServerAddressTest, RefusesWhatIsNoAddress) {
  for (const char* text : {"", ":50051", "host:", "host:0", "host:65536", "host:http", "host:-1",
                           "[::1]:", "[::1]x", "[]:50051", "a:b:c", "unix:"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseServerAddress(text).status())) << text;
  }
}

}  // namespace
}  // namespace hexapla
