// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MATCHING_DOCUMENT_MATCHER_H_
#define HEXAPLA_SERVER_MATCHING_DOCUMENT_MATCHER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/base/parallel.h"
#include "server/base/stage_times.h"
#include "server/base/stop_condition.h"
#include "server/embedding/sentence_embedder.h"
#include "server/langid/language_identifier.h"
#include "server/matching/heap_document.h"
#include "server/matching/version_grouper.h"
#include "server/similarity/scoring_weights.h"

namespace hexapla {

struct MatchOptions {
  // The lowest mean probability at which documents share a group; 0 to 1.
  double min_probability = 0.5;
  // Whether a group may hold several documents of one language.
  bool allow_same_language = false;
  MatchLimits limits = {};
  // If not null, what each stage took is added here. Borrowed.
  StageTimes* stages = nullptr;
};

// What became of a document.
struct MatchedDocument {
  // Not OK: the document could not be read and is in no group.
  absl::Status status;
  DocumentLanguage language = {};
  // Whether the space was made for the language; without, numbers, names and
  // lengths decide alone.
  bool covered = false;
};

struct MatchedHeap {
  // In the order of the input.
  std::vector<MatchedDocument> documents;
  // Members are indices into `documents`.
  std::vector<VersionGroup> groups;
};

// Finds which documents of a heap are language versions of one another: the one
// place where the stages meet. A cheap signature of every document proposes
// pairs, an alignment judges them, and all judgements together make the groups.
//
// Lifetime: borrows the identifier, the embedder and the weights.
// Threads: const methods may run concurrently.
class DocumentMatcher {
 public:
  DocumentMatcher(const LanguageIdentifier& identifier, const SentenceEmbedder& embedder,
                  const ScoringWeights& weights);

  // Any number of documents, 0 included. A document that fails leaves the others
  // alone. The same heap gives the same answer, whoever helps.
  // Errors: as `stop` says, within milliseconds.
  // Cost: an alignment of kHeadSentences sentences for each of a few pairs a
  // document, 10 to 20 ms each; see docs/matching.md. Memory: the words of the
  // heads, some 8 KB for a page of text.
  absl::StatusOr<MatchedHeap> Match(const std::vector<MatchInput>& inputs,
                                    const MatchOptions& options, const StopCondition& stop,
                                    Parallel& parallel = Parallel::None()) const;

 private:
  const LanguageIdentifier& identifier_;
  const SentenceEmbedder& embedder_;
  const ScoringWeights& weights_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MATCHING_DOCUMENT_MATCHER_H_
