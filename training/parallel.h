// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_PARALLEL_H_
#define HEXAPLA_TRAINING_PARALLEL_H_

#include <cstddef>
#include <thread>
#include <vector>

namespace hexapla::training {

// Runs body(t) for t in [0, threads) at once and waits for all. What thread t
// does depends on t alone, so results do not depend on the timing.
template <typename Body>
void OnThreads(int threads, const Body& body) {
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back([&body, t] { body(t); });
  body(0);
  for (std::thread& thread : others) thread.join();
}

// Runs body(begin, end) over the `threads` equal shares of [0, size).
template <typename Body>
void OnShares(int threads, size_t size, const Body& body) {
  OnThreads(threads, [&](int t) { body(size * t / threads, size * (t + 1) / threads); });
}

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_PARALLEL_H_
