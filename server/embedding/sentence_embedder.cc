// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/sentence_embedder.h"

#include <algorithm>

#include "server/text/language_tag.h"

namespace hexapla {

bool Covers(const SentenceEmbedder& embedder, absl::string_view language) {
  const std::string wanted = CanonicalLanguageTag(language).value_or("und");
  const auto& languages = embedder.languages();
  return std::any_of(languages.begin(), languages.end(),
                     [&](const std::string& known) { return SameLanguage(known, wanted); });
}

}  // namespace hexapla
