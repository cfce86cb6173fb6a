// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/golden.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace hexapla::testing {
namespace {

absl::StatusOr<std::vector<GoldenCase>> Read(const std::string& text) {
  const std::string path = ::testing::TempDir() + "/golden_test.txt";
  std::ofstream(path) << text;
  return ReadGoldenFile(path);
}

TEST(ReadGoldenFileTest, ReadsCasesWithTheirLines) {
  const auto cases = Read("# comment\na\n\nb\n--\nc\n==\n# input\n--\n==\nx\n--\ny\n");
  ASSERT_TRUE(cases.ok()) << cases.status();
  ASSERT_EQ(cases->size(), 3u);
  EXPECT_EQ((*cases)[0].input, "a\n\nb");
  EXPECT_EQ((*cases)[0].expected, "c");
  EXPECT_EQ((*cases)[0].line, 2);
  EXPECT_EQ((*cases)[1].input, "# input");
  EXPECT_EQ((*cases)[1].expected, "");
  EXPECT_EQ((*cases)[2].input, "x");
  EXPECT_EQ((*cases)[2].expected, "y");
}

TEST(ReadGoldenFileTest, AnEmptyFileHasNoCases) { EXPECT_TRUE(Read("")->empty()); }

TEST(ReadGoldenFileTest, RefusesACaseWithoutOutput) {
  EXPECT_EQ(Read("a\n==\n").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Read("a\n").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ReadGoldenFileTest, AMissingFileIsNotFound) {
  EXPECT_EQ(ReadGoldenFile("/nonexistent").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace hexapla::testing
