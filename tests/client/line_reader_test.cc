// SPDX-License-Identifier: Apache-2.0
#include "client/line_reader.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> LinesOf(const std::string& text, size_t line_bytes_max = 1000) {
  std::istringstream stream(text);
  LineReader reader(stream, line_bytes_max);
  std::vector<std::string> lines;
  std::string line;
  while (true) {
    const LineReader::Result result = reader.Next(line);
    if (result == LineReader::Result::kEnd) break;
    lines.push_back(result == LineReader::Result::kTooLong ? line + "..." : line);
  }
  EXPECT_EQ(reader.bytes(), static_cast<int64_t>(text.size()));
  EXPECT_FALSE(reader.failed());
  return lines;
}

TEST(LineReader, OnlyLineFeedsEndLines) {
  EXPECT_THAT(LinesOf(""), IsEmpty());
  EXPECT_THAT(LinesOf("\n"), ElementsAre(""));
  EXPECT_THAT(LinesOf("a\nb"), ElementsAre("a", "b"));
  EXPECT_THAT(LinesOf("a\r\n\r\nb\r"), ElementsAre("a", "", "b\r"));
  EXPECT_THAT(LinesOf("a\fb\xE2\x80\xA8"
                      "c\n"),
              ElementsAre("a\fb\xE2\x80\xA8"
                          "c"));
}

TEST(LineReader, ByteOrderMarkIsDroppedAtTheBeginningOnly) {
  EXPECT_THAT(LinesOf("\xEF\xBB\xBF"
                      "a\n\xEF\xBB\xBF"
                      "b"),
              ElementsAre("a",
                          "\xEF\xBB\xBF"
                          "b"));
}

TEST(LineReader, LongLineIsCutAndTheNextIsWhole) {
  EXPECT_THAT(LinesOf("abcdef\nabc\nabcd\n", 3), ElementsAre("abc...", "abc", "abc..."));
}

TEST(LineReader, LinesMayBeLongerThanABlock) {
  const std::string large(200000, 'x');
  EXPECT_THAT(LinesOf(large + "\n" + large, 1 << 20), ElementsAre(large, large));
}

}  // namespace
}  // namespace hexapla
