// SPDX-License-Identifier: Apache-2.0
//
// train_embedding: from parallel text to a quantised fastText file. The recipe
// is a JSON file (see training/recipes/), so that what made a model can be read.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <iterator>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "training/checkpoint.h"
#include "training/contrastive_trainer.h"
#include "training/corpus.h"
#include "training/fasttext_writer.h"
#include "training/features.h"
#include "training/product_quantizer.h"
#include "training/recipe.h"
#include "training/sampler.h"
#include "training/space_quantizer.h"

namespace hexapla::training {
namespace {

class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Where a training keeps its state, and what tells it from others.
struct Checkpoint {
  std::string path;  // "": nowhere
  double seconds_between = 300;
  std::string training;
};

absl::Status Learn(const Recipe& recipe, const Checkpoint& checkpoint, Sampler& sampler,
                   ContrastiveTrainer& trainer) {
  int64_t first = 0;
  if (std::filesystem::exists(checkpoint.path)) {
    HEXAPLA_ASSIGN_OR_RETURN(
        first, ReadCheckpoint(checkpoint.path, checkpoint.training, sampler, trainer));
    std::fprintf(stderr, "going on after step %lld of %s\n", static_cast<long long>(first),
                 checkpoint.path.c_str());
  }
  const Stopwatch watch;
  double kept_at = 0;
  std::vector<std::pair<int32_t, int32_t>> batch;
  double loss = 0;
  double accuracy = 0;
  for (int64_t step = first; step < recipe.steps; ++step) {
    sampler.Next(batch);
    const StepResult result =
        trainer.Step(batch, static_cast<double>(step) / static_cast<double>(recipe.steps));
    const double fresh = step == first ? 1 : 0.01;
    loss += fresh * (result.loss - loss);
    accuracy += fresh * (result.accuracy - accuracy);
    if ((step + 1) % 200 == 0 || step + 1 == recipe.steps) {
      const double rate = static_cast<double>(step + 1 - first) / watch.Seconds();
      std::fprintf(stderr, "step %lld/%lld  loss %.3f  accuracy %.3f  %.0f pairs/s  %.0f s left\n",
                   static_cast<long long>(step + 1), static_cast<long long>(recipe.steps), loss,
                   accuracy, rate * recipe.sampler.batch,
                   static_cast<double>(recipe.steps - step - 1) / rate);
    }
    if (!checkpoint.path.empty() && watch.Seconds() >= kept_at + checkpoint.seconds_between) {
      HEXAPLA_RETURN_IF_ERROR(
          WriteCheckpoint(checkpoint.path, checkpoint.training, step + 1, sampler, trainer));
      kept_at = watch.Seconds();
    }
  }
  return absl::OkStatus();
}

// The languages of the space, with their sentence pairs: for the manifest and
// the model card.
absl::Status WriteSummary(const std::string& path, const Corpus& corpus, const Recipe& recipe,
                          const Features& features, double cosine) {
  std::vector<size_t> pairs(corpus.languages.size());
  std::vector<size_t> entries(corpus.languages.size());
  const int dictionary = static_cast<int>(corpus.sources.size()) - 1;
  for (const PairList& list : corpus.lists) {
    auto& count = list.source == dictionary ? entries : pairs;
    count[list.first_language] += list.pairs.size();
    count[list.second_language] += list.pairs.size();
  }
  nlohmann::ordered_json summary;
  summary["dimension"] = recipe.trainer.dimension;
  summary["words"] = features.words.size();
  summary["ngrams"] = features.buckets.size();
  summary["quantization_cosine"] = std::round(cosine * 1e4) / 1e4;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!corpus.kept(static_cast<int>(i))) continue;
    summary["languages"][corpus.languages[i]] = {{"sentence_pairs", pairs[i]},
                                                 {"dictionary_pairs", entries[i]}};
  }
  std::ofstream out(path);
  out << summary.dump(1) << "\n";
  return out ? absl::OkStatus() : absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
}

struct Outputs {
  std::string model;
  std::string summary;
  std::string unquantized;
  std::string merged_pairs;
  std::string labelled_pairs;
};

// Writes every pair of the corpus as what the plain alternatives learn from, one
// after another: `merged`, a line of both sentences, for skip-gram; or else two
// lines that share a label of their own, for a classifier of sentences.
absl::Status WritePairs(const std::string& path, const Corpus& corpus, bool merged, uint32_t seed) {
  std::vector<std::pair<int32_t, int32_t>> pairs;
  for (const PairList& list : corpus.lists) {
    pairs.insert(pairs.end(), list.pairs.begin(), list.pairs.end());
  }
  std::mt19937 random(seed);
  std::shuffle(pairs.begin(), pairs.end(), random);
  std::ofstream out(path);
  const auto put = [&](int32_t sentence) {
    for (int64_t k = corpus.sentence_begin[sentence]; k < corpus.sentence_begin[sentence + 1];
         ++k) {
      out << corpus.types.word(corpus.tokens[k]) << ' ';
    }
  };
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!merged) out << "__label__" << i << ' ';
    put(pairs[i].first);
    if (!merged) out << "\n__label__" << i << ' ';
    put(pairs[i].second);
    out << '\n';
  }
  out.close();
  return out ? absl::OkStatus() : absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
}

