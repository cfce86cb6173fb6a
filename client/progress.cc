// SPDX-License-Identifier: Apache-2.0
#include "client/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hexapla {
namespace {

constexpr absl::Duration kLineInterval = absl::Seconds(10);
constexpr int kBarColumnsMin = 10;
constexpr int kBarColumnsMax = 40;
constexpr char kClearLine[] = "\r\x1b[K";

// "42 s", "3 min 5 s" or "2 h 7 min".
std::string TimeText(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(0, std::llround(absl::ToDoubleSeconds(duration)));
  if (seconds < 60) return absl::StrCat(seconds, " s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, " min ", seconds % 60, " s");
  return absl::StrCat(seconds / 3600, " h ", seconds % 3600 / 60, " min");
}

std::string CountText(const ProgressState& state) {
  return absl::StrCat(state.done, state.done == 1 ? " set" : " sets",
                      state.failed == 0 ? "" : absl::StrCat(", ", state.failed, " failed"));
}

double RateOf(const ProgressState& state) {
  const double seconds = absl::ToDoubleSeconds(state.elapsed);
  return seconds > 0 ? static_cast<double>(state.done_now) / seconds : 0;
}

std::string RateText(const ProgressState& state) {
  const double rate = RateOf(state);
  return rate < 10 ? absl::StrFormat("%.1f/s", rate) : absl::StrFormat("%.0f/s", rate);
}

ProgressStyle StyleAt(ProgressStyle style, const Terminal& terminal) {
  if (style != ProgressStyle::kAuto) return style;
  return terminal.interactive ? ProgressStyle::kBar : ProgressStyle::kLines;
}

}  // namespace

std::string ProgressText(const ProgressState& state) {
  std::string text = absl::StrCat(CountText(state), ", ", RateText(state));
  if (!state.share.has_value()) return text;
  absl::StrAppend(&text, absl::StrFormat(", %.0f %%", std::floor(*state.share * 100)));
  if (state.share_now <= 0) return text;
  const absl::Duration left = state.elapsed * ((1 - *state.share) / state.share_now);
  return absl::StrCat(text, ", ", TimeText(left), " left");
}

std::string ProgressBar(const ProgressState& state, int columns) {
  const std::string text = ProgressText(state);
  // The last column stays free: some terminals wrap when it is written.
  const int room = columns - 4 - static_cast<int>(text.size());
  if (!state.share.has_value() || room < kBarColumnsMin) {
    return text.substr(0, static_cast<size_t>(std::max(1, columns - 1)));
  }
  const int width = std::min(room, kBarColumnsMax);
  const int filled = std::clamp(static_cast<int>(*state.share * width), 0, width);
  return absl::StrCat("[", std::string(filled, '#'), std::string(width - filled, '.'), "] ", text);
}

Progress::Progress(ProgressStyle style, const Terminal& terminal, std::ostream& stream)
    : style_(StyleAt(style, terminal)),
      terminal_(terminal),
      stream_(stream),
      next_line_(kLineInterval) {}

void Progress::Show(const ProgressState& state) {
  if (style_ == ProgressStyle::kBar) {
    stream_ << kClearLine << ProgressBar(state, terminal_.columns) << std::flush;
    drawn_ = true;
  } else if (style_ == ProgressStyle::kLines && state.elapsed >= next_line_) {
    next_line_ = state.elapsed + kLineInterval;
    stream_ << ProgressText(state) << std::endl;
  }
}

void Progress::Clear() {
  if (drawn_) stream_ << kClearLine << std::flush;
  drawn_ = false;
}

void Progress::Finish(const ProgressState& state) {
  Clear();
  if (style_ == ProgressStyle::kNone) return;
  stream_ << CountText(state) << " in " << TimeText(state.elapsed) << ", " << RateText(state)
          << std::endl;
}

}  // namespace hexapla
