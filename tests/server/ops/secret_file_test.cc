// SPDX-License-Identifier: Apache-2.0
#include "server/ops/secret_file.h"

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/testing/temporary_directory.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;

TEST(ReadSecretFileTest, ReadsAFileWholeUpToItsLimit) {
  const testing::TemporaryDirectory directory;
  directory.Write("file", "12345");
  EXPECT_EQ(ReadSecretFile(directory / "file", 5).value(), "12345");
  const absl::Status status = ReadSecretFile(directory / "file", 4).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(directory / "file"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("the 4 bytes"));
}

TEST(ReadSecretFileTest, WhatIsNoFileIsNotFound) {
  const testing::TemporaryDirectory directory;
  for (const std::string& path : {directory / "none", directory.path()}) {
    const absl::Status status = ReadSecretFile(path, 5).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  }
}

// Files of different lengths, for two writes may share a time stamp.
class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    directory_.Write("certificate", "1");
    directory_.Write("key", "1");
  }

  const testing::TemporaryDirectory directory_;
};

TEST_F(FileWatchTest, SeesNothingWhereNothingChanges) {
  FileWatch watch({directory_ / "certificate", "", directory_ / "none"});
  EXPECT_FALSE(watch.Look());
  EXPECT_FALSE(watch.Look());
}

TEST_F(FileWatchTest, WaitsUntilAllOfThemStandStill) {
  FileWatch watch({directory_ / "certificate", directory_ / "key"});
  directory_.Write("certificate", "22");
  EXPECT_FALSE(watch.Look());
  directory_.Write("key", "22");
  EXPECT_FALSE(watch.Look());
  EXPECT_TRUE(watch.Look());
}

TEST_F(FileWatchTest, SaysSoUntilTheyAreReadAndThenNoMore) {
  FileWatch watch({directory_ / "key"});
  directory_.Write("key", "22");
  EXPECT_FALSE(watch.Look());
  EXPECT_TRUE(watch.Look());
  EXPECT_TRUE(watch.Look());
  watch.MarkRead();
  EXPECT_FALSE(watch.Look());
  directory_.Write("key", "333");
  EXPECT_FALSE(watch.Look());
  EXPECT_TRUE(watch.Look());
}

TEST_F(FileWatchTest, AFileThatGoesAndComesBackIsAChange) {
  FileWatch watch({directory_ / "key"});
  std::filesystem::remove(directory_ / "key");
  EXPECT_FALSE(watch.Look());
  EXPECT_TRUE(watch.Look());
  watch.MarkRead();
  directory_.Write("key", "1");
  EXPECT_FALSE(watch.Look());
  EXPECT_TRUE(watch.Look());
}

}  // namespace
}  // namespace hexapla
