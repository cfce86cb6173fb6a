// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_LEXICON_H_
#define HEXAPLA_SERVER_SIMILARITY_LEXICON_H_

#include <vector>

#include "server/alignment/monotonic_aligner.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/word_coverage.h"

namespace hexapla {

// The words of two documents that keep meeting in the sure beads of an alignment
// (Moore 2002; hunalign's second pass, Varga et al. 2005): names in another
// script, terms that the embedding space does not know. Only words that recur
// count, and only pairs that meet twice; what they share of their occurrences,
// less some for chance, is their similarity. So a short document yields nothing.
// Cost: the pairs of recurring words within each bead.
std::vector<WordAssociation> LearnLexicon(const EmbeddedDocument& source,
                                          const EmbeddedDocument& target,
                                          const Alignment& alignment);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_LEXICON_H_
