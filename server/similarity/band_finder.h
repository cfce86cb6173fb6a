// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_BAND_FINDER_H_
#define HEXAPLA_SERVER_SIMILARITY_BAND_FINDER_H_

#include "absl/status/statusor.h"

#include "server/alignment/search_band.h"
#include "server/base/parallel.h"
#include "server/base/stop_condition.h"
#include "server/similarity/centred_document.h"

namespace hexapla {

struct BandOptions {
  // Grids of no more nodes, and of no more pairs of tokens, are searched whole.
  size_t full_nodes_max = 40000;
  size_t full_token_pairs_max = size_t{64} << 20;
  // Nodes on either side of the path that the coarser grid found.
  int radius = 12;
};

// Where to look for the alignment of two documents: everywhere if the grid is
// small, else around a path found coarse to fine. Neighbouring sentences are
// joined in pairs, again and again, until the grid is small; its best path is
// refined level by level (Thompson and Koehn 2019, after Salvador and Chan
// 2007).
// Of paths as good as one another the one is taken that keeps step in both texts, by
// characters: of a form filled in again and again only its place tells one from another.
// Without `semantic` the words that both documents spell alike lead the way; where
// nothing does, the way runs straight.
// Cost: linear in the sentences beyond the smallest grid.
// Errors: as `stop` says.
absl::StatusOr<SearchBand> FindBand(const CentredDocument& source, const CentredDocument& target,
                                    bool semantic, const BandOptions& options,
                                    const StopCondition& stop,
                                    Parallel& parallel = Parallel::None());

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_BAND_FINDER_H_
