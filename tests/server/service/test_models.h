// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_SERVICE_TEST_MODELS_H_
#define HEXAPLA_TESTS_SERVER_SERVICE_TEST_MODELS_H_

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "server/models/model_set.h"

namespace hexapla {

// Knows two languages by one letter: "é" makes a text French, any other letter
// English, and a text without letters is "und". Honours `candidates`.
class FakeIdentifier final : public LanguageIdentifier {
 public:
  Identification Identify(absl::string_view text, const IdentifyOptions& options) const override {
    const bool has_letters = std::any_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
    });
    if (!has_letters) return {.guesses = {{"und", "", 0}}, .script = "Zyyy", .reliable = false};
    Identification result{.guesses = {{"en", "eng", 0.75f}, {"fr", "fra", 0.25f}},
                          .script = "Latn",
                          .reliable = true};
    if (text.find("é") != absl::string_view::npos) {
      std::swap(result.guesses[0].language, result.guesses[1].language);
      std::swap(result.guesses[0].raw_label, result.guesses[1].raw_label);
    }
    Restrict(options, result.guesses);
    return result;
  }

 private:
  static void Restrict(const IdentifyOptions& options, std::vector<LanguageGuess>& guesses) {
    if (!options.candidates.empty()) {
      std::erase_if(guesses, [&options](const LanguageGuess& guess) {
        return std::find(options.candidates.begin(), options.candidates.end(), guess.language) ==
               options.candidates.end();
      });
    }
    if (guesses.size() > static_cast<size_t>(options.guesses_max)) {
      guesses.resize(options.guesses_max);
    }
    if (guesses.empty()) guesses.push_back({"und", "", 0});
  }
};

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
