// SPDX-License-Identifier: Apache-2.0
#include "server/ops/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hexapla {
namespace {

constexpr absl::Time kTime = absl::FromUnixSeconds(0);
constexpr absl::Duration kPatience = absl::Seconds(60);

// Standard error is `descriptor` while it lives.
class StandardErrorTo {
 public:
  explicit StandardErrorTo(int descriptor) : saved_(dup(STDERR_FILENO)) {
    FlushLog(kPatience);
    dup2(descriptor, STDERR_FILENO);
  }
  ~StandardErrorTo() {
    FlushLog(kPatience);
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }

 private:
  const int saved_;
};

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
  SetLogLevel(LogLevel::kInfo);
  testing::internal::CaptureStderr();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) Log(LogLevel::kInfo, "test", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  FlushLog(kPatience);
  const std::string output = testing::internal::GetCapturedStderr();
  int lines = 0;
  for (const absl::string_view line : absl::StrSplit(output, '\n', absl::SkipEmpty())) {
    EXPECT_TRUE(nlohmann::json::accept(line.begin(), line.end())) << line;
    ++lines;
  }
  EXPECT_EQ(lines, 200);
}

TEST(LogTest, WhatIsBelowTheLevelIsDropped) {
  SetLogLevel(LogLevel::kWarning);
  testing::internal::CaptureStderr();
  Log(LogLevel::kDebug, "a");
  Log(LogLevel::kInfo, "b");
  Log(LogLevel::kWarning, "c");
  Log(LogLevel::kError, "d");
  SetLogLevel(LogLevel::kOff);
  Log(LogLevel::kError, "e");
  FlushLog(kPatience);
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_THAT(output, testing::MatchesRegex(".*\"event\":\"c\".*\n.*\"event\":\"d\".*\n"));
}

TEST(LogLimitTest, LetsTenThroughAndThenOneASecond) {
  LogLimit limit;
  const absl::Time start = absl::UnixEpoch();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.Admit(start), 0u);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(limit.Admit(start + absl::Milliseconds(900)), std::nullopt);
  EXPECT_EQ(limit.Admit(start + absl::Milliseconds(1000)), 7u);
  EXPECT_EQ(limit.Admit(start + absl::Milliseconds(1000)), std::nullopt);
  // However long it was quiet, ten are the most at once.
  const absl::Time later = start + absl::Hours(1);
  EXPECT_EQ(limit.Admit(later), 1u);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(limit.Admit(later), 0u);
  EXPECT_EQ(limit.Admit(later), std::nullopt);
}

TEST(LogTest, WhatIsLimitedSaysHowManyLinesWereLeftOut) {
  SetLogLevel(LogLevel::kInfo);
  testing::internal::CaptureStderr();
  const uint64_t before = LogLinesLeftOut();
  LogLimit limit;
  for (int i = 0; i < 5000; ++i) LogLimited(limit, LogLevel::kInfo, "stranger", {{"i", i}});
  LogLimited(limit, LogLevel::kDebug, "stranger", {});
  FlushLog(kPatience);
  const std::string output = testing::internal::GetCapturedStderr();
  const auto lines = std::count(output.begin(), output.end(), '\n');
  EXPECT_GE(lines, 10);
  EXPECT_LT(lines, 1000);  // it would take a quarter of an hour
  EXPECT_EQ(LogLinesLeftOut() - before + static_cast<uint64_t>(lines), 5000u);
}

TEST(LogTest, AFullDiskCostsTheLinesAndNothingElse) {
  SetLogLevel(LogLevel::kInfo);
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  const uint64_t before = LogLinesDropped();
  {
    const StandardErrorTo redirected(full);
    for (int i = 0; i < 10; ++i) Log(LogLevel::kInfo, "lost");
  }
  close(full);
  EXPECT_EQ(LogLinesDropped() - before, 10u);
}

TEST(LogTest, AReaderThatStopsHoldsNobodyUp) {
  SetLogLevel(LogLevel::kInfo);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const uint64_t before = LogLinesDropped();
  std::thread reader;
  {
    const StandardErrorTo redirected(ends[1]);
    // More than the pipe and the waiting lines hold.
    const std::string large(1 << 20, 'x');
    for (int i = 0; i < 10; ++i) Log(LogLevel::kInfo, "large", {{"text", large}});
    EXPECT_GT(LogLinesDropped(), before);
    reader = std::thread([&ends] {
      std::string part(1 << 16, '\0');
      while (read(ends[0], part.data(), part.size()) > 0) {
      }
    });
  }
  close(ends[1]);
  reader.join();
  close(ends[0]);
}

}  // namespace
}  // namespace hexapla
