// SPDX-License-Identifier: Apache-2.0
//
// models/manifest.json: what a model directory holds. A JSON object with one
// array, every field required but those named below it:
//
//   {"models": [{
//     "name": "hexapla-space", "kind": "embedding", "version": "1",
//     "file": "space.ftz", "size": 123, "sha256": "<64 hex digits>",
//     "languages": ["en", "fr"], "dimension": 160,
//     "licence": "Apache-2.0", "source": "training/README.md"}]}
//
// Of an embedding also "word_weights", how much a word counts in a sentence:
// "length" (the default), the length of its vector, or "frequency", how rare it
// is, for word vectors whose training did not learn lengths.
#ifndef HEXAPLA_SERVER_MODELS_MANIFEST_H_
#define HEXAPLA_SERVER_MODELS_MANIFEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/embedding/word_weights.h"

namespace hexapla {

enum class ModelKind { kEmbedding, kLanguageIdentifier, kBeadWeights, kPairWeights };

// "embedding", "language-identifier", "bead-weights" or "pair-weights", as in the
// manifest.
absl::string_view ModelKindName(ModelKind kind);

// One model of the directory, as its manifest describes it.
struct ModelInfo {
  // Unique in its directory; what a request names.
  std::string name;
  ModelKind kind = ModelKind::kEmbedding;
  std::string version;
  // A path inside the model directory: relative, and without "..".
  std::string file;
  int64_t size_bytes = 0;
  // 64 lower-case hexadecimal digits.
  std::string sha256;
  // BCP-47. Never empty for an embedding; empty elsewhere where the file itself
  // says it (labels of an identifier) or it has no meaning (weights).
  std::vector<std::string> languages;
  // Of the vectors; 0 where there are none.
  int dimension = 0;
  WordWeights word_weights = WordWeights::kLength;
  // SPDX expression, and where the file comes from: an address or a path.
  std::string licence;
  std::string source;
};

// Reads the text of a manifest. Unknown fields are ignored. Errors:
// InvalidArgument naming the entry (from 0) and the field, for text that is not
// JSON, an unknown kind or word weights, a missing, mistyped or empty field, a name
// used twice, or a file outside the directory.
absl::StatusOr<std::vector<ModelInfo>> ParseManifest(absl::string_view json);

// Reads DIRECTORY/manifest.json. Errors: NotFound, or as ParseManifest.
absl::StatusOr<std::vector<ModelInfo>> ReadManifest(const std::string& directory);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MODELS_MANIFEST_H_
