// SPDX-License-Identifier: Apache-2.0
#include "client/progress.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hexapla {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const ProgressState kHalf = {.done = 60,
                             .failed = 2,
                             .done_now = 50,
                             .elapsed = absl::Seconds(10),
                             .share = 0.5,
                             .share_now = 0.4};

TEST(ProgressText, SaysRateAndTimeLeftOfThisRun) {
  EXPECT_EQ(ProgressText(kHalf), "60 sets, 2 failed, 5.0/s, 50 %, 13 s left");
  ProgressState state = kHalf;
  state.share = std::nullopt;
  EXPECT_EQ(ProgressText(state), "60 sets, 2 failed, 5.0/s");
  EXPECT_EQ(ProgressText({}), "0 sets, 0.0/s");
}

TEST(ProgressText, LongTimesAreReadable) {
  ProgressState state = kHalf;
  state.elapsed = absl::Seconds(200);
  EXPECT_THAT(ProgressText(state), HasSubstr("4 min 10 s left"));
  state.elapsed = absl::Hours(2);
  EXPECT_THAT(ProgressText(state), HasSubstr("2 h 30 min left"));
}

TEST(ProgressBar, FillsTheLineButNeverWraps) {
  EXPECT_THAT(ProgressBar(kHalf, 80), StartsWith("[#################..................] 60"));
  for (int columns = 1; columns < 200; ++columns) {
    EXPECT_LT(ProgressBar(kHalf, columns).size(), static_cast<size_t>(std::max(2, columns)));
  }
}

TEST(Progress, BarIsDrawnOverAndClearedAtTheEnd) {
  std::ostringstream out;
  Progress progress(ProgressStyle::kAuto, {.interactive = true, .columns = 80}, out);
  progress.Show(kHalf);
  EXPECT_THAT(out.str(), StartsWith("\r\x1b[K["));
  out.str("");
  progress.Finish(kHalf);
  EXPECT_EQ(out.str(), "\r\x1b[K60 sets, 2 failed in 10 s, 5.0/s\n");
}

TEST(Progress, ElsewhereALineComesNowAndThen) {
  std::ostringstream out;
  Progress progress(ProgressStyle::kAuto, {}, out);
  ProgressState state = kHalf;
  state.elapsed = absl::Seconds(9);
  progress.Show(state);
  EXPECT_EQ(out.str(), "");
  progress.Show(kHalf);
  progress.Show(kHalf);
  EXPECT_EQ(out.str(), "60 sets, 2 failed, 5.0/s, 50 %, 13 s left\n");
}

TEST(Progress, NoneIsSilent) {
  std::ostringstream out;
  Progress progress(ProgressStyle::kNone, {.interactive = true}, out);
  progress.Show(kHalf);
  progress.Finish(kHalf);
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace hexapla
