// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_BENCHMARK_BENCHMARK_TEXT_H_
#define HEXAPLA_TESTS_BENCHMARK_BENCHMARK_TEXT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "server/embedding/sentence_embedder.h"
#include "server/langid/language_identifier.h"
#include "server/similarity/scoring_weights.h"

namespace hexapla::benchmarks {

// The fastText model that identifies languages.
inline constexpr char kLanguageModelPath[] = "models/lid.176.ftz";

// What benchmarks of alignment work on: the folder that HEXAPLA_BENCHMARK_TEXT
// names, with src.txt and tgt.txt, one sentence a line (default: the novel among
// the gold alignments of ../shared), over and over up to the length asked for. Of
// both sides the same share, so that they belong together. Lives on.
struct Sentences {
  std::vector<absl::string_view> source;
  std::vector<absl::string_view> target;
};

// Both sides are empty when there is no such text.
Sentences SentencesOf(size_t count);

struct Models {
  std::unique_ptr<const SentenceEmbedder> embedder;
  std::unique_ptr<const SentenceEmbedder> cached;  // as the server has it
  std::unique_ptr<const LanguageIdentifier> identifier;
  ScoringWeights weights;
};

// Those of models/ below the working directory; null when one is absent.
const Models* TheModels();

}  // namespace hexapla::benchmarks

#endif  // HEXAPLA_TESTS_BENCHMARK_BENCHMARK_TEXT_H_
