// SPDX-License-Identifier: Apache-2.0
#include "tests/benchmark/benchmark_text.h"

#include <cstdlib>
#include <fstream>
#include <utility>

#include "server/embedding/cached_embedder.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/langid/fasttext_language_identifier.h"

namespace hexapla::benchmarks {
namespace {

constexpr char kSpacePath[] = "models/hexapla-space.ftz";
constexpr char kWeightsPath[] = "models/bead-weights.txt";
constexpr int kDimension = 200;

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

struct Text {
  std::vector<std::string> source;
  std::vector<std::string> target;
};

const Text& WholeText() {
  static const auto* const kText = [] {
    const char* const given = std::getenv("HEXAPLA_BENCHMARK_TEXT");
    const std::string folder = given ? given : "../shared/gold/orwell-hu-en/001";
    return new Text{ReadLines(folder + "/src.txt"), ReadLines(folder + "/tgt.txt")};
  }();
  return *kText;
}

}  // namespace

Sentences SentencesOf(size_t count) {
  const Text& text = WholeText();
  Sentences sentences;
  if (text.source.empty() || text.target.empty()) return sentences;
  const auto fill = [](const std::vector<std::string>& lines, size_t size,
                       std::vector<absl::string_view>& out) {
    for (size_t i = 0; i < size; ++i) out.push_back(lines[i % lines.size()]);
  };
  fill(text.source, count, sentences.source);
  fill(text.target, count * text.target.size() / text.source.size(), sentences.target);
  return sentences;
}

const Models* TheModels() {
  static const Models* const kModels = []() -> const Models* {
    auto models = std::make_unique<Models>();
    auto embedder = FasttextSentenceEmbedder::Create(kSpacePath, {"en", "hu"}, kDimension);
    auto language_model = fasttext::Model::Read(kLanguageModelPath);
    auto weights = ScoringWeights::Read(kWeightsPath);
    auto cached = FasttextSentenceEmbedder::Create(kSpacePath, {"en", "hu"}, kDimension);
    if (!embedder.ok() || !cached.ok() || !language_model.ok() || !weights.ok()) return nullptr;
    auto identifier = FastTextLanguageIdentifier::Create(*std::move(language_model));
    if (!identifier.ok()) return nullptr;
    models->embedder = *std::move(embedder);
    models->cached = std::make_unique<CachedEmbedder>(*std::move(cached));
    models->identifier = *std::move(identifier);
    models->weights = *weights;
    return models.release();
  }();
  return kModels;
}

}  // namespace hexapla::benchmarks
