// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MATCHING_NEAR_DUPLICATES_H_
#define HEXAPLA_SERVER_MATCHING_NEAR_DUPLICATES_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "server/base/stop_condition.h"
#include "server/matching/heap_document.h"

namespace hexapla {

// The share of the words of two documents, both taken together, that stand in
// both, from which on one nearly repeats the other.
inline constexpr double kNearDuplicateShare = 0.7;

struct NearDuplicates {
  // Document -> the first document of the heap that it nearly repeats, over any
  // number of steps; itself if there is none. Documents that share an entry are
  // near-duplicates of one another.
  std::vector<int32_t> duplicate_class;
  // Whether a document has the very same words as an earlier one of its class.
  std::vector<bool> is_copy;
};

// Finds documents that nearly repeat others of their language, or of an unknown
// one. A pair just at the share is found in 99 of 100 cases; see the source.
// Cost: linear in the words. Errors: as `stop` says.
absl::StatusOr<NearDuplicates> FindNearDuplicates(const std::vector<HeapDocument>& documents,
                                                  const StopCondition& stop);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MATCHING_NEAR_DUPLICATES_H_
