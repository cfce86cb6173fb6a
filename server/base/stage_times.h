// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_STAGE_TIMES_H_
#define HEXAPLA_SERVER_BASE_STAGE_TIMES_H_

#include <array>
#include <chrono>
#include <cstddef>

#include "absl/time/time.h"

namespace hexapla {

// The parts of the engine's work. docs/operations.md names them for operators.
enum class Stage {
  kIdentify,  // the languages of texts
  kSegment,   // texts into sentences
  kEmbed,     // sentences into vectors
  kAlign,     // each two versions, scores and search
  kJoin,      // all versions into beads of all
  kScore,     // pairs that were given
  kRead,      // documents of a heap: languages, sentences, words
  kPropose,   // which of them to compare
  kJudge,     // comparing these
  kGroup,     // groups of versions
};
inline constexpr size_t kStageCount = 10;

// "identify" for kIdentify, and so on: literals.
constexpr const char* StageName(Stage stage) {
  constexpr std::array<const char*, kStageCount> kNames = {
      "identify", "segment", "embed",   "align", "join",
      "score",    "read",    "propose", "judge", "group"};
  return kNames[static_cast<size_t>(stage)];
}

// How long each stage of a piece of work took, by its index; zero for those that
// it did not enter.
using StageTimes = std::array<absl::Duration, kStageCount>;

// Measures stages that follow one another.
//
// Example: StageClock clock(times);
//          clock.Enter(Stage::kSegment);
//          ...
//          clock.Enter(Stage::kEmbed);  // leaves kSegment
//
// Lifetime: borrows `times`; null: measures nothing.
// Cost: about 30 ns a stage. Threads: compatible.
class StageClock {
 public:
  explicit StageClock(StageTimes* times) : times_(times) {}
  // Leaves the last stage.
  ~StageClock() { Leave(); }

  StageClock(const StageClock&) = delete;
  StageClock& operator=(const StageClock&) = delete;

  void Enter(Stage stage) {
    Leave();
    stage_ = static_cast<size_t>(stage);
  }

 private:
  // Steady, so that no jump of the machine's clock makes a time negative.
  using Clock = std::chrono::steady_clock;

  void Leave() {
    if (times_ == nullptr) return;
    const Clock::time_point now = Clock::now();
    if (stage_ < kStageCount) (*times_)[stage_] += absl::FromChrono(now - entered_);
    entered_ = now;
  }

  StageTimes* const times_;
  size_t stage_ = kStageCount;
  Clock::time_point entered_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_STAGE_TIMES_H_
