// SPDX-License-Identifier: Apache-2.0
#include "tests/server/models/model_directory.h"

#include <fasttext/fasttext.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "server/models/sha256.h"
#include "server/similarity/scoring_weights.h"

namespace hexapla {
namespace {

constexpr int kDimension = 8;

constexpr char kTrainingText[] =
    "__label__en the kettle is on the stove and the window is open\n"
    "__label__en we walked along the river in the evening\n"
    "__label__fr la bouilloire est sur le feu et la fenêtre est ouverte\n"
    "__label__fr nous avons marché le long de la rivière le soir\n";

void Train(const std::string& text_path, const std::string& model_path) {
  ::fasttext::Args args;
  args.input = text_path;
  args.output = model_path;
  args.model = ::fasttext::model_name::sup;
  args.loss = ::fasttext::loss_name::softmax;
  args.dim = kDimension;
  args.minCount = 1;
  args.minn = 2;
  args.maxn = 4;
  args.bucket = 500;
  args.epoch = 30;
  args.lr = 0.5;
  args.thread = 1;
  args.verbose = 0;
  ::fasttext::FastText model;
  model.train(args);
  model.saveModel(model_path);
}

std::string NewFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "hexapla_models_XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  return path;
}

}  // namespace

ModelDirectory::ModelDirectory() : path_(NewFolder()) {
  WriteFile("training.txt", kTrainingText);
  Train(PathOf("training.txt"), PathOf("space.bin"));
  std::filesystem::copy_file(PathOf("space.bin"), PathOf("lid.bin"));
  WriteFile("weights.txt", ScoringWeights().ToText());
  manifest_["models"] = nlohmann::json::array();
  AddEntry("space", "embedding", "space.bin");
  Entry("space")["languages"] = {"en", "fr"};
  Entry("space")["dimension"] = kDimension;
  AddEntry("identifier", "language-identifier", "lid.bin");
  AddEntry("weights", "bead-weights", "weights.txt");
  WriteManifest();
}

ModelDirectory::~ModelDirectory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

nlohmann::json& ModelDirectory::Entry(const std::string& name) {
  for (nlohmann::json& entry : manifest_["models"]) {
    if (entry["name"] == name) return entry;
  }
  throw std::out_of_range(name);
}

void ModelDirectory::AddVectors(const std::string& name, const std::string& text,
                                const std::vector<std::string>& languages) {
  WriteFile(name + ".vec", text);
  AddEntry(name, "embedding", name + ".vec");
  Entry(name)["languages"] = languages;
  Entry(name)["dimension"] = std::stoi(text.substr(text.find(' ')));
}

void ModelDirectory::WriteManifest() const { WriteFile("manifest.json", manifest_.dump(2)); }

void ModelDirectory::WriteFile(const std::string& file, const std::string& content) const {
  std::ofstream(PathOf(file), std::ios::binary) << content;
}

std::string ModelDirectory::ReadFile(const std::string& file) const {
  std::ifstream stream(PathOf(file), std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void ModelDirectory::AddEntry(const std::string& name, const std::string& kind,
                              const std::string& file) {
  manifest_["models"].push_back({{"name", name},
                                 {"kind", kind},
                                 {"version", "1"},
                                 {"file", file},
                                 {"size", std::filesystem::file_size(PathOf(file))},
                                 {"sha256", Sha256HexOfFile(PathOf(file)).value()},
                                 {"languages", nlohmann::json::array()},
                                 {"dimension", 0},
                                 {"licence", "Apache-2.0"},
                                 {"source", "trained by the test"}});
}

}  // namespace hexapla
