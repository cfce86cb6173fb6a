// SPDX-License-Identifier: Apache-2.0
//
// retrieval_quality MODEL.ftz FILE.tsv...: how often the space finds a
// sentence's translation among all of a file.
//
// A file has one pair of sentences a line, parted by a tab, after a header. A
// source counts as found when its own target (or one of the same text) is the
// nearest: by cosine, and by margin, the cosine over the mean of both sides' four
// nearest (Artetxe and Schwenk 2019). Sentence vectors are the server's own.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "server/embedding/embedded_document.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/fasttext/model_reader.h"
#include "server/similarity/cosine.h"

namespace hexapla {
namespace {

constexpr size_t kNeighbours = 4;

struct Pairs {
  std::vector<std::string> source;
  std::vector<std::string> target;
};

Pairs ReadPairs(const std::string& path) {
  Pairs pairs;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // header
  while (std::getline(file, line)) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    pairs.source.push_back(line.substr(0, tab));
    pairs.target.push_back(line.substr(tab + 1));
  }
  return pairs;
}

EmbeddingMatrix UnitVectors(const std::vector<std::string>& lines,
                            const SentenceEmbedder& embedder) {
  EmbeddingMatrix vectors =
      EmbedDocument({lines.begin(), lines.end()}, embedder, {})->sentence_vectors;
  NormalizeRows(vectors);
  return vectors;
}

float MeanOfHighest(std::vector<float> values) {
  const size_t count = std::min(kNeighbours, values.size());
  std::partial_sort(values.begin(), values.begin() + count, values.end(), std::greater<>());
  float sum = 0;
  for (size_t i = 0; i < count; ++i) sum += values[i];
  return sum / static_cast<float>(count);
}

struct Accuracy {
  double cosine = 0;
  double margin = 0;
};

Accuracy Measure(const Pairs& pairs, const SentenceEmbedder& embedder) {
  const EmbeddingMatrix source = UnitVectors(pairs.source, embedder);
  const EmbeddingMatrix target = UnitVectors(pairs.target, embedder);
  const size_t n = source.rows();
  std::vector<std::vector<float>> cosines(n, std::vector<float>(n));
  std::vector<std::vector<float>> columns(n, std::vector<float>(n));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      cosines[i][j] = columns[j][i] =
          InnerProduct(source.row(i), target.row(j), source.dimension());
    }
  }
  std::vector<float> target_mean;
  for (const auto& column : columns) target_mean.push_back(MeanOfHighest(column));
  Accuracy accuracy;
  for (size_t i = 0; i < n; ++i) {
    const float source_mean = MeanOfHighest(cosines[i]);
    const auto margin = [&](size_t j) {
      return cosines[i][j] / ((source_mean + target_mean[j]) / 2 + 1e-6F);
    };
    size_t nearest = 0;
    size_t nearest_by_margin = 0;
    for (size_t j = 1; j < n; ++j) {
      if (cosines[i][j] > cosines[i][nearest]) nearest = j;
      if (margin(j) > margin(nearest_by_margin)) nearest_by_margin = j;
    }
    accuracy.cosine += pairs.target[nearest] == pairs.target[i];
    accuracy.margin += pairs.target[nearest_by_margin] == pairs.target[i];
  }
  return {100 * accuracy.cosine / static_cast<double>(n),
          100 * accuracy.margin / static_cast<double>(n)};
}

int Main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: retrieval_quality MODEL.ftz FILE.tsv...\n");
    return 2;
  }
  const auto model = fasttext::Model::Read(argv[1]);
  if (!model.ok()) {
    std::fprintf(stderr, "%s\n", model.status().ToString().c_str());
    return 1;
  }
  const auto embedder = FasttextSentenceEmbedder::Create(argv[1], {}, (*model)->dim());
  double sum = 0;
  std::printf("%-16s %7s %7s\n", "file", "cosine", "margin");
  for (int i = 2; i < argc; ++i) {
    const Accuracy accuracy = Measure(ReadPairs(argv[i]), **embedder);
    sum += accuracy.margin;
    std::printf("%-16s %7.1f %7.1f\n", std::filesystem::path(argv[i]).stem().c_str(),
                accuracy.cosine, accuracy.margin);
  }
  std::printf("%-16s %7s %7.1f\n", "mean", "", sum / (argc - 2));
  return 0;
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) { return hexapla::Main(argc, argv); }
