// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_BEAD_FEATURES_H_
#define HEXAPLA_SERVER_SIMILARITY_BEAD_FEATURES_H_

#include <array>

#include "absl/strings/string_view.h"

#include "server/alignment/monotonic_aligner.h"

namespace hexapla {

// The named terms of a bead's score. All that concern both sides are summed
// over the bead as if each of its sentences brought its share, (k + l) / 2
// times the mean for a k-l bead, so that one large bead and several small ones
// are compared fairly.
enum BeadFeature {
  // How alike the two sides' sentence vectors are: their centred cosine, placed
  // between that of random pairs of this document (0) and of its mutually
  // nearest pairs (1).
  kSemantic,
  // What is missing of kSemantic to half, if anything: low values weigh more.
  kSemanticLow,
  // The centred cosine as it is.
  kCosine,
  // The cosine less what the nearest other sentences reach.
  kMargin,
  // What the bead's cosine loses at least when one of its outer sentences is
  // taken away; of beads with more than one sentence on a side.
  kMergeGain,
  // Share of the words, weighted by rarity and surprise, that find a counterpart
  // on the other side; mean of both ways, placed like kSemantic.
  kCoverage,
  // What is missing of kCoverage to half.
  kCoverageLow,
  // The lesser of both ways, as it is.
  kCoverageLeast,
  // Coverage of the bead's worst covered sentence; of beads with more than one
  // sentence on a side.
  kCoverageWeakest,
  // What the other side's coverage loses at least when one of the bead's outer
  // sentences is taken away; of beads with more than one sentence on a side.
  kCoverageGain,
  // What the bead covers beyond the best two it can be split into; of beads with
  // more than one sentence on both sides.
  kSplitGain,
  // Words that the neighbours of the bead cover better than the bead itself.
  kLeak,
  // How far the sentences at the bead's two ends reach across them: the sum, and
  // what both sides agree on. A sentence cut elsewhere in the other version.
  kStraddle,
  kStraddleBoth,
  // Minus half the squared deviation of the lengths' ratio from the document's,
  // in standard deviations (Gale and Church 1993), cut at 2 and at 30; and minus
  // the deviation itself.
  kLengthNear,
  kLengthFar,
  kLengthDeviation,
  // Full stops and their like inside the sides' sentences: minus how many more
  // sentences one side seems to hold than the other.
  kSentenceCount,
  // Breaks inside the bead that seem to cut a sentence in two, over what is
  // usual in the documents.
  kCuts,
  // kSemantic and kCoverageLeast once more, of beads with more than one sentence
  // on a side.
  kMergeSemantic,
  kMergeCoverage,
  // Numbers that stand on both sides, and on one only.
  kNumbersMatched,
  kNumbersUnmatched,
  // Other rare words spelt alike on both sides: names, URLs.
  kNamesMatched,
  // Of beads with more than one sentence on a side, and of deletions: how much
  // rarer than usual such beads are in this document, as far as a first
  // alignment tells; 0 or less, logarithmic.
  kMergeRate,
  kDeletionRate,
  // One per shape, either way round: the log prior of such a bead.
  kShape11,
  kShape12,
  kShape22,
  kShape13,
  kShape23,
  kShape14,
  kShape33,
  kShape24,
  kShape15,
  // A deletion or insertion: its log prior, the sentence's length (log, against
  // the mean), and the best semantic and coverage it reaches anywhere nearby.
  kDeletion,
  kDeletionLength,
  kDeletionSemantic,
  kDeletionCoverage,
  kBeadFeatures,
};

// What says whether two documents are versions of one another, from their best
// alignment.
enum DocumentFeature {
  kDocumentCosine,    // mean centred cosine of beads of both sides
  kDocumentCoverage,  // mean coverage of the same
  kDocumentMatched,   // share of characters in such beads
  kDocumentMargin,    // mean margin of the same
  kDocumentScore,     // mean score of a bead
  kDocumentIntercept,
  kDocumentFeatures,
};

// The terms of the first, rough look at the beads, which have weights of their
// own there (server/similarity/bead_sketch.h); in rising order.
inline constexpr int kSketchTerms[] = {
    kSemantic, kCosine,  kMargin,  kMergeGain, kLengthNear,     kLengthDeviation, kSentenceCount,
    kCuts,     kShape11, kShape12, kShape22,   kShape13,        kShape23,         kShape14,
    kShape33,  kShape24, kShape15, kDeletion,  kDeletionLength,
};

// The prior of a two-sided shape: kShape11 to kShape15.
int ShapeFeature(BeadShape shape);

using BeadFeatureVector = std::array<float, kBeadFeatures>;
using DocumentFeatureVector = std::array<double, kDocumentFeatures>;

// The names in the weights file: "semantic", "shape_1_2", ...
absl::string_view BeadFeatureName(int feature);
absl::string_view DocumentFeatureName(int feature);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_BEAD_FEATURES_H_
