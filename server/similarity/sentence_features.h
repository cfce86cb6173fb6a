// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_SENTENCE_FEATURES_H_
#define HEXAPLA_SERVER_SIMILARITY_SENTENCE_FEATURES_H_

#include <cstdint>

#include "server/alignment/monotonic_aligner.h"
#include "server/similarity/bead_features.h"
#include "server/similarity/sentence_similarity.h"

namespace hexapla {

// Where features are cut.
inline constexpr float kPlaceLeast = -1;  // of a place on a scale
inline constexpr float kPlaceMost = 2;
inline constexpr float kLengthNearMost = 2;
inline constexpr float kLengthFarMost = 30;
inline constexpr float kLengthDeviationMost = 8;
inline constexpr float kSentenceCountMost = 4;

// The log of a sentence's length against the mean of its side.
float RelativeLength(const SentenceSimilarity::Side& side, int32_t length);

// The share of a bead's sentences that a pair of them is: (k + l) / 2 of a k-l bead.
inline float PairWeight(BeadShape shape) {
  return static_cast<float>(shape.sources + shape.targets) / 2;
}

// What sentence vectors, lengths, marks and shape say of the bead that begins at
// these sentences: kSketchTerms and their like; the features that need words are 0.
// Requires: the bead lies within the cells.
BeadFeatureVector SentenceFeatures(const SentenceSimilarity& sentences, int source, int target,
                                   BeadShape shape);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_SENTENCE_FEATURES_H_
