// SPDX-License-Identifier: Apache-2.0
#include "server/models/model_set.h"

#include <filesystem>
#include <future>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/langid/fasttext_language_identifier.h"
#include "server/models/sha256.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

namespace fs = std::filesystem;

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
    for (std::string& tag : info.languages) tag = CanonicalLanguageTag(tag).value_or(tag);
  }
  return models;
}

// The one entry of `kind`.
absl::StatusOr<ModelInfo> Only(ModelKind kind, const std::vector<ModelInfo>& models,
                               const std::string& directory) {
  const ModelInfo* found = nullptr;
  for (const ModelInfo& info : models) {
    if (info.kind != kind) continue;
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

absl::StatusOr<std::unique_ptr<const FastTextLanguageIdentifier>> LoadIdentifier(
    const std::string& path, const ModelInfo& info) {
  HEXAPLA_RETURN_IF_ERROR(Verify(path, info));
  return FastTextLanguageIdentifier::Create(path);
}

absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> LoadEmbedder(const std::string& path,
                                                                     const ModelInfo& info) {
  HEXAPLA_RETURN_IF_ERROR(Verify(path, info));
  return FasttextSentenceEmbedder::Create(path, info.languages, info.dimension);
}

absl::StatusOr<ScoringWeights> LoadWeights(const std::string& path, const ModelInfo& info) {
  HEXAPLA_RETURN_IF_ERROR(Verify(path, info));
  return ScoringWeights::Read(path);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ModelSet>> ModelSet::Load(const std::string& directory) {
  HEXAPLA_ASSIGN_OR_RETURN(std::vector<ModelInfo> models, ReadModels(directory));
  HEXAPLA_ASSIGN_OR_RETURN(const ModelInfo identifier_info,
                           Only(ModelKind::kLanguageIdentifier, models, directory));
  HEXAPLA_ASSIGN_OR_RETURN(const ModelInfo embedder_info,
                           Only(ModelKind::kEmbedding, models, directory));
  HEXAPLA_ASSIGN_OR_RETURN(const ModelInfo weights_info,
                           Only(ModelKind::kBeadWeights, models, directory));
  // The two large ones side by side.
  auto embedder_later =
      std::async(std::launch::async, LoadEmbedder, PathOf(directory, embedder_info), embedder_info);
  auto identifier = LoadIdentifier(PathOf(directory, identifier_info), identifier_info);
  auto weights = LoadWeights(PathOf(directory, weights_info), weights_info);
  auto embedder = embedder_later.get();
  HEXAPLA_RETURN_IF_ERROR(identifier.status());
  HEXAPLA_RETURN_IF_ERROR(embedder.status());
  HEXAPLA_RETURN_IF_ERROR(weights.status());
  for (ModelInfo& info : models) {
    const bool labels_say = info.kind == ModelKind::kLanguageIdentifier && info.languages.empty();
    if (labels_say) info.languages = (*identifier)->Languages();
  }
  return std::make_shared<const ModelSet>(*std::move(identifier), *std::move(embedder), *weights,
                                          std::move(models));
}

ModelSet::ModelSet(std::unique_ptr<const LanguageIdentifier> identifier,
                   std::unique_ptr<const SentenceEmbedder> embedder, const ScoringWeights& weights,
                   std::vector<ModelInfo> info)
    : identifier_(std::move(identifier)),
      embedder_(std::move(embedder)),
      weights_(weights),
      info_(std::move(info)) {}

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
