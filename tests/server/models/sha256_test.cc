// SPDX-License-Identifier: Apache-2.0
#include "server/models/sha256.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace hexapla {
namespace {

// The vectors of FIPS 180-2, appendix B.
constexpr char kEmptyDigest[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbcDigest[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kMillionDigest[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

std::string WriteFile(const std::string& content) {
  const std::string path = testing::TempDir() + "hexapla_sha256_test";
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

TEST(Sha256Test, AgreesWithTheStandardsVectors) {
  EXPECT_EQ(Sha256Hex(""), kEmptyDigest);
  EXPECT_EQ(Sha256Hex("abc"), kAbcDigest);
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')), kMillionDigest);
}

TEST(Sha256Test, AFileHasTheDigestOfItsContent) {
  EXPECT_EQ(Sha256HexOfFile(WriteFile("")).value(), kEmptyDigest);
  EXPECT_EQ(Sha256HexOfFile(WriteFile("abc")).value(), kAbcDigest);
  EXPECT_EQ(Sha256HexOfFile(WriteFile(std::string(1'000'000, 'a'))).value(), kMillionDigest);
}

TEST(Sha256Test, AMissingFileIsNotFound) {
  const absl::StatusOr<std::string> digest = Sha256HexOfFile("/nowhere/at/all");
  EXPECT_EQ(digest.status().code(), absl::StatusCode::kNotFound);
}

TEST(Sha256Test, ADirectoryIsAnError) {
  EXPECT_FALSE(Sha256HexOfFile(std::filesystem::temp_directory_path().string()).ok());
}

}  // namespace
}  // namespace hexapla
