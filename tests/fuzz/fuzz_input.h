// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_FUZZ_FUZZ_INPUT_H_
#define HEXAPLA_TESTS_FUZZ_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"

// Ends the program with a report unless `condition` holds: what was promised of
// every input does not hold for this one.
#define HEXAPLA_EXPECT(condition)                                                  \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

namespace hexapla {

// The bytes of a fuzzer. A target that has choices takes them from the front,
// one byte each, so that a seed can be written by hand.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  // A number under `bound`; 0 when nothing is left.
  int Choose(int bound) {
    if (rest_.empty()) return 0;
    const int choice = static_cast<uint8_t>(rest_[0]) % bound;
    rest_.remove_prefix(1);
    return choice;
  }
  bool Flip() { return Choose(2) == 1; }

  absl::string_view rest() const { return rest_; }

 private:
  absl::string_view rest_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_FUZZ_FUZZ_INPUT_H_
