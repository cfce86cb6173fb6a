// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_PAIR_EVIDENCE_H_
#define HEXAPLA_SERVER_SIMILARITY_PAIR_EVIDENCE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/search_band.h"
#include "server/base/stop_condition.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/bead_features.h"
#include "server/similarity/sentence_cells.h"
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
// A bead's cosine needs no vectors: the inner product of two sums is the sum of
// the inner products, which are stored. A bead's coverage is, per word, the
// maximum over the cells of the bead, which are stored as bytes.
//
// Lifetime: borrows the documents.
// Memory: per cell of the band 4 bytes and one for each word of its sentences.
// Cost: an inner product of vectors per cell, and one per pair of distinct words.
// Threads: const methods may run concurrently.
class PairEvidence {
 public:
  static absl::StatusOr<PairEvidence> Create(const EmbeddedDocument& source,
                                             const EmbeddedDocument& target, const SearchBand& band,
                                             const EvidenceOptions& options,
                                             const StopCondition& stop);

  // Learns from a first alignment what the documents are like: how close their
  // true pairs lie, their lengths' ratio, how often they delete and merge, and
  // which words keep meeting in sure beads (names in other scripts, terms).
  // Where the first alignment is unsure or short, little changes. What deletions
  // look for (kDeletionSemantic, kDeletionCoverage) stays as it was.
  // Errors: as `stop` says.
  absl::Status Learn(const Alignment& first, const StopCondition& stop);

  // The features of the bead of `shape` that begins at these sentences.
  // Requires: it is inside the band and within bead_size_max.
  BeadFeatureVector Features(int source, int target, BeadShape shape) const;

  // What the finished alignment says about the documents.
  DocumentFeatureVector DocumentFeatures(const Alignment& alignment) const;

 private:
  // One side of the pair.
  struct SideEvidence {
    const EmbeddedDocument* document = nullptr;
    EmbeddingMatrix vectors;           // of sentences, less their share of the mean
    std::vector<float> gram;           // [sentence * bead_size_max + d]: v_s . v_{s+d}
    std::vector<float> neighbourhood;  // mean cosine of the nearest few sentences
    std::vector<float> best_cosine;    // highest cosine with any sentence
    std::vector<float> best_coverage;  // highest coverage by any sentence
    float cut_share = 0;               // of the breaks between sentences
    float mean_length = 1;
  };
  // Where random pairs and true pairs of this document lie.
  struct Scale {
    float random = 0;
    float typical = 1;
    float Place(float x) const { return (x - random) / (typical - random); }
    void SetTypical(double mean);
  };

  PairEvidence(const EmbeddedDocument& source, const EmbeddedDocument& target, SentenceCells cells,
               WordCoverage coverage, const EvidenceOptions& options);

  void PrepareSide(const EmbeddedDocument& document, SideEvidence& side) const;
  absl::Status FillCosines(const StopCondition& stop);
  absl::Status Summarize(const StopCondition& stop);
  void LearnScales(const Alignment& first);
  void LearnRates(const Alignment& first);

  float SpanNorm(const SideEvidence& side, SentenceRun run) const;
  float SpanCosine(SentenceRun source, SentenceRun target) const;
  float MeanCoverage(SentenceRun source, SentenceRun target) const;
  float MergeGain(SentenceRun source, SentenceRun target, float cosine) const;
  static float Cuts(const SideEvidence& side, SentenceRun run);
  float LengthDeviation(SentenceRun source, SentenceRun target) const;
  void DeletionFeatures(const SideEvidence& side, int sentence, BeadFeatureVector& f) const;
  void SemanticFeatures(SentenceRun source, SentenceRun target, BeadFeatureVector& f) const;
  void CoverageFeatures(SentenceRun source, SentenceRun target, BeadFeatureVector& f) const;
  void FormFeatures(SentenceRun source, SentenceRun target, BeadFeatureVector& f) const;

  EvidenceOptions options_;
  SentenceCells cells_;
  WordCoverage coverage_;
  SideEvidence source_;
  SideEvidence target_;
  std::vector<float> dots_;  // of cells: inner product of the sentence vectors
  Scale cosine_scale_;
  Scale coverage_scale_;
  float length_ratio_ = 1;  // target characters a source character
  float merge_rate_ = 0;
  float deletion_rate_ = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_PAIR_EVIDENCE_H_
