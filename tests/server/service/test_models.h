// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_SERVICE_TEST_MODELS_H_
#define HEXAPLA_TESTS_SERVER_SERVICE_TEST_MODELS_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/models/model_set.h"
#include "tests/testing/fake_language_identifier.h"

namespace hexapla {

// Knows every word: its first letter says where it points.
class FakeEmbedder final : public SentenceEmbedder {
 public:
  int dimension() const override { return 8; }
  const std::vector<std::string>& languages() const override { return languages_; }
  bool EmbedWord(absl::string_view word, float* out) const override {
    std::fill(out, out + dimension(), 0.0f);
    out[static_cast<unsigned char>(word[0]) % dimension()] = 1;
    return true;
  }

 private:
  const std::vector<std::string> languages_ = {"en", "fr"};
};

// Hears South Slavic in everything; its raw label says whether the clean-up was
// skipped.
class SouthSlavicIdentifier final : public LanguageIdentifier {
 public:
  Identification Identify(absl::string_view, const IdentifyOptions& options) const override {
    Identification answer;
    answer.guesses = {{"hr", options.skip_cleaning ? "raw" : "hrv", 0.5f},
                      {"sr", "srp", 0.4f},
                      {"sl", "slv", 0.1f}};
    answer.script = "Latn";
    if (answer.guesses.size() > static_cast<size_t>(options.guesses_max)) {
      answer.guesses.resize(options.guesses_max);
    }
    return answer;
  }
};

// A set of these and of weights that are all zero: an alignment with it is
// complete, but says nothing. With pair weights the score of a pair is its
// coverage.
inline std::shared_ptr<const ModelSet> TestModels(bool with_pair_weights = false) {
  std::vector<ModelInfo> info(4);
  info[0] = {.name = "space",
             .kind = ModelKind::kEmbedding,
             .version = "3",
             .file = "space.ftz",
             .size_bytes = 1234,
             .sha256 = std::string(64, 'a'),
             .languages = {"en", "fr"},
             .dimension = 160,
             .licence = "Apache-2.0",
             .source = "tests"};
  info[1] = {.name = "lid",
             .kind = ModelKind::kLanguageIdentifier,
             .version = "1",
             .file = "lid.ftz",
             .size_bytes = 99,
             .sha256 = std::string(64, 'b'),
             .languages = {"en", "fr"},
             .licence = "CC-BY-SA-3.0",
             .source = "tests"};
  info[2] = {.name = "weights",
             .kind = ModelKind::kBeadWeights,
             .version = "2",
             .file = "weights.txt",
             .size_bytes = 7,
             .sha256 = std::string(64, 'c'),
             .languages = {},
             .licence = "Apache-2.0",
             .source = "tests"};
  info[3] = {.name = "south",
             .kind = ModelKind::kLanguageIdentifier,
             .version = "7",
             .file = "south.ftz",
             .size_bytes = 88,
             .sha256 = std::string(64, 'd'),
             .languages = {"hr", "sl", "sr"},
             .licence = "Apache-2.0",
             .source = "tests"};
  ModelSet::NamedIdentifiers more;
  more.emplace_back("south", std::make_unique<SouthSlavicIdentifier>());
  std::optional<PairWeights> pair_weights;
  if (with_pair_weights) {
    info.push_back(info[2]);
    info.back().name = "pair-weights";
    info.back().kind = ModelKind::kPairWeights;
    pair_weights.emplace();
    pair_weights->semantic[kPairCoverage] = 4;
    pair_weights->semantic[kPairIntercept] = -2;
  }
  return std::make_shared<ModelSet>(std::make_unique<FakeIdentifier>(),
                                    std::make_unique<FakeEmbedder>(), ScoringWeights(),
                                    std::move(info), std::move(more), std::move(pair_weights));
}

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_SERVER_SERVICE_TEST_MODELS_H_
