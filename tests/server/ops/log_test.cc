// SPDX-License-Identifier: Apache-2.0
#include "server/ops/log.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hexapla {
namespace {

constexpr absl::Time kTime = absl::FromUnixSeconds(0);

TEST(LogTest, AnEventIsAJsonObjectOnOneLine) {
  EXPECT_EQ(FormatLogLine(kTime + absl::Milliseconds(1500), LogLevel::kInfo, "drain",
                          {{"signal", 15}, {"addresses", {"a", "b"}}}),
            R"({"time":"1970-01-01T00:00:01.500Z","level":"info","event":"drain",)"
            R"("signal":15,"addresses":["a","b"]})");
}

TEST(LogTest, AnEventNeedsNoFields) {
  EXPECT_EQ(FormatLogLine(kTime, LogLevel::kError, "x", nlohmann::ordered_json::object()),
            R"({"time":"1970-01-01T00:00:00.000Z","level":"error","event":"x"})");
}

TEST(LogTest, AnythingInAStringStaysOnOneLineOfUtf8) {
  const std::string line =
      FormatLogLine(kTime, LogLevel::kWarning, "x", {{"text", "a\nb\"\xff\x01"}});
  EXPECT_THAT(line, testing::HasSubstr(R"("text":"a\nb\"�\u0001")"));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(LogTest, LinesOfManyThreadsDoNotMix) {
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) Log(LogLevel::kInfo, "test", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string output = testing::internal::GetCapturedStderr();
  int lines = 0;
  for (const absl::string_view line : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
    EXPECT_TRUE(nlohmann::json::accept(line.begin(), line.end())) << line;
    ++lines;
  }
  EXPECT_EQ(lines, 200);
}

}  // namespace
}  // namespace hexapla
