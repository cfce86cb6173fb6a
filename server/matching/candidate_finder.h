// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MATCHING_CANDIDATE_FINDER_H_
#define HEXAPLA_SERVER_MATCHING_CANDIDATE_FINDER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "server/base/stop_condition.h"
#include "server/matching/document_signatures.h"
#include "server/matching/heap_document.h"

namespace hexapla {

// Two documents of a heap by index; first < second.
struct DocumentPair {
  int32_t first = 0;
  int32_t second = 0;

  friend bool operator==(const DocumentPair&, const DocumentPair&) = default;
  friend auto operator<=>(const DocumentPair&, const DocumentPair&) = default;
};

struct CandidateOptions {
  // Whether documents of one language may be versions of one another.
  bool allow_same_language = false;
  // A heap with no more pairs than this is judged whole.
  size_t all_pairs_max = 100;
};

struct Candidates {
  // Pairs worth an alignment, in rising order: so many that every document has
  // been compared with what it is most likely a version of.
  std::vector<DocumentPair> pairs;
  // Document -> further pairs with it, which are worth an alignment if none of
  // those above shows a version of it.
  std::vector<std::vector<DocumentPair>> second_looks;
};

// Which documents may be versions of one another, by signatures alone; see the
// essay in candidate_finder.cc. A document that is left out is in no pair.
//
// Cost: documents x documents inner products, 10 ns each and so a second for
// 10,000; at most a few pairs a document are returned.
// Errors: as `stop` says, polled every document.
absl::StatusOr<Candidates> FindCandidates(const std::vector<HeapDocument>& documents,
                                          const DocumentSignatures& signatures,
                                          const std::vector<bool>& left_out,
                                          const CandidateOptions& options,
                                          const StopCondition& stop);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MATCHING_CANDIDATE_FINDER_H_
