// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_ALIGNMENT_FIELD_H_
#define HEXAPLA_TRAINING_ALIGNMENT_FIELD_H_

#include <array>
#include <memory>
#include <vector>

#include "server/alignment/monotonic_aligner.h"
#include "server/embedding/sentence_embedder.h"
#include "server/similarity/pair_evidence.h"
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
  size_t candidates() const { return candidates_.size(); }

  // Chooses the candidates that these weights find possible at all, beside the
  // gold's own, with the features that a second pass would see: what a first
  // alignment teaches is learnt, unless `second_pass` is false.
  void Prepare(const BeadWeights& weights, bool second_pass);

  // Adds the gradient of the gold's log likelihood times `weight`; returns the
  // log likelihood times `weight`.
  double AddGradient(const BeadWeights& weights, double weight, BeadWeights& gradient) const;

  // The alignment over the candidates.
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
  void Prune(const BeadWeights& weights);

  GoldPair gold_;
  const std::vector<BeadShape>& shapes_;
  EmbeddedDocument source_;
  EmbeddedDocument target_;
  bool semantic_;
  SearchBand band_;
  std::unique_ptr<PairEvidence> evidence_;
  std::vector<Candidate> candidates_;  // by `from`, which precedes `to`
};

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_ALIGNMENT_FIELD_H_
