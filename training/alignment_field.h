// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_ALIGNMENT_FIELD_H_
#define HEXAPLA_TRAINING_ALIGNMENT_FIELD_H_

#include <array>
#include <memory>
#include <vector>

#include "server/alignment/monotonic_aligner.h"
#include "server/embedding/sentence_embedder.h"
#include "server/similarity/bead_sketch.h"
#include "server/similarity/pair_evidence.h"
#include "server/similarity/scoring_weights.h"
#include "training/gold.h"

namespace hexapla::training {

using BeadWeights = std::array<double, kBeadFeatures>;

// One gold pair of documents as a semi-Markov random field: candidate beads with
// their features, of which an alignment is a path and the gold is one.
// Threads: different fields may be used at once.
class AlignmentField {
 public:
  // Borrows nothing but the shapes.
  AlignmentField(GoldPair gold, const SentenceEmbedder& embedder,
                 const std::vector<BeadShape>& shapes);

  const GoldPair& gold() const { return gold_; }

  // The looks that the aligner takes at a pair of documents: the sketch, the first
  // alignment by all terms, and the second, with what the first teaches.
  enum class Look { kSketch, kFirst, kSecond };

  // Chooses the candidates that these weights find possible at all, beside the
  // gold's own, with the features that `look` would see. A closer look sees what
  // the sketch leaves.
  void Prepare(const ScoringWeights& weights, Look look);

  // Adds the gradient of the gold's log likelihood times `weight`; returns the
  // log likelihood times `weight`.
  double AddGradient(const BeadWeights& weights, double weight, BeadWeights& gradient) const;

  // What the last sketch left: of the gold's beads of both sides, how many, and
  // how many beads in all.
  size_t gold_two_sided() const { return gold_two_sided_; }
  size_t gold_kept() const { return gold_kept_; }
  size_t beads_kept() const { return beads_kept_; }

  // The alignment over the candidates. Requires: it is no sketch's.
  Alignment Align(const BeadWeights& weights) const;
  DocumentFeatureVector DocumentFeatures(const Alignment& alignment) const {
    return evidence_->DocumentFeatures(alignment);
  }

 private:
  struct Candidate {
    size_t from;  // nodes of the band
    size_t to;
    size_t shape;
    bool gold;
    BeadFeatureVector features;
  };

  void SplitForeignShapes();
  size_t ShapeOf(const Bead& bead) const;
  CandidateBeads WithGold(const CandidateBeads& kept);
  template <typename Features>
  void Prune(const BeadWeights& weights, const CandidateBeads& beads, const Features& features);

  GoldPair gold_;
  const std::vector<BeadShape>& shapes_;
  EmbeddedDocument source_;
  EmbeddedDocument target_;
  bool semantic_;
  SearchBand wide_band_;
  SearchBand band_;  // of the candidates
  std::unique_ptr<PairEvidence> evidence_;
  size_t gold_two_sided_ = 0;
  size_t gold_kept_ = 0;
  size_t beads_kept_ = 0;
  std::vector<Candidate> candidates_;  // by `from`, which precedes `to`
};

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_ALIGNMENT_FIELD_H_
