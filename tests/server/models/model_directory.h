// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_SERVER_MODELS_MODEL_DIRECTORY_H_
#define HEXAPLA_TESTS_SERVER_MODELS_MODEL_DIRECTORY_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hexapla {

// A folder with tiny but real models, trained on the spot, and their manifest:
// "space" (space.bin), "identifier" (lid.bin) and "weights" (weights.txt). It
// goes when the object does.
class ModelDirectory {
 public:
  ModelDirectory();
  ~ModelDirectory();

  ModelDirectory(const ModelDirectory&) = delete;
  ModelDirectory& operator=(const ModelDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string PathOf(const std::string& file) const { return path_ + "/" + file; }

  // The entry of a model, to be changed and written again by WriteManifest.
  nlohmann::json& Entry(const std::string& name);
  nlohmann::json& manifest() { return manifest_; }
  void WriteManifest() const;

  // Adds word vectors in text, NAME.vec, to the directory and the manifest, which is
  // yet to be written. The text tells their dimension.
  void AddVectors(const std::string& name, const std::string& text,
                  const std::vector<std::string>& languages);

  // Replaces the content of a file and leaves the manifest as it is.
  void WriteFile(const std::string& file, const std::string& content) const;
  std::string ReadFile(const std::string& file) const;

 private:
  void AddEntry(const std::string& name, const std::string& kind, const std::string& file);

  std::string path_;
  nlohmann::json manifest_;
};

}  // namespace hexapla

#endif  // HEXAPLA_TESTS_SERVER_MODELS_MODEL_DIRECTORY_H_
