// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_BASE_PARALLEL_H_
#define HEXAPLA_SERVER_BASE_PARALLEL_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace hexapla {

// Who helps the calling thread with a loop whose parts do not need one another.
// It travels down the engine by reference; what the parts come to must not depend
// on who ran them, so that a result is the same on any number of threads.
//
// Example: Parallel::None().Run(3, [&](size_t part) { sums[part] = Sum(part); });
class Parallel {
 public:
  virtual ~Parallel() = default;

  // Runs part(0) ... part(count - 1), each once, in any order and some at the same
  // time, and returns when all have run. The calling thread runs what nobody else
  // takes and waits only for parts that have begun, so a part may call Run itself.
  // `part` must not throw.
  virtual void Run(size_t count, absl::FunctionRef<void(size_t part)> part) = 0;

  // Nobody: the calling thread runs the parts in order.
  static Parallel& None();
};

inline Parallel& Parallel::None() {
  class Alone final : public Parallel {
   public:
    void Run(size_t count, absl::FunctionRef<void(size_t part)> part) override {
      for (size_t i = 0; i < count; ++i) part(i);
    }
  };
  static Alone alone;
  return alone;
}

// Runs parts that can fail. Once one has failed no further one is begun. Returns
// the error of the first in order that failed.
inline absl::Status RunParts(Parallel& parallel, size_t count,
                             absl::FunctionRef<absl::Status(size_t part)> run) {
  std::vector<absl::Status> statuses(count);
  std::atomic<bool> failed = false;
  parallel.Run(count, [&](size_t part) {
    if (failed.load(std::memory_order_relaxed)) return;
    statuses[part] = run(part);
    if (!statuses[part].ok()) failed.store(true, std::memory_order_relaxed);
  });
  const auto bad = std::find_if(statuses.begin(), statuses.end(),
                                [](const absl::Status& status) { return !status.ok(); });
  return bad == statuses.end() ? absl::OkStatus() : *bad;
}

// Rows of a part of a loop over sentences. At 1 to 8 µs a row a part takes some
// tenths of a millisecond, against a hundredth to wake a helper.
inline constexpr int kRowsOfPart = 128;

// Runs run(begin, end) for [0, rows) in parts of `rows_of_part`, the last of them
// shorter: the same parts whoever helps. Errors: as RunParts.
inline absl::Status RunRows(Parallel& parallel, int rows, int rows_of_part,
                            absl::FunctionRef<absl::Status(int begin, int end)> run) {
  const int parts = (rows + rows_of_part - 1) / rows_of_part;
  return RunParts(parallel, parts, [&](size_t part) {
    const int begin = static_cast<int>(part) * rows_of_part;
    return run(begin, std::min(rows, begin + rows_of_part));
  });
}

inline absl::Status RunRows(Parallel& parallel, int rows,
                            absl::FunctionRef<absl::Status(int begin, int end)> run) {
  return RunRows(parallel, rows, kRowsOfPart, run);
}

// Runs both.
inline void RunBoth(Parallel& parallel, absl::FunctionRef<void()> first,
                    absl::FunctionRef<void()> second) {
  parallel.Run(2, [&](size_t part) { part == 0 ? first() : second(); });
}

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_BASE_PARALLEL_H_
