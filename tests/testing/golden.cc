// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/golden.h"

#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hexapla::testing {
namespace {

// The lines of a case as they are read.
struct Draft {
  std::vector<std::string> input;
  std::vector<std::string> expected;
  bool after_separator = false;
  int line = 0;

  bool empty() const { return input.empty() && !after_separator; }

  GoldenCase Finish() const {
    return {.input = absl::StrJoin(input, "\n"),
            .expected = absl::StrJoin(expected, "\n"),
            .line = line};
  }
};

void AddLine(const std::string& line, int number, Draft& draft) {
  if (draft.empty()) draft.line = number;
  (draft.after_separator ? draft.expected : draft.input).push_back(line);
}

}  // namespace

absl::StatusOr<std::vector<GoldenCase>> ReadGoldenFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::vector<GoldenCase> cases;
  Draft draft;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (cases.empty() && draft.empty() && absl::StartsWith(line, "#")) continue;
    if (line == "--" && !draft.after_separator) {
      draft.after_separator = true;
    } else if (line == "==") {
      if (!draft.after_separator) {
        return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": case without --"));
      }
      cases.push_back(draft.Finish());
      draft = Draft();
    } else {
      AddLine(line, number, draft);
    }
  }
  if (!draft.empty() && !draft.after_separator) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": case without --"));
  }
  if (!draft.empty()) cases.push_back(draft.Finish());
  return cases;
}

}  // namespace hexapla::testing
