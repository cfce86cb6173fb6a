// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_set.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <system_error>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/embedding/cached_embedder.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/embedding/joined_embedder.h"
#include "server/langid/fasttext_language_identifier.h"
#include "server/models/sha256.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

namespace fs = std::filesystem;

// Words whose vectors are kept, of all parts of the space together.
constexpr size_t kCachedWordsMax = size_t{1} << 16;

std::string PathOf(const std::string& directory, const ModelInfo& info) {
  return absl::StrCat(directory, "/", info.file);
}

// Where to get a file that is not part of the source tree.
absl::string_view Hint(ModelKind kind) {
  return kind == ModelKind::kLanguageIdentifier ? "; deploy/fetch-language-model fetches it" : "";
}

// OK when the file is the one that the manifest means.
absl::Status Verify(const std::string& path, const ModelInfo& info) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return absl::NotFoundError(
        absl::StrCat(path, ": the file of model ", info.name, " is missing", Hint(info.kind)));
  }
  const uintmax_t size = fs::file_size(path, error);
  if (error) return absl::UnknownError(absl::StrCat(path, ": ", error.message()));
  if (size != static_cast<uintmax_t>(info.size_bytes)) {
    return absl::DataLossError(absl::StrCat(path, ": is damaged: it has ", size,
                                            " bytes; the manifest says ", info.size_bytes));
  }
  HEXAPLA_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
  if (digest != info.sha256) {
    return absl::DataLossError(absl::StrCat(path, ": is damaged: its SHA-256 is ", digest,
                                            "; the manifest says ", info.sha256));
  }
  return absl::OkStatus();
}

// The manifest with its languages as SameLanguage takes them.
absl::StatusOr<std::vector<ModelInfo>> ReadModels(const std::string& directory) {
  HEXAPLA_ASSIGN_OR_RETURN(std::vector<ModelInfo> models, ReadManifest(directory));
  for (ModelInfo& info : models) {
    for (std::string& tag : info.languages) {
      const std::optional<std::string> canonical = CanonicalLanguageTag(tag);
      if (!canonical.has_value()) {
        return absl::InvalidArgumentError(
            absl::StrCat(directory, "/manifest.json: ", info.name, ": languages: \"",
                         absl::CHexEscape(tag.substr(0, 40)), "\" is no BCP-47 tag"));
      }
      tag = *canonical;
    }
  }
  return models;
}

// Whether a directory may have several of that kind.
bool MayBeMany(ModelKind kind) {
  return kind == ModelKind::kLanguageIdentifier || kind == ModelKind::kEmbedding;
}

// The first entry of `kind`, and the only one unless there may be many.
absl::StatusOr<ModelInfo> Default(ModelKind kind, const std::vector<ModelInfo>& models,
                                  const std::string& directory) {
  const ModelInfo* found = nullptr;
  for (const ModelInfo& info : models) {
    if (info.kind != kind) continue;
    if (found != nullptr && MayBeMany(kind)) continue;
    if (found != nullptr) {
      return absl::FailedPreconditionError(absl::StrCat(directory, "/manifest.json: ", found->name,
                                                        " and ", info.name, " are both of kind ",
                                                        ModelKindName(kind), "; one is wanted"));
    }
    found = &info;
  }
  if (found == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, "/manifest.json: there is no model of kind ", ModelKindName(kind)));
  }
  return *found;
}

using Identifiers = std::map<std::string, std::unique_ptr<FastTextLanguageIdentifier>>;

// Whether the identifier is a text that says how others are made one.
bool IsPool(const ModelInfo& info) { return absl::EndsWith(info.file, ".txt"); }

absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> LoadPool(
    const std::string& path, const Identifiers& identifiers) {
  HEXAPLA_ASSIGN_OR_RETURN(const OpinionWeights weights, OpinionWeights::Read(path));
  for (const std::string& name : {weights.first_model, weights.second_model}) {
    if (identifiers.contains(name)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is of ", name, ", which the manifest does not have"));
  }
  auto pool = FastTextLanguageIdentifier::Create(*identifiers.at(weights.first_model),
                                                 *identifiers.at(weights.second_model), weights);
  if (pool.ok()) return pool;
  return absl::Status(pool.status().code(), absl::StrCat(path, ": ", pool.status().message()));
}

// All identifiers by name, first those that stand for themselves.
absl::StatusOr<Identifiers> LoadIdentifiers(const std::string& directory,
                                            const std::vector<ModelInfo>& models) {
  Identifiers identifiers;
  Identifiers pools;
  for (const bool pool : {false, true}) {
    for (const ModelInfo& info : models) {
      if (info.kind != ModelKind::kLanguageIdentifier || IsPool(info) != pool) continue;
      const std::string path = PathOf(directory, info);
      HEXAPLA_RETURN_IF_ERROR(Verify(path, info));
      auto identifier =
          pool ? LoadPool(path, identifiers) : FastTextLanguageIdentifier::Create(path);
      HEXAPLA_RETURN_IF_ERROR(identifier.status());
      (pool ? pools : identifiers)[info.name] = *std::move(identifier);
    }
  }
  identifiers.merge(pools);
  return identifiers;
}

// The entries that make up the space: of one dimension, and no language twice.
absl::StatusOr<std::vector<ModelInfo>> SpaceOf(const std::vector<ModelInfo>& models,
                                               const std::string& directory) {
  const auto contradiction = [&](const ModelInfo& a, const ModelInfo& b, absl::string_view what) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory, "/manifest.json: ", a.name, " and ", b.name, " are one space, but ", what));
  };
  HEXAPLA_RETURN_IF_ERROR(Default(ModelKind::kEmbedding, models, directory).status());
  std::vector<ModelInfo> space;
  for (const ModelInfo& info : models) {
    if (info.kind != ModelKind::kEmbedding) continue;
    for (const ModelInfo& other : space) {
      if (info.dimension != other.dimension) {
        return contradiction(
            other, info,
            absl::StrCat("their dimensions are ", other.dimension, " and ", info.dimension));
      }
      for (const std::string& language : info.languages) {
        if (absl::c_any_of(other.languages, [&](const std::string& known) {
              return SameLanguage(known, language);
            })) {
          return contradiction(other, info, absl::StrCat("both have the language ", language));
        }
      }
    }
    space.push_back(info);
  }
  return space;
}

absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> LoadEmbedder(
    const std::string& directory, const std::vector<ModelInfo>& space) {
  std::vector<std::unique_ptr<const SentenceEmbedder>> parts;
  for (const ModelInfo& info : space) {
    const std::string path = PathOf(directory, info);
    HEXAPLA_RETURN_IF_ERROR(Verify(path, info));
    HEXAPLA_ASSIGN_OR_RETURN(
        std::unique_ptr<const SentenceEmbedder> part,
        FasttextSentenceEmbedder::Create(path, info.languages, info.dimension, info.word_weights));
    parts.push_back(
        std::make_unique<const CachedEmbedder>(std::move(part), kCachedWordsMax / space.size()));
  }
  if (parts.size() == 1) return std::move(parts.front());
  return std::make_unique<const JoinedEmbedder>(std::move(parts));
}

absl::StatusOr<ScoringWeights> LoadWeights(const std::string& path, const ModelInfo& info) {
  HEXAPLA_RETURN_IF_ERROR(Verify(path, info));
  return ScoringWeights::Read(path);
}

