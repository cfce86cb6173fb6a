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
// Threads: immutable once built, so concurrent use is safe.
class PairEvidence {
 public:
  static absl::StatusOr<PairEvidence> Create(const EmbeddedDocument& source,
                                             const EmbeddedDocument& target, const SearchBand& band,
                                             const EvidenceOptions& options,
                                             const StopCondition& stop);

  // The features of the bead of `shape` that begins at these sentences.
  // Requires: it is inside the band and within bead_size_max.
  BeadFeatureVector Features(int source, int target, BeadShape shape) const;

  // What the finished alignment says about the documents.
  DocumentFeatureVector DocumentFeatures(const Alignment& alignment) const;

 private:
  // One side of the pair.
  struct Side {
    const EmbeddedDocument* document = nullptr;
    EmbeddingMatrix vectors;           // of sentences, less their share of the mean
    std::vector<float> word_weights;   // by rarity
    std::vector<bool> word_is_name;    // rare, and spelt alike on the other side
    std::vector<float> token_weights;  // of sentences: sums of word weights
    std::vector<float> gram;           // [sentence * bead_size_max + d]: v_s . v_{s+d}
    std::vector<float> neighbourhood;  // mean cosine of the nearest few sentences
    std::vector<float> best_cosine;    // highest cosine with any sentence
    std::vector<float> best_coverage;  // highest coverage by any sentence
    float cut_share = 0;               // of the breaks between sentences
  };
  // Where random pairs and true pairs of this document lie.
  struct Scale {
    float random = 0;
    float typical = 1;
    float Place(float x) const { return (x - random) / (typical - random); }
  };
  struct Coverage {
    float share = 0;    // of the side's weight that is covered
    float weakest = 1;  // of its sentences
    float numbers_matched = 0;
    float numbers_unmatched = 0;
    float names_matched = 0;
  };

  PairEvidence(const EmbeddedDocument& source, const EmbeddedDocument& target,
               const SearchBand& band, const EvidenceOptions& options);

  void PrepareSide(const EmbeddedDocument& document, const EmbeddedDocument& other, Side& side);
  absl::Status FillCosines(const StopCondition& stop);
  absl::Status FillCoverage(const StopCondition& stop);
  void Summarize();

  // Sentence cells of the band.
  int column_begin(int row) const { return column_begin_[row]; }
  int column_end(int row) const { return column_end_[row]; }
  float dot(int row, int column) const {
    return dots_[dot_offset_[row] + (column - column_begin_[row])];
  }
  // How well the words of `row` are covered by `column`, and the other way.
  const uint8_t* source_cover(int row, int column) const {
    return source_cover_.data() + source_cover_offset_[row] +
           static_cast<size_t>(column - column_begin_[row]) * source_.document->tokens_of(row);
  }
  const uint8_t* target_cover(int row, int column) const {
    const auto& begin = target_.document->token_begin;
    return target_cover_.data() + target_cover_offset_[row] +
           (begin[column] - begin[column_begin_[row]]);
  }

  float SpanNorm(const Side& side, int begin, int size) const;
  float SpanDot(int source, int sources, int target, int targets) const;
  float SpanCosine(int source, int sources, int target, int targets) const;
  float CellCosine(int row, int column) const { return SpanCosine(row, 1, column, 1); }
  Coverage SourceCoverage(int source, int sources, int target, int targets) const;
  Coverage TargetCoverage(int source, int sources, int target, int targets) const;
  template <typename CoverOf>
  Coverage SideCoverage(const Side& side, int begin, int size, const CoverOf& cover_of) const;
  float MergeGain(int source, int target, BeadShape shape, float cosine) const;
  static float Cuts(const Side& side, int begin, int size);
  float LengthDeviation(int source, int target, BeadShape shape) const;
  void DeletionFeatures(int source, int target, BeadShape shape, BeadFeatureVector& f) const;

  EvidenceOptions options_;
  Side source_;
  Side target_;
  std::vector<int> column_begin_;
  std::vector<int> column_end_;
  std::vector<size_t> dot_offset_;
  std::vector<float> dots_;
  std::vector<size_t> source_cover_offset_;
  std::vector<size_t> target_cover_offset_;
  std::vector<uint8_t> source_cover_;
  std::vector<uint8_t> target_cover_;
  Scale cosine_scale_;
  Scale coverage_scale_;
  float length_ratio_ = 1;  // target characters a source character
  float mean_source_length_ = 1;
  float mean_target_length_ = 1;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_PAIR_EVIDENCE_H_