absl::Status Train(Recipe recipe, Checkpoint checkpoint, const Outputs& outputs) {
  const Stopwatch watch;
  Corpus corpus;
  HEXAPLA_RETURN_IF_ERROR(ReadCorpus(recipe.corpus, corpus));
  size_t pairs = 0;
  for (const PairList& list : corpus.lists) pairs += list.pairs.size();
  std::fprintf(stderr, "%zu languages, %zu sentences, %zu pairs, %zu tokens (%.0f s)\n",
               corpus.languages.size(), corpus.sentences(), pairs, corpus.tokens.size(),
               watch.Seconds());
  const uint32_t seed = recipe.sampler.seed;
  if (!outputs.merged_pairs.empty()) {
    HEXAPLA_RETURN_IF_ERROR(WritePairs(outputs.merged_pairs, corpus, /*merged=*/true, seed));
  }
  if (!outputs.labelled_pairs.empty()) {
    HEXAPLA_RETURN_IF_ERROR(WritePairs(outputs.labelled_pairs, corpus, /*merged=*/false, seed));
  }
  const Features features = ChooseFeatures(corpus, recipe.features);
  std::fprintf(stderr, "%zu words, %zu n-grams (%.0f s)\n", features.words.size(),
               features.buckets.size(), watch.Seconds());

  Sampler sampler(corpus, recipe.sampler);
  ContrastiveTrainer trainer(corpus, features, recipe.trainer);
  absl::StrAppend(&checkpoint.training, " sentences=", corpus.sentences(), " pairs=", pairs,
                  " tokens=", corpus.tokens.size(), " rows=", features.rows());
  HEXAPLA_RETURN_IF_ERROR(Learn(recipe, checkpoint, sampler, trainer));

  if (!outputs.unquantized.empty()) {
    HEXAPLA_RETURN_IF_ERROR(WriteFastText(outputs.unquantized, corpus, features, trainer.matrix(),
                                          recipe.trainer.dimension));
  }
  std::vector<double> weights;
  for (const uint32_t uses : trainer.row_uses()) weights.push_back(std::sqrt(uses) + 0.1);
  const QuantizedMatrix quantized = QuantizeSpace(trainer.matrix(), recipe.trainer.dimension,
                                                  features, weights, recipe.quantizer);
  const double cosine = WordCosine(trainer.matrix(), quantized, features);
  std::fprintf(stderr, "quantised: mean cosine to the original word vectors %.4f (%.0f s)\n",
               cosine, watch.Seconds());
  HEXAPLA_RETURN_IF_ERROR(WriteFastText(outputs.model, corpus, features, quantized));
  if (!outputs.summary.empty()) {
    HEXAPLA_RETURN_IF_ERROR(WriteSummary(outputs.summary, corpus, recipe, features, cosine));
  }
  std::error_code ignored;
  std::filesystem::remove(checkpoint.path, ignored);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  CLI::App app{"Trains the shared embedding space and writes it as a quantised fastText model."};
  std::string recipe_path;
  std::string corpus;
  Outputs outputs;
  Checkpoint checkpoint;
  int threads = 2;
  uint32_t seed = 1;
  int64_t steps = 0;
  app.add_option("--recipe", recipe_path, "JSON recipe, see training/recipes")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--corpus", corpus, "Directory of NAME.tsv.xz and dict/")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--output", outputs.model, "Model to write (.ftz)")->required();
  app.add_option("--summary", outputs.summary, "Also write its languages and size (JSON)");
  app.add_option("--unquantized", outputs.unquantized,
                 "Also write the model before quantisation (.bin)");
  app.add_option("--merged_pairs", outputs.merged_pairs,
                 "Also write the pairs as text, a line each: what skip-gram learns from");
  app.add_option("--labelled_pairs", outputs.labelled_pairs,
                 "Also write the sentences, each under the number of its pair: for a classifier");
  app.add_option("--threads", threads, "Threads; part of what decides the bytes")
      ->check(CLI::Range(1, 64));
  app.add_option("--seed", seed, "Seed of every random choice");
  app.add_option("--steps", steps, "Batches to learn from instead of the recipe's number");
  app.add_option("--checkpoint", checkpoint.path,
                 "Keep the state of the training here as it goes on; a training that was stopped "
                 "goes on from there, to the same bytes. Removed at the end");
  app.add_option("--checkpoint_seconds", checkpoint.seconds_between, "How often, in seconds")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::ifstream in(recipe_path);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  absl::StatusOr<Recipe> read = ParseRecipe(text);
  if (!read.ok()) {
    std::fprintf(stderr, "%s: %s\n", recipe_path.c_str(),
                 std::string(read.status().message()).c_str());
    return 1;
  }
  Recipe recipe = *std::move(read);
  auto json = nlohmann::json::parse(text);
  json.erase("quantizer_part");  // plays no part before the end
  checkpoint.training = json.dump();
  recipe.corpus.directory = corpus;
  recipe.corpus.threads = recipe.trainer.threads = recipe.quantizer.threads = threads;
  recipe.sampler.seed = recipe.trainer.seed = recipe.quantizer.seed = seed;
  if (steps > 0) recipe.steps = steps;
  absl::StrAppend(&checkpoint.training, " seed=", seed, " threads=", threads,
                  " steps=", recipe.steps);
  const absl::Status status = Train(std::move(recipe), std::move(checkpoint), outputs);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace hexapla::training

int main(int argc, char** argv) { return hexapla::training::Main(argc, argv); }
