// SPDX-License-Identifier: Apache-2.0
#include "server/models/manifest.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"

namespace hexapla {
namespace {

using Json = nlohmann::json;

// A file beyond this is no manifest; it is refused before it fills the memory.
constexpr size_t kManifestBytesMax = size_t{1} << 20;
constexpr int64_t kDimensionMax = 1 << 16;
constexpr ModelKind kKinds[] = {ModelKind::kEmbedding, ModelKind::kLanguageIdentifier,
                                ModelKind::kBeadWeights, ModelKind::kPairWeights};

// For a message of one line, whatever the manifest contains.
std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::Utf8SafeCHexEscape(text.substr(0, 80)), "\"");
}

absl::Status FieldError(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

// Reads the fields of one entry; `path` is its place, for example "models[1]".
class EntryReader {
 public:
  EntryReader(const Json& entry, std::string path) : entry_(entry), path_(std::move(path)) {}

  absl::StatusOr<std::string> String(const char* name) const {
    HEXAPLA_ASSIGN_OR_RETURN(const Json* value, Field(name));
    if (!value->is_string()) return FieldError(Path(name), "must be a string");
    std::string text = value->get<std::string>();
    if (text.empty()) return FieldError(Path(name), "must not be empty");
    return text;
  }

  absl::StatusOr<int64_t> Integer(const char* name, int64_t max) const {
    HEXAPLA_ASSIGN_OR_RETURN(const Json* value, Field(name));
    if (!value->is_number_unsigned() || value->get<uint64_t>() > static_cast<uint64_t>(max)) {
      return FieldError(Path(name), absl::StrCat("must be an integer from 0 to ", max));
    }
    return value->get<int64_t>();
  }

  absl::StatusOr<std::vector<std::string>> Strings(const char* name) const {
    HEXAPLA_ASSIGN_OR_RETURN(const Json* value, Field(name));
    if (!value->is_array()) return FieldError(Path(name), "must be an array of strings");
    std::vector<std::string> strings;
    for (const Json& item : *value) {
      if (!item.is_string()) return FieldError(Path(name), "must be an array of strings");
      strings.push_back(item.get<std::string>());
      if (strings.back().empty()) return FieldError(Path(name), "must hold no empty string");
    }
    return strings;
  }

  bool Has(const char* name) const { return entry_.contains(name); }
  std::string Path(const char* name) const { return absl::StrCat(path_, ".", name); }

 private:
  absl::StatusOr<const Json*> Field(const char* name) const {
    const auto field = entry_.find(name);
    if (field == entry_.end()) return FieldError(Path(name), "is missing");
    return &*field;
  }

  const Json& entry_;
  const std::string path_;
};

absl::StatusOr<ModelKind> ReadKind(const EntryReader& entry) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::string text, entry.String("kind"));
  for (const ModelKind kind : kKinds) {
    if (ModelKindName(kind) == absl::string_view(text)) return kind;
  }
  return FieldError(entry.Path("kind"), absl::StrCat("unknown kind ", Quoted(text)));
}

absl::StatusOr<std::string> ReadFile(const EntryReader& entry) {
  HEXAPLA_ASSIGN_OR_RETURN(std::string file, entry.String("file"));
  const std::filesystem::path path(file);
  bool inside = path.is_relative() && path.has_filename();
  for (const std::filesystem::path& part : path) inside = inside && part != "..";
  for (const char c : file) inside = inside && !absl::ascii_iscntrl(static_cast<unsigned char>(c));
  if (!inside) {
    return FieldError(entry.Path("file"),
                      absl::StrCat(Quoted(file), " is not a file inside the model directory"));
  }
  return file;
}

absl::StatusOr<std::string> ReadSha256(const EntryReader& entry) {
  HEXAPLA_ASSIGN_OR_RETURN(std::string digest, entry.String("sha256"));
  if (digest.size() != 64 || digest.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return FieldError(entry.Path("sha256"), "must be 64 lower-case hexadecimal digits");
  }
  return digest;
}

