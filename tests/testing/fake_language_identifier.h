// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_FAKE_LANGUAGE_IDENTIFIER_H_
#define HEXAPLA_TESTS_TESTING_FAKE_LANGUAGE_IDENTIFIER_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "server/langid/language_identifier.h"

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

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_TESTING_FAKE_LANGUAGE_IDENTIFIER_H_
