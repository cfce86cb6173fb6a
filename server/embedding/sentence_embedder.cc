// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/sentence_embedder.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace hexapla {
namespace {

// The one name of a primary subtag, for those that have several.
std::string Canonical(absl::string_view language) {
  std::string primary = absl::AsciiStrToLower(language.substr(0, language.find('-')));
  if (primary == "nb" || primary == "nn") return "no";
  if (primary == "tl") return "fil";
  return primary;
}

}  // namespace

bool Covers(const SentenceEmbedder& embedder, absl::string_view language) {
  const std::string wanted = Canonical(language);
  const auto& languages = embedder.languages();
  return std::any_of(languages.begin(), languages.end(),
                     [&](const std::string& known) { return Canonical(known) == wanted; });
}

}  // namespace hexapla
