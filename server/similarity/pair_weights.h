// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_SIMILARITY_PAIR_WEIGHTS_H_
#define HEXAPLA_SERVER_SIMILARITY_PAIR_WEIGHTS_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/similarity/sentence_pair_features.h"

namespace hexapla {

// The fitted numbers of the score of a sentence pair: a logistic regression, so
// that the inner product with the features is the log-odds.
//
// The file has one `name value` pair a line; `#` starts a comment. Every feature
// is there twice, as `semantic.NAME` and `plain.NAME`, and `length.TAG` as often
// as there are languages whose length is known.
struct PairWeights {
  // For two languages that the space covers, and for others.
  SentencePairVector semantic{};
  SentencePairVector plain{};
  // Of a canonical tag: the logarithm of how many characters it takes to say
  // what English says in one.
  std::map<std::string, double> lengths = {};

  // The expected logarithm of target characters a source character; 0 if either
  // language is not known.
  double LogLengthRatio(absl::string_view source, absl::string_view target) const;

  // Errors name the file and the line: NotFound, InvalidArgument.
  static absl::StatusOr<PairWeights> Read(absl::string_view path);
  static absl::StatusOr<PairWeights> Parse(absl::string_view text, absl::string_view name);
  std::string ToText() const;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_SIMILARITY_PAIR_WEIGHTS_H_