absl::StatusOr<WordWeights> ReadWordWeights(const EntryReader& entry) {
  if (!entry.Has("word_weights")) return WordWeights::kLength;
  HEXAPLA_ASSIGN_OR_RETURN(const std::string text, entry.String("word_weights"));
  if (text == "length") return WordWeights::kLength;
  if (text == "frequency") return WordWeights::kFrequency;
  return FieldError(entry.Path("word_weights"),
                    absl::StrCat(Quoted(text), " must be \"length\" or \"frequency\""));
}

absl::StatusOr<ModelInfo> ReadEntry(const Json& json, int index) {
  const std::string path = absl::StrCat("models[", index, "]");
  if (!json.is_object()) return FieldError(path, "must be an object");
  const EntryReader entry(json, path);
  ModelInfo info;
  HEXAPLA_ASSIGN_OR_RETURN(info.name, entry.String("name"));
  HEXAPLA_ASSIGN_OR_RETURN(info.kind, ReadKind(entry));
  HEXAPLA_ASSIGN_OR_RETURN(info.version, entry.String("version"));
  HEXAPLA_ASSIGN_OR_RETURN(info.file, ReadFile(entry));
  HEXAPLA_ASSIGN_OR_RETURN(info.size_bytes, entry.Integer("size", int64_t{1} << 40));
  HEXAPLA_ASSIGN_OR_RETURN(info.sha256, ReadSha256(entry));
  HEXAPLA_ASSIGN_OR_RETURN(info.languages, entry.Strings("languages"));
  HEXAPLA_ASSIGN_OR_RETURN(const int64_t dimension, entry.Integer("dimension", kDimensionMax));
  info.dimension = static_cast<int>(dimension);
  HEXAPLA_ASSIGN_OR_RETURN(info.word_weights, ReadWordWeights(entry));
  HEXAPLA_ASSIGN_OR_RETURN(info.licence, entry.String("licence"));
  HEXAPLA_ASSIGN_OR_RETURN(info.source, entry.String("source"));
  if (info.kind == ModelKind::kEmbedding && info.languages.empty()) {
    return FieldError(entry.Path("languages"), "must not be empty for an embedding");
  }
  if (info.kind == ModelKind::kEmbedding && info.dimension == 0) {
    return FieldError(entry.Path("dimension"), "must not be 0 for an embedding");
  }
  return info;
}

}  // namespace

absl::string_view ModelKindName(ModelKind kind) {
  switch (kind) {
    case ModelKind::kEmbedding:
      return "embedding";
    case ModelKind::kLanguageIdentifier:
      return "language-identifier";
    case ModelKind::kBeadWeights:
      return "bead-weights";
    case ModelKind::kPairWeights:
      return "pair-weights";
  }
  return "";
}

absl::StatusOr<std::vector<ModelInfo>> ParseManifest(absl::string_view json) {
  Json document;
  try {
    document = Json::parse(json.begin(), json.end());
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("not valid JSON at byte ", error.byte));
  } catch (const Json::out_of_range&) {
    return absl::InvalidArgumentError("not valid JSON: a number is too large");
  }
  if (!document.is_object() || !document.contains("models") || !document["models"].is_array()) {
    return FieldError("models", "must be an array in an object");
  }
  std::vector<ModelInfo> models;
  std::set<std::string> names;
  for (const Json& entry : document["models"]) {
    HEXAPLA_ASSIGN_OR_RETURN(ModelInfo info, ReadEntry(entry, static_cast<int>(models.size())));
    if (!names.insert(info.name).second) {
      return FieldError(absl::StrCat("models[", models.size(), "].name"),
                        absl::StrCat(Quoted(info.name), " is used twice"));
    }
    models.push_back(std::move(info));
  }
  return models;
}

absl::StatusOr<std::vector<ModelInfo>> ReadManifest(const std::string& directory) {
  const std::string path = absl::StrCat(directory, "/manifest.json");
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string text(kManifestBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kManifestBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is longer than ", kManifestBytesMax, " bytes"));
  }
  absl::StatusOr<std::vector<ModelInfo>> models = ParseManifest(text);
  if (models.ok()) return models;
  return absl::Status(models.status().code(), absl::StrCat(path, ": ", models.status().message()));
}

}  // namespace hexapla
