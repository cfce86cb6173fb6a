// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_SENTENCE_SIMILARITY_H_
#define HEXAPLA_SERVER_SIMILARITY_SENTENCE_SIMILARITY_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/bead.h"
#include "server/alignment/search_band.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/centred_document.h"
#include "server/similarity/sentence_cells.h"

namespace hexapla {

// Variance of the length ratio per character (Gale and Church measured 6.8), and
// the characters that any sentence may be off.
inline constexpr float kLengthVariance = 6.8F;
inline constexpr float kLengthUncertain = 2;

// Where random pairs and true pairs of a document lie.
struct SimilarityScale {
  float random = 0;
  float typical = 1;

  float range() const { return typical - random; }
  float Place(float x) const { return (x - random) / range(); }
  // Typical is kept some way above random.
  void SetTypical(double mean);
};

// The cosines of all runs of sentences inside a band, and what is usual there.
// No vectors are needed for a run: the inner product of two sums is the sum of
// the inner products, which are stored. Also what the sentences' forms say:
// lengths, marks and cuts.
//
// Sentence vectors are centred (centred_document.h). What counts as a high cosine
// depends on the languages and the text, so cosines are also placed on a scale
// between random pairs of this document and its mutually nearest pairs; the latter
// are pulled towards what is usual when there are few.
//
// Lifetime: borrows the documents; their vectors during Create only.
// Memory: four bytes a cell of the band.
// Cost: an inner product of vectors per cell.
// Threads: const methods may run concurrently.
class SentenceSimilarity {
 public:
  // One of the two documents.
  struct Side {
    const EmbeddedDocument* document = nullptr;
    std::vector<float> gram;           // [sentence * run_size_max + d]: v_s . v_{s+d}
    std::vector<float> neighbourhood;  // mean cosine of the nearest few sentences
    std::vector<float> best_cosine;    // highest cosine with any sentence
    float cut_share = 0;               // of the breaks between sentences
    float mean_length = 1;
  };

  // `run_size_max`: most sentences in a run. Without `semantic` all cosines are 0.
  // Errors: as `stop` says.
  static absl::StatusOr<SentenceSimilarity> Create(const CentredDocument& source,
                                                   const CentredDocument& target,
                                                   const SearchBand& band, int run_size_max,
                                                   bool semantic, const StopCondition& stop,
                                                   Parallel& parallel = Parallel::None());

  const SentenceCells& cells() const { return cells_; }
  const Side& source() const { return source_; }
  const Side& target() const { return target_; }
  int run_size_max() const { return run_size_max_; }
  const SimilarityScale& scale() const { return scale_; }
  SimilarityScale& scale() { return scale_; }
  // Target characters a source character.
  float length_ratio() const { return length_ratio_; }
  void set_length_ratio(float ratio) { length_ratio_ = ratio; }

  // The inner product of two sentences. Requires: the cell is inside.
  float Dot(int source, int target) const { return dots_[cells_.Index(source, target)]; }
  const float* Dots(int source) const {
    return dots_.data() + cells_.Index(source, cells_.begin(source));
  }

  // The length of the sum of a run's vectors, more than 0.
  float Norm(const Side& side, SentenceRun run) const;
  float Cosine(SentenceRun source, SentenceRun target) const;
  // What a bead's cosine loses at least when one of its outer sentences is taken
  // away, on the scale.
  float MergeGain(SentenceRun source, SentenceRun target, float cosine) const;
  // The mean of `values` over a run.
  static float Mean(const std::vector<float>& values, SentenceRun run);
  // Breaks inside a run that seem to cut a sentence, over what is usual.
  static float Cuts(const Side& side, SentenceRun run);
  // Gale and Church's: how far the lengths are from the expected ratio, in
  // standard deviations; the variance grows with length.
  float LengthDeviation(SentenceRun source, SentenceRun target) const;

  // The mutually nearest pairs of sentences.
  struct Mutual {
    int source;
    int target;
  };
  const std::vector<Mutual>& mutual() const { return mutual_; }

 private:
  SentenceSimilarity(const EmbeddedDocument& source, const EmbeddedDocument& target,
                     const SearchBand& band, int run_size_max, bool semantic);

  absl::Status FillGram(const CentredVectors& vectors, const StopCondition& stop,
                        Parallel& parallel, Side& side) const;
  absl::Status FillDots(const CentredVectors& source, const CentredVectors& target,
                        const StopCondition& stop, Parallel& parallel);
  absl::Status Summarize(const StopCondition& stop);

  int run_size_max_;
  bool semantic_;
  SentenceCells cells_;
  Side source_;
  Side target_;
  std::vector<float> dots_;  // of cells
  std::vector<Mutual> mutual_;
  SimilarityScale scale_;
  float length_ratio_ = 1;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_SENTENCE_SIMILARITY_H_
