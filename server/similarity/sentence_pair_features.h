// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_SENTENCE_PAIR_FEATURES_H_
#define HEXAPLA_SERVER_SIMILARITY_SENTENCE_PAIR_FEATURES_H_

#include <array>

#include "absl/strings/string_view.h"

#include "server/embedding/embedded_document.h"

namespace hexapla {

// What two sentences alone, without a document around them, say about whether
// one translates the other. Words weigh as much as their vectors are long.
enum SentencePairFeature {
  // Cosine of the sentence vectors; how far it stays under 0.5 and under 0.3; and
  // the cosine once more, weighted by how short the pair is: there it says less.
  kPairCosine,
  kPairCosineLow,
  kPairCosineVeryLow,
  kPairCosineShort,
  // What the cosine gains at best when a quarter or half of one side is left
  // away: a side that says more than the other.
  kPairTrimGain,
  // Share of the words that find a counterpart on the other side: the mean of
  // both ways, the lesser, how far that stays under 0.5 and under 0.3, and the
  // lesser weighted by how short the pair is.
  kPairCoverage,
  kPairCoverageLeast,
  kPairCoverageLow,
  kPairCoverageVeryLow,
  kPairCoverageShort,
  // The lesser of the shares whose counterpart is a sure one.
  kPairCoverageSure,
  // The longest run of words on one side without any, as a share of the side;
  // the heaviest word without any, by weight, and its share.
  kPairUncoveredRun,
  kPairUncoveredWord,
  kPairUncoveredWordShare,
  // Minus half the squared deviation of the lengths from the languages' ratio,
  // in standard deviations (Gale and Church 1993), up to 2 and from there to 30;
  // and the distance of the logarithms.
  kPairLengthNear,
  kPairLengthFar,
  kPairLengthRatio,
  // The same distance of the sums of the words' weights.
  kPairMassRatio,
  // Full stops and their like: how many more one side seems to hold.
  kPairSentenceCount,
  // Numbers on both sides, on one only; other words spelt alike. Few at most.
  kPairNumbersMatched,
  kPairNumbersUnmatched,
  kPairNamesMatched,
  // One over the root of the number of words of the shorter side.
  kPairShort,
  kPairIntercept,
  kSentencePairFeatures,
};

using SentencePairVector = std::array<double, kSentencePairFeatures>;

// The name in the weights file: "cosine", "trim_gain", ...
absl::string_view SentencePairFeatureName(int feature);

// The features of two documents of one sentence each, neither blank.
//
// `log_length_ratio` is the logarithm of how many characters of the target one
// of the source is usually worth. Without `semantic` the vectors count for
// nothing and only words spelt alike find each other.
SentencePairVector SentencePairFeatures(const EmbeddedDocument& source,
                                        const EmbeddedDocument& target, double log_length_ratio,
                                        bool semantic);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_SENTENCE_PAIR_FEATURES_H_
