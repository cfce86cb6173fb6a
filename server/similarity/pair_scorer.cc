// SPDX-License-Identifier: Apache-2.0
#include "server/similarity/pair_scorer.h"

#include <cmath>

#include "server/base/status_macros.h"
#include "server/embedding/embedded_document.h"

namespace hexapla {

PairScorer::PairScorer(const SentenceEmbedder& embedder, const PairWeights& weights,
                       absl::string_view source_language, absl::string_view target_language)
    : source_embedder_(embedder.ForLanguage(source_language)),
      target_embedder_(embedder.ForLanguage(target_language)),
      weights_(weights),
      semantic_(Covers(embedder, source_language) && Covers(embedder, target_language)),
      log_length_ratio_(weights.LogLengthRatio(source_language, target_language)) {}

absl::StatusOr<PairScore> PairScorer::Score(absl::string_view source, absl::string_view target,
                                            const StopCondition& stop) const {
  HEXAPLA_ASSIGN_OR_RETURN(const EmbeddedDocument x,
                           EmbedDocument({source}, source_embedder_, stop));
  HEXAPLA_ASSIGN_OR_RETURN(const EmbeddedDocument y,
                           EmbedDocument({target}, target_embedder_, stop));
  const SentencePairVector features = SentencePairFeatures(x, y, log_length_ratio_, semantic_);
  const SentencePairVector& weights = semantic_ ? weights_.semantic : weights_.plain;
  PairScore result;
  for (int k = 0; k < kSentencePairFeatures; ++k) result.score += weights[k] * features[k];
  result.probability = 1 / (1 + std::exp(-result.score));
  return result;
}

}  // namespace hexapla
