// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_PAIR_EVIDENCE_H_
#define HEXAPLA_SERVER_SIMILARITY_PAIR_EVIDENCE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/search_band.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/bead_features.h"
#include "server/similarity/sentence_similarity.h"
#include "server/similarity/word_coverage.h"

namespace hexapla {

struct EvidenceOptions {
  // Most sentences of one side in a bead that Features() will be asked about.
  int bead_size_max = 5;
  // Whether word and sentence vectors count. Without, identical words remain.
  bool semantic = true;
};

// Everything two documents say about which of their sentences belong together,
// worked out once for the cells of a band so that the features of any bead
// inside it are sums and maxima over at most a few cells.
//
// A bead's cosine is a sum over the cells of the bead (sentence_similarity.h), its
// coverage, per word, the maximum over them (word_coverage.h).
//
// Lifetime: borrows the documents.
// Memory and cost: those of SentenceSimilarity and WordCoverage.
// Threads: const methods may run concurrently.
class PairEvidence {
 public:
  static absl::StatusOr<PairEvidence> Create(const EmbeddedDocument& source,
                                             const EmbeddedDocument& target, const SearchBand& band,
                                             const EvidenceOptions& options,
                                             const StopCondition& stop);

  // The words' evidence for the beads within `cells`.
  static absl::StatusOr<PairEvidence> Create(SentenceSimilarity sentences, SentenceCells cells,
                                             const EvidenceOptions& options,
                                             const StopCondition& stop,
                                             Parallel& parallel = Parallel::None());

  // Learns from a first alignment what the documents are like: how close their
  // true pairs lie, their lengths' ratio, how often they delete and merge, and
  // which words keep meeting in sure beads (names in other scripts, terms).
  // Where the first alignment is unsure or short, little changes. What deletions
  // look for (kDeletionSemantic, kDeletionCoverage) stays as it was.
  // Errors: as `stop` says.
  absl::Status Learn(const Alignment& first, const StopCondition& stop,
                     Parallel& parallel = Parallel::None());

  // The features of the bead of `shape` that begins at these sentences.
  // Requires: it is inside the band and within bead_size_max.
  BeadFeatureVector Features(int source, int target, BeadShape shape) const;

  // What the finished alignment says about the documents.
  DocumentFeatureVector DocumentFeatures(const Alignment& alignment) const;

 private:
  PairEvidence(SentenceSimilarity sentences, WordCoverage coverage, const EvidenceOptions& options);

  absl::Status Summarize(const SentenceCells& cells, const StopCondition& stop);
  void LearnScales(const Alignment& first);
  void LearnRates(const Alignment& first);

  float MeanCoverage(SentenceRun source, SentenceRun target) const;
  float LeastCoverage(SentenceRun source, SentenceRun target) const;
  void CoverageFeatures(SentenceRun source, SentenceRun target, BeadFeatureVector& f) const;

  const EmbeddedDocument& source_document() const { return *sentences_.source().document; }
  const EmbeddedDocument& target_document() const { return *sentences_.target().document; }

  EvidenceOptions options_;
  SentenceSimilarity sentences_;
  WordCoverage coverage_;
  std::vector<float> source_best_coverage_;  // highest by any sentence
  std::vector<float> target_best_coverage_;
  SimilarityScale coverage_scale_;
  float merge_rate_ = 0;
  float deletion_rate_ = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_PAIR_EVIDENCE_H_
