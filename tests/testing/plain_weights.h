// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_PLAIN_WEIGHTS_H_
#define HEXAPLA_TESTS_TESTING_PLAIN_WEIGHTS_H_

#include "server/similarity/scoring_weights.h"

namespace hexapla::testing {

// Weights set by hand, few and round, for spaces made up in tests: meaning and
// coverage speak for a bead, a merge must gain something, a deletion costs.
inline ScoringWeights PlainWeights() {
  ScoringWeights weights;
  weights.bead[kSemantic] = 3;
  weights.bead[kCoverageLeast] = 3;
  weights.bead[kMergeGain] = 4;
  weights.bead[kLengthNear] = 0.3;
  weights.bead[kNumbersMatched] = 2;
  weights.bead[kNumbersUnmatched] = -1;
  weights.bead[kNamesMatched] = 2;
  for (int shape = kShape12; shape <= kShape15; ++shape) weights.bead[shape] = -4;
  weights.bead[kDeletion] = 0.5;
  weights.bead[kDeletionSemantic] = -1;
  weights.bead[kDeletionCoverage] = -1;
  for (const int k : kSketchTerms) weights.sketch[k] = weights.bead[k];
  weights.document[kDocumentCosine] = 8;
  weights.document[kDocumentCoverage] = 4;
  weights.document[kDocumentMatched] = 2;
  weights.document[kDocumentIntercept] = -5;
  return weights;
}

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_PLAIN_WEIGHTS_H_
