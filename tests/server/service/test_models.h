// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_SERVICE_TEST_MODELS_H_
#define HEXAPLA_TESTS_SERVER_SERVICE_TEST_MODELS_H_

#include <algorithm>
#include <memory>
#include <string>
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

// A set of these two and of weights that are all zero: an alignment with it is
// complete, but says nothing.
inline std::shared_ptr<const ModelSet> TestModels() {
  std::vector<ModelInfo> info(3);
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
  return std::make_shared<ModelSet>(std::make_unique<FakeIdentifier>(),
                                    std::make_unique<FakeEmbedder>(), ScoringWeights(),
                                    std::move(info));
}

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_SERVER_SERVICE_TEST_MODELS_H_
