// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_GOLDEN_H_
#define HEXAPLA_TESTS_TESTING_GOLDEN_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace hexapla::testing {

// One case of a golden file: what goes in and what must come out, as lines
// without the newline after the last one.
struct GoldenCase {
  std::string input;
  std::string expected;
  int line = 0;  // of the file, 1-based, where the input starts
};

// Reads a golden file that a person can edit:
//
//   # Comment: lines before the first input that start with "#".
//   input, of any number of lines
//   --
//   expected, of any number of lines
//   ==
//   next input
//   ...
//
// Blank lines belong to the input or the output they stand in. Errors: NotFound
// for a file that cannot be read; InvalidArgument for a case without "--".
absl::StatusOr<std::vector<GoldenCase>> ReadGoldenFile(const std::string& path);

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_GOLDEN_H_
