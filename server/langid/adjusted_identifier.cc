// SPDX-License-Identifier: Apache-2.0
#include "server/langid/adjusted_identifier.h"

#include <algorithm>
#include <utility>

#include "server/langid/macrolanguage.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

// Guesses that adjustments look at: what comes behind has next to nothing.
constexpr int kGuessesLookedAt = 64;
constexpr float kReliableGroup = 0.9f;

bool Better(const LanguageGuess& a, const LanguageGuess& b) { return a.confidence > b.confidence; }

}  // namespace

Identification AdjustedIdentifier::Identify(absl::string_view text,
                                            const IdentifyOptions& options) const {
  if (adjustments_.empty()) return identifier_.Identify(text, options);
  IdentifyOptions all = options;
  all.guesses_max = std::max(kGuessesLookedAt, options.guesses_max);
  Identification identification = identifier_.Identify(text, all);
  if (!adjustments_.hints.empty()) Hint(identification);
  if (adjustments_.group_macrolanguages) Group(identification);
  std::vector<LanguageGuess>& guesses = identification.guesses;
  const size_t size = static_cast<size_t>(std::max(1, options.guesses_max));
  if (guesses.size() > size) guesses.resize(size);
  return identification;
}

void AdjustedIdentifier::Hint(Identification& identification) const {
  std::vector<LanguageGuess>& guesses = identification.guesses;
  const std::string first = guesses[0].language;
  float before = 0;
  float after = 0;
  for (LanguageGuess& guess : guesses) {
    before += guess.confidence;
    const bool hinted =
        std::any_of(adjustments_.hints.begin(), adjustments_.hints.end(),
                    [&](const std::string& hint) { return SameLanguage(hint, guess.language); });
    if (hinted) guess.confidence *= kHintFactor;
    after += guess.confidence;
  }
  if (after == before) return;
  for (LanguageGuess& guess : guesses) guess.confidence *= before / after;
  std::stable_sort(guesses.begin(), guesses.end(), Better);
  identification.reliable = identification.reliable && guesses[0].language == first;
}

void AdjustedIdentifier::Group(Identification& identification) const {
  std::vector<LanguageGuess> groups;
  for (LanguageGuess& guess : identification.guesses) {
    guess.language = MacrolanguageOf(guess.language);
    const auto group = std::find_if(
        groups.begin(), groups.end(),
        [&guess](const LanguageGuess& known) { return known.language == guess.language; });
    if (group == groups.end()) {
      groups.push_back(std::move(guess));
    } else {
      group->confidence += guess.confidence;
    }
  }
  const std::string first = groups[0].language;
  std::stable_sort(groups.begin(), groups.end(), Better);
  for (LanguageGuess& group : groups) group.confidence = std::min(group.confidence, 1.0f);
  identification.reliable = groups[0].confidence >= kReliableGroup ||
                            (identification.reliable && groups[0].language == first);
  identification.guesses = std::move(groups);
}

}  // namespace hexapla
