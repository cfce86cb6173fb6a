// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MODELS_MODEL_SET_H_
#define HEXAPLA_SERVER_MODELS_MODEL_SET_H_

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/base/mutex.h"
#include "server/embedding/sentence_embedder.h"
#include "server/langid/language_identifier.h"
#include "server/models/manifest.h"
#include "server/similarity/pair_weights.h"
#include "server/similarity/scoring_weights.h"

namespace hexapla {

// The models that belong together, read from one directory: one of each kind, but
// any number of language identifiers, of which the first is the default, and of
// embeddings, which together are one space, each with languages of its own. Weights
// of the pair score may be absent.
//
// Invariants: info() holds exactly one entry of each kind but those.
// Threads: immutable, so concurrent use is safe. A call takes one set and keeps
// it to its end, so a reload never changes models under it.
class ModelSet {
 public:
  // Reads DIRECTORY/manifest.json and the files it names, each of which must
  // have the size and the SHA-256 of the manifest before it is parsed.
  // Cost: the files are read in parallel; well under a second for the default.
  // Errors, one line that names the file: NotFound for what is missing,
  // DataLoss for what differs from the manifest, FailedPrecondition when a kind
  // is absent or there twice that must not be, or embeddings differ in dimension
  // or share a language; else as the readers of the formats say.
  static absl::StatusOr<std::shared_ptr<const ModelSet>> Load(const std::string& directory);

  // Identifiers beside the default one, by the name of their entry.
  using NamedIdentifiers =
      std::vector<std::pair<std::string, std::unique_ptr<const LanguageIdentifier>>>;

  // Takes parts that are already there; for tests and their fakes.
  ModelSet(std::unique_ptr<const LanguageIdentifier> identifier,
           std::unique_ptr<const SentenceEmbedder> embedder, const ScoringWeights& weights,
           std::vector<ModelInfo> info, NamedIdentifiers more_identifiers = {},
           std::optional<PairWeights> pair_weights = std::nullopt);

  // The default identifier.
  const LanguageIdentifier& identifier() const { return *identifier_; }
  // The one of that entry. Requires: `info` is this set's, of that kind.
  const LanguageIdentifier& identifier(const ModelInfo& info) const;
  const SentenceEmbedder& embedder() const { return *embedder_; }
  const ScoringWeights& weights() const { return weights_; }
  // Null if the set has none.
  const PairWeights* pair_weights() const {
    return pair_weights_.has_value() ? &*pair_weights_ : nullptr;
  }

  // In the order of the manifest, with languages as CanonicalLanguageTag gives
  // them. An identifier whose entry names none has those of its labels.
  const std::vector<ModelInfo>& info() const { return info_; }
  // The entry of that name, or the first of that kind, which is its default; null
  // if none. Borrows from the set.
  const ModelInfo* FindByName(absl::string_view name) const;
  const ModelInfo* FindByKind(ModelKind kind) const;
  // Whether it serves where a request names none of its kind: the first of the kind,
  // and of embeddings, which are one space, every one.
  bool IsDefault(const ModelInfo& info) const;
  // All such entries of these kinds, in the order of the kinds.
  std::vector<const ModelInfo*> DefaultsOf(std::initializer_list<ModelKind> kinds) const;

 private:
  const std::unique_ptr<const LanguageIdentifier> identifier_;
  const std::unique_ptr<const SentenceEmbedder> embedder_;
  const ScoringWeights weights_;
  const std::vector<ModelInfo> info_;
  const NamedIdentifiers more_identifiers_;
  const std::optional<PairWeights> pair_weights_;
};

// The set that serves now. A reload replaces it; calls under way keep theirs.
// Threads: every method may be called concurrently.
class CurrentModels {
 public:
  // `models` must not be null.
  explicit CurrentModels(std::shared_ptr<const ModelSet> models) : models_(std::move(models)) {}

  std::shared_ptr<const ModelSet> Get() const {
    MutexLock lock(mutex_);
    return models_;
  }
  void Replace(std::shared_ptr<const ModelSet> models) {
    MutexLock lock(mutex_);
    models_ = std::move(models);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const ModelSet> models_ ABSL_GUARDED_BY(mutex_);
};

// The directory that --models means when it is not given, for the program at
// `executable`: ../share/hexapla/models from its folder, where an installation
// has it, else ../../../models, the source tree's for build/PRESET/FOLDER.
// Errors: NotFound, naming both, when neither has a manifest.
absl::StatusOr<std::string> FindModelDirectory(const std::string& executable);

// The path of the running program. Errors: Unknown without /proc.
absl::StatusOr<std::string> ExecutablePath();

// The directory that the value of --models means: `models` itself or, if that is
// "", the one of FindModelDirectory for the running program. Errors: as both above.
absl::StatusOr<std::string> ResolveModelDirectory(const std::string& models);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MODELS_MODEL_SET_H_
