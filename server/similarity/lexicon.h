// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_LEXICON_H_
#define HEXAPLA_SERVER_SIMILARITY_LEXICON_H_

#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/word_coverage.h"

namespace hexapla {

// The words of two documents that keep meeting in the sure beads of an alignment
// (Moore 2002; hunalign's second pass, Varga et al. 2005): names in another
// script, terms that the embedding space does not know. Only words that recur
// count, and only pairs that meet twice; what they share of their occurrences,
// less some for chance, is their similarity. So a short document yields nothing.
// Sorted by source word, then by target word.
//
// Of a bead the rarest 32 recurring words of each side count.
// Cost: at most 32 x 32 steps a bead. Memory: linear. Errors: as `stop` says.
absl::StatusOr<std::vector<WordAssociation>> LearnLexicon(const EmbeddedDocument& source,
                                                          const EmbeddedDocument& target,
                                                          const Alignment& alignment,
                                                          const StopCondition& stop,
                                                          Parallel& parallel = Parallel::None());

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_LEXICON_H_
