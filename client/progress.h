// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_PROGRESS_H_
#define HEXAPLA_CLIENT_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/time/time.h"

#include "client/terminal.h"

namespace hexapla {

// How a long run tells where it is.
enum class ProgressStyle {
  kAuto,   // kBar at a terminal, else kLines
  kBar,    // one line, drawn over and over
  kLines,  // a line every ten seconds
  kNone,
};

// A moment of a run over items.
struct ProgressState {
  // Items finished, those of earlier runs included, and how many have failed.
  int64_t done = 0;
  int64_t failed = 0;
  // Items finished by this run, and the time it took.
  int64_t done_now = 0;
  absl::Duration elapsed = absl::ZeroDuration();
  // How much of the whole input is finished, 0 to 1, and how much of it by this
  // run; empty when the length is not known.
  std::optional<double> share = std::nullopt;
  double share_now = 0;
};

// What is shown: "512 sets, 3 failed, 48/s, 51 %, 10 s left", as far as it is
// known.
std::string ProgressText(const ProgressState& state);
// The same behind a bar, within `columns`.
std::string ProgressBar(const ProgressState& state, int columns);

// Shows progress on a stream, which it borrows. Threads: compatible.
class Progress {
 public:
  Progress(ProgressStyle style, const Terminal& terminal, std::ostream& stream);

  // Call it a few times a second.
  void Show(const ProgressState& state);
  // Clears the bar, so that something else can be written; it comes back.
  void Clear();
  // The last line: what was done, and how long it took.
  void Finish(const ProgressState& state);

 private:
  const ProgressStyle style_;  // never kAuto
  const Terminal terminal_;
  std::ostream& stream_;
  bool drawn_ = false;
  absl::Duration next_line_;
};

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_PROGRESS_H_