// The weights of the pair score, if the directory has them.
absl::StatusOr<std::optional<PairWeights>> LoadPairWeights(const std::string& directory,
                                                           const std::vector<ModelInfo>& models) {
  const bool present = std::any_of(models.begin(), models.end(), [](const ModelInfo& info) {
    return info.kind == ModelKind::kPairWeights;
  });
  if (!present) return std::optional<PairWeights>();
  HEXAPLA_ASSIGN_OR_RETURN(const ModelInfo info,
                           Default(ModelKind::kPairWeights, models, directory));
  HEXAPLA_RETURN_IF_ERROR(Verify(PathOf(directory, info), info));
  return PairWeights::Read(PathOf(directory, info));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ModelSet>> ModelSet::Load(const std::string& directory) {
  HEXAPLA_ASSIGN_OR_RETURN(std::vector<ModelInfo> models, ReadModels(directory));
  HEXAPLA_RETURN_IF_ERROR(Default(ModelKind::kLanguageIdentifier, models, directory).status());
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<ModelInfo> space, SpaceOf(models, directory));
  HEXAPLA_ASSIGN_OR_RETURN(const ModelInfo weights_info,
                           Default(ModelKind::kBeadWeights, models, directory));
  // The two large ones side by side.
  auto embedder_later =
      std::async(std::launch::async, [&] { return LoadEmbedder(directory, space); });
  auto identifiers = LoadIdentifiers(directory, models);
  auto weights = LoadWeights(PathOf(directory, weights_info), weights_info);
  auto embedder = embedder_later.get();
  HEXAPLA_RETURN_IF_ERROR(identifiers.status());
  HEXAPLA_RETURN_IF_ERROR(embedder.status());
  HEXAPLA_RETURN_IF_ERROR(weights.status());
  HEXAPLA_ASSIGN_OR_RETURN(std::optional<PairWeights> pair_weights,
                           LoadPairWeights(directory, models));
  std::unique_ptr<const LanguageIdentifier> identifier;
  NamedIdentifiers more_identifiers;
  for (ModelInfo& info : models) {
    if (info.kind != ModelKind::kLanguageIdentifier) continue;
    std::unique_ptr<FastTextLanguageIdentifier> of_info = std::move(identifiers->at(info.name));
    if (info.languages.empty()) info.languages = of_info->Languages();
    if (identifier == nullptr) {
      identifier = std::move(of_info);
    } else {
      more_identifiers.emplace_back(info.name, std::move(of_info));
    }
  }
  return std::make_shared<const ModelSet>(std::move(identifier), *std::move(embedder), *weights,
                                          std::move(models), std::move(more_identifiers),
                                          std::move(pair_weights));
}

ModelSet::ModelSet(std::unique_ptr<const LanguageIdentifier> identifier,
                   std::unique_ptr<const SentenceEmbedder> embedder, const ScoringWeights& weights,
                   std::vector<ModelInfo> info, NamedIdentifiers more_identifiers,
                   std::optional<PairWeights> pair_weights)
    : identifier_(std::move(identifier)),
      embedder_(std::move(embedder)),
      weights_(weights),
      info_(std::move(info)),
      more_identifiers_(std::move(more_identifiers)),
      pair_weights_(std::move(pair_weights)) {}

const LanguageIdentifier& ModelSet::identifier(const ModelInfo& info) const {
  for (const auto& [name, identifier] : more_identifiers_) {
    if (name == info.name) return *identifier;
  }
  return *identifier_;
}

const ModelInfo* ModelSet::FindByName(absl::string_view name) const {
  for (const ModelInfo& info : info_) {
    if (name == info.name) return &info;
  }
  return nullptr;
}

const ModelInfo* ModelSet::FindByKind(ModelKind kind) const {
  for (const ModelInfo& info : info_) {
    if (kind == info.kind) return &info;
  }
  return nullptr;
}

bool ModelSet::IsDefault(const ModelInfo& info) const {
  return info.kind == ModelKind::kEmbedding || FindByKind(info.kind) == &info;
}

std::vector<const ModelInfo*> ModelSet::DefaultsOf(std::initializer_list<ModelKind> kinds) const {
  std::vector<const ModelInfo*> defaults;
  for (const ModelKind kind : kinds) {
    for (const ModelInfo& info : info_) {
      if (info.kind == kind && IsDefault(info)) defaults.push_back(&info);
    }
  }
  return defaults;
}

absl::StatusOr<std::string> FindModelDirectory(const std::string& executable) {
  const fs::path folder = fs::path(executable).parent_path();
  const fs::path installed = (folder / "../share/hexapla/models").lexically_normal();
  const fs::path source_tree = (folder / "../../../models").lexically_normal();
  for (const fs::path& candidate : {installed, source_tree}) {
    std::error_code error;
    if (fs::exists(candidate / "manifest.json", error)) return candidate.string();
  }
  return absl::NotFoundError(absl::StrCat("no models: there is no manifest.json in ",
                                          installed.string(), " nor in ", source_tree.string(),
                                          "; --models=DIR names another directory"));
}

absl::StatusOr<std::string> ExecutablePath() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  if (error) return absl::UnknownError(absl::StrCat("/proc/self/exe: ", error.message()));
  return path.string();
}

absl::StatusOr<std::string> ResolveModelDirectory(const std::string& models) {
  if (!models.empty()) return models;
  HEXAPLA_ASSIGN_OR_RETURN(const std::string executable, ExecutablePath());
  return FindModelDirectory(executable);
}

}  // namespace hexapla
