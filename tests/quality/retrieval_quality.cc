// SPDX-License-Identifier: Apache-2.0
//
// retrieval_quality [--weights W] [--floors FILE] MODEL PATH...: how often the space
// finds a sentence's translation among all of a set.
//
// A PATH is a file of one pair of sentences a line, parted by a tab, after a header,
// or a folder of gold alignments, whose beads with both sides are the pairs, sides
// joined, pooled by set. A source counts as found when its own target (or one of
// the same text) is the nearest: by cosine, and by margin, the cosine over the mean
// of both sides' four nearest (Artetxe and Schwenk 2019). Sentence vectors are the
// server's own, or with --weights fasttext those of fastText.
//
// A set is named by the last two parts of its path. Lines of the floors are
// `SET PERCENT`, by margin. Exit codes: 0 done; 1 a floor was missed or something
// cannot be read; 2 usage.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "server/base/status_macros.h"
#include "server/embedding/embedded_document.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/fasttext/model_reader.h"
#include "server/similarity/cosine.h"
#include "training/floors.h"
#include "training/gold.h"

namespace hexapla {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNeighbours = 4;

struct Pairs {
  std::string set = {};
  std::vector<std::string> source = {};
  std::vector<std::string> target = {};
};

// "tatoeba-dev/en-fr" of a path that ends so.
std::string NameOf(const fs::path& path) {
  const fs::path full = fs::absolute(path).lexically_normal();
  return (full.parent_path().filename() / full.filename()).string();
}

Pairs ReadFile(const std::string& path) {
  Pairs pairs{.set = NameOf(fs::path(path).replace_extension())};
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

std::string Join(const std::vector<std::string>& sentences, const SentenceRun& run) {
  return absl::StrJoin(sentences.begin() + run.begin, sentences.begin() + run.end, " ");
}

absl::StatusOr<std::vector<Pairs>> ReadFolder(const std::string& path) {
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<training::GoldPair> gold, training::ReadGold(path));
  std::map<std::string, Pairs> sets;
  for (const training::GoldPair& pair : gold) {
    // The folder may be a set itself.
    const std::string set = NameOf(pair.set == "." ? fs::path(path) : fs::path(path) / pair.set);
    Pairs& pairs = sets[set];
    pairs.set = set;
    for (const Bead& bead : pair.beads) {
      const std::string source = Join(pair.source, bead.source);
      const std::string target = Join(pair.target, bead.target);
      if (source.empty() || target.empty()) continue;
      pairs.source.push_back(source);
      pairs.target.push_back(target);
    }
  }
  std::vector<Pairs> result;
  for (auto& [name, pairs] : sets) result.push_back(std::move(pairs));
  return result;
}

absl::StatusOr<std::vector<Pairs>> ReadPath(const std::string& path) {
  if (fs::is_directory(path)) return ReadFolder(path);
  return std::vector<Pairs>{ReadFile(path)};
}

EmbeddingMatrix UnitVectors(const std::vector<std::string>& lines, const SentenceEmbedder& embedder,
                            bool as_fasttext) {
  EmbeddingMatrix vectors(lines.size(), embedder.dimension());
  if (as_fasttext) {
    for (size_t i = 0; i < lines.size(); ++i) embedder.EmbedAsFastText(lines[i], vectors.row(i));
  } else {
    vectors = EmbedDocument({lines.begin(), lines.end()}, embedder, {})->sentence_vectors;
  }
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

Accuracy Measure(const Pairs& pairs, const SentenceEmbedder& embedder, bool as_fasttext) {
  const EmbeddingMatrix source = UnitVectors(pairs.source, embedder, as_fasttext);
  const EmbeddingMatrix target = UnitVectors(pairs.target, embedder, as_fasttext);
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

absl::Status Run(const std::string& model_path, const std::string& weights,
                 const std::string& floors, const std::vector<std::string>& paths) {
  HEXAPLA_ASSIGN_OR_RETURN(std::shared_ptr<const fasttext::Model> model,
                           fasttext::Model::Read(model_path));
  HEXAPLA_ASSIGN_OR_RETURN(const auto embedder, FasttextSentenceEmbedder::FromModel(
                                                    std::move(model), {},
                                                    weights == "frequency" ? WordWeights::kFrequency
                                                                           : WordWeights::kLength));
  std::map<std::string, double> by_margin;
  double cosine_sum = 0;
  double margin_sum = 0;
  std::printf("%-22s %7s %7s %7s\n", "set", "pairs", "cosine", "margin");
  for (const std::string& path : paths) {
    HEXAPLA_ASSIGN_OR_RETURN(const std::vector<Pairs> all, ReadPath(path));
    for (const Pairs& pairs : all) {
      const Accuracy accuracy = Measure(pairs, *embedder, weights == "fasttext");
      cosine_sum += accuracy.cosine;
      margin_sum += accuracy.margin;
      by_margin[pairs.set] = accuracy.margin;
      std::printf("%-22s %7zu %7.1f %7.1f\n", pairs.set.c_str(), pairs.source.size(),
                  accuracy.cosine, accuracy.margin);
    }
  }
  const auto sets = static_cast<double>(by_margin.size());
  std::printf("%-22s %7s %7.1f %7.1f\n", "mean", "", cosine_sum / sets, margin_sum / sets);
  return floors.empty() ? absl::OkStatus()
                        : training::CheckFloors(by_margin, "found by margin", floors);
}

int Main(int argc, char** argv) {
  CLI::App app{"How often an embedding space finds the translation of a sentence."};
  std::string model;
  std::string weights = "length";
  std::string floors;
  std::vector<std::string> paths;
  app.add_option("--weights", weights, "How words count: length, frequency, or fasttext's own way")
      ->check(CLI::IsMember({"length", "frequency", "fasttext"}))
      ->capture_default_str();
  app.add_option("--floors", floors, "File of lines: set, least percent by margin")
      ->check(CLI::ExistingFile);
  app.add_option("model", model, "fastText model")->required()->check(CLI::ExistingFile);
  app.add_option("paths", paths, "Files of pairs, or folders of gold alignments")
      ->required()
      ->check(CLI::ExistingPath);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::Status status = Run(model, weights, floors, paths);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) { return hexapla::Main(argc, argv); }
