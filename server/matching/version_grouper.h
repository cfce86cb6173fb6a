// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MATCHING_VERSION_GROUPER_H_
#define HEXAPLA_SERVER_MATCHING_VERSION_GROUPER_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

#include "server/base/stop_condition.h"
#include "server/matching/candidate_finder.h"

namespace hexapla {

struct JudgedPair {
  DocumentPair documents;
  double probability = 0;
};

struct GrouperInput {
  int32_t documents = 0;
  std::vector<JudgedPair> pairs = {};
  // As NearDuplicates has it.
  std::vector<int32_t> duplicate_class = {};
  // Documents that stand alone whatever else; empty: none.
  std::vector<bool> left_out = {};
  // The lowest mean probability at which two groups are joined.
  double min_probability = 0.5;
};

// Whether two documents may never share a group, as those of one language and
// near-duplicates may not. Near-duplicates that do not conflict are treated like
// any others.
using ConflictFunction = absl::FunctionRef<bool(int32_t a, int32_t b)>;

// The probability of a pair that has none yet.
using JudgeFunction = absl::FunctionRef<absl::StatusOr<double>(DocumentPair)>;

struct VersionGroup {
  struct Member {
    int32_t document = 0;
    // Mean over the other members; 1 for a document alone.
    double probability = 1;
    // The near-duplicate that was preferred or came first; -1 if there is none.
    int32_t duplicate_of = -1;
  };
  std::vector<Member> members;  // in rising order of documents
  // The lowest of the members'.
  double probability = 1;
};

// Joins documents into groups of versions, most certain first, then by first
// document; each document is in exactly one. See the essay in the source.
// Errors: as `judge` and `stop`.
absl::StatusOr<std::vector<VersionGroup>> GroupDocuments(const GrouperInput& input,
                                                         ConflictFunction conflict,
                                                         JudgeFunction judge,
                                                         const StopCondition& stop);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MATCHING_VERSION_GROUPER_H_
