// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_GOLD_H_
#define HEXAPLA_TRAINING_GOLD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "server/alignment/bead.h"

namespace hexapla::training {

// A pair of documents whose right alignment is known.
struct GoldPair {
  std::string set;       // the path of its set below the root: "ntrex-dev/en-fr"
  std::string document;  // its folder's name
  std::string source_language;
  std::string target_language;
  std::vector<std::string> source;  // sentences
  std::vector<std::string> target;
  // In order, covering every sentence once. Beads of the gold that are not
  // contiguous or cross others are taken apart into deletions and insertions.
  std::vector<Bead> beads;
};

// Reads every folder below `root` that holds src.txt, tgt.txt, gold.txt and
// META, in the order of their paths. Errors: NotFound, InvalidArgument.
absl::StatusOr<std::vector<GoldPair>> ReadGold(const std::string& root);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_GOLD_H_
