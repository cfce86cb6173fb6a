// SPDX-License-Identifier: Apache-2.0
#include "client/input_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/client/temporary_file.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::StatusOr<std::string> ReadBytes(const std::string& content) {
  std::istringstream no_input;
  return ReadInput(TemporaryFile(content).name(), no_input);
}

// The message without the name of the file before it.
std::string Complaint(const absl::StatusOr<std::string>& result) {
  const std::string message(result.status().message());
  return message.substr(message.find(": ") + 2);
}

TEST(ReadInputTest, ReadsAFileUnchanged) {
  const std::string content("zwei\r\nZeilen\0und\xF0\x9F\x98\x80", 20);
  EXPECT_EQ(*ReadBytes(content), content);
}

TEST(ReadInputTest, ReadsAFileOfManyBlocks) {
  const std::string content(1000003, 'x');
  EXPECT_EQ(*ReadBytes(content), content);
}

TEST(ReadInputTest, DashIsStandardInput) {
  std::istringstream input("from a pipe\n");
  EXPECT_EQ(*ReadInput("-", input), "from a pipe\n");
}

TEST(ReadInputTest, DropsOneByteOrderMark) {
  EXPECT_EQ(*ReadBytes("\xEF\xBB\xBFtext"), "text");
  EXPECT_EQ(*ReadBytes("\xEF\xBB\xBF\xEF\xBB\xBFtext"), "\xEF\xBB\xBFtext");
}

TEST(ReadInputTest, AnEmptyFileIsAnEmptyText) { EXPECT_EQ(*ReadBytes(""), ""); }

TEST(ReadInputTest, InvalidUtf8IsNamedByFileAndByte) {
  struct Case {
    std::string content;
    int offset;
  };
  const Case cases[] = {
      {.content = "\x80", .offset = 0},
      {.content = "caf\xE9 noir", .offset = 3},
      {.content = "\xEF\xBB\xBFok \xFF", .offset = 6},
      {.content = "cut off \xF0\x9F\x98", .offset = 8},
      {.content = "surrogate \xED\xA0\x80", .offset = 10},
      {.content = "overlong \xC0\xAF", .offset = 9},
      {.content = std::string("\xFF\xFEh\0i\0", 6), .offset = 0},
  };
  for (const Case& test : cases) {
    const absl::StatusOr<std::string> result = ReadBytes(test.content);
    EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
    EXPECT_EQ(Complaint(result), "invalid UTF-8 at byte offset " + std::to_string(test.offset));
  }
}

TEST(ReadInputTest, InvalidStandardInputIsNamedDash) {
  std::istringstream input("ab\xFF");
  EXPECT_EQ(ReadInput("-", input).status().message(), "-: invalid UTF-8 at byte offset 2");
}

TEST(ReadInputTest, AMissingFileIsNamed) {
  std::istringstream no_input;
  const absl::Status status = ReadInput("/nonexistent/a.txt", no_input).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "/nonexistent/a.txt: cannot be read: No such file or directory");
}

TEST(ReadInputTest, ADirectoryCannotBeRead) {
  std::istringstream no_input;
  const absl::Status status = ReadInput("/tmp", no_input).status();
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.message(), "/tmp: cannot be read: Is a directory");
}

TEST(SplitLinesTest, OnlyLineFeedsEndALine) {
  EXPECT_THAT(SplitLines("a\nb\r\nc\n"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SplitLines("a\rb\n"), ElementsAre("a\rb"));
  EXPECT_THAT(SplitLines("a\u2028b\u0085c\fd\ve\n"), ElementsAre("a\u2028b\u0085c\fd\ve"));
}

TEST(SplitLinesTest, ALastLineWithoutEndCounts) {
  EXPECT_THAT(SplitLines("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(SplitLines("a\nb\n"), ElementsAre("a", "b"));
}

TEST(SplitLinesTest, BlankLinesKeepTheirIndex) {
  EXPECT_THAT(SplitLines("\na\n\r\n  \nb\n\n"), ElementsAre("", "a", "", "  ", "b", ""));
}

TEST(SplitLinesTest, OnlyOneCarriageReturnBelongsToTheEnd) {
  EXPECT_THAT(SplitLines("a\r\r\nb\r"), ElementsAre("a\r", "b\r"));
}

TEST(SplitLinesTest, AnEmptyTextHasNoLines) { EXPECT_THAT(SplitLines(""), IsEmpty()); }

}  // namespace
}  // namespace hexapla
