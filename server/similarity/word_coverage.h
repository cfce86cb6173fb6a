// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_WORD_COVERAGE_H_
#define HEXAPLA_SERVER_SIMILARITY_WORD_COVERAGE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/bead.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/sentence_cells.h"
#include "server/similarity/word_similarity.h"

namespace hexapla {

// A source and a target word that mean the same, and how surely: 0 to 255, as
// WordSimilarity has it.
struct WordAssociation {
  int32_t source = 0;
  int32_t target = 0;
  uint8_t similarity = 0;
};

enum class Side : uint8_t { kSource, kTarget };

// How well the words of each sentence are rendered in each sentence of the
// other side, and what follows from it for runs of sentences.
//
// A word's cover in a sentence is the similarity of its best counterpart there;
// in a run of sentences, the best of theirs. Words weigh by rarity in their
// document and by how rarely they find a counterpart by chance. Weights are
// scaled so that the mean sentence of a side weighs 1: a result of 0.5 is half a
// sentence's worth of words.
//
// Lifetime: borrows the documents.
// Memory: per cell sixteen bytes, and one for each token of its two sentences.
// Threads: const methods may run concurrently.
class WordCoverage {
 public:
  // `semantic`: whether word vectors count; without, equal spelling does alone.
  // Cost: a comparison per pair of distinct words, a byte's maximum per pair of
  // tokens of a cell. Errors: as `stop` says.
  static absl::StatusOr<WordCoverage> Create(const EmbeddedDocument& source,
                                             const EmbeddedDocument& target, SentenceCells cells,
                                             bool semantic, const StopCondition& stop,
                                             Parallel& parallel = Parallel::None());

  // Words that are known to mean the same, beyond what their vectors say, now
  // cover one another at least so well. Requires: sorted by source word. Errors: as
  // `stop` says.
  absl::Status Associate(const std::vector<WordAssociation>& associations,
                         const StopCondition& stop, Parallel& parallel = Parallel::None());

  // What a run of one side finds of itself in a run of the other.
  struct Found {
    float share = 0;    // of the run's weight
    float weakest = 1;  // the least share of its sentences
    float numbers_matched = 0;
    float numbers_unmatched = 0;
    float names_matched = 0;  // other rare words spelt alike
  };
  // All runs below lie within the cells.
  Found Find(Side side, SentenceRun own, SentenceRun other) const;

  // The share of a sentence's weight that another covers.
  float Share(Side side, int own, int other) const;

  // The weight of both runs' words that the other covers.
  float Covered(SentenceRun source, SentenceRun target) const;

  // Of a bead with more than one sentence on a side: what the other side's cover
  // loses at least when one of the outer sentences is taken away, over that
  // sentence's weight; at most 1.
  float Gain(SentenceRun source, SentenceRun target) const;

  // Of a bead with more than one sentence on both sides: what it covers beyond
  // the best two beads it can be split into.
  float SplitGain(SentenceRun source, SentenceRun target) const;

  // The weight of a bead's words, times how much better the sentences next to
  // the bead cover them than those in it.
  float Leak(SentenceRun source, SentenceRun target) const;

  // How much of the four sentences around the node (row, column) seems to belong
  // beyond it: the heaviest tails of the two before it and heads of the two
  // after it whose words are covered better across the node than on their side.
  struct Straddle {
    float sum = 0;   // of the four, at most 3
    float both = 0;  // the most on which a tail and a head agree, at most 1
  };
  Straddle StraddleAt(int row, int column) const {
    return cells_.Contains(row, column) ? straddles_[cells_.Index(row, column)] : Straddle();
  }

 private:
  // A token that is a number, or a name: rare, and spelt alike on the other side.
  struct Telling {
    int32_t token;  // of its sentence
    bool is_number;
  };
  struct Words {
    const EmbeddedDocument* document = nullptr;
    std::vector<float> weights;           // of words
    std::vector<float> token_weights;     // of tokens, that of their word
    std::vector<Telling> telling;         // of all sentences, in order
    std::vector<int32_t> telling_begin;   // sentence -> its first; one more at the end
    std::vector<float> sentence_weights;  // sums over tokens
    std::vector<size_t> offset;           // row -> its covers
    std::vector<uint8_t> cover;
    std::vector<float> cell_covered;  // of each cell: the weight of this side's words covered
  };
  class UsualCovers;
  // Most sentences of a run.
  static constexpr size_t kRunMax = 8;
  // Where a sentence's covers in each sentence of a run lie.
  struct Covers {
    std::array<const uint8_t*, kRunMax> of;
    size_t count = 0;
  };

  WordCoverage(const EmbeddedDocument& source, const EmbeddedDocument& target, SentenceCells cells,
               bool semantic);

  // The words that may be names are those of `shared`.
  static void Prepare(const EmbeddedDocument& document, const std::vector<uint8_t>& shared,
                      Words& words);
  absl::Status Fill(const WordSimilarity& similarity, const StopCondition& stop,
                    Parallel& parallel);
  absl::Status WeighSourceBySurprise(const StopCondition& stop);
  absl::Status WeighTargetBySurprise(const StopCondition& stop);
  static void SettleWeights(const UsualCovers& usual, Words& words);

  const Words& of(Side side) const { return side == Side::kSource ? source_ : target_; }
  // The covers of the tokens of sentence `own` of `side` in sentence `other`.
  const uint8_t* Cover(Side side, int own, int other) const;
  Covers CoversIn(Side side, int own, SentenceRun other) const;
  // The weight of a sentence's words that a run covers.
  float SentenceCovered(Side side, int own, SentenceRun other) const;
  float CoveredOf(Side side, SentenceRun own, SentenceRun other) const;
  float GainOf(Side side, SentenceRun own, SentenceRun other) const;
  float LeakOf(Side side, SentenceRun own, SentenceRun other) const;
  // Fills in what follows from the covers of the rows that changed.
  absl::Status SumUp(const std::vector<uint8_t>& changed, const StopCondition& stop,
                     Parallel& parallel);
  void SumCells(int row);
  void FindStraddles(int row);
  // Whether any cover of the row was raised.
  bool Associate(int row, int token, const WordAssociation& association);
  float Crossing(Side side, int own, int here, int across, bool tail) const;

  // The weight that a sentence of the other side covers.
  float CellCovered(Side side, int own, int other) const {
    return of(side)
        .cell_covered[side == Side::kSource ? cells_.Index(own, other) : cells_.Index(other, own)];
  }

  SentenceCells cells_;
  // Without vectors most covers are 0, which is worth a look before they are summed.
  bool semantic_;
  Words source_;
  Words target_;
  std::vector<Straddle> straddles_;  // of the node before each cell
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_WORD_COVERAGE_H_
