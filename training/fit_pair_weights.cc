// SPDX-License-Identifier: Apache-2.0
//
// fit_pair_weights: fits the numbers of models/pair-weights.txt.
//
// Right pairs are the beads of one sentence a side in gold alignments, and the
// rows of files of translated sentences. Wrong pairs are made from them, the way
// they come in a mined corpus:
//   unrelated  a sentence of elsewhere in the document
//   neighbour  the sentence before or after the right one
//   similar    the one that the vectors find nearest, but for the right one
//   cut        a right pair of which one side lost 30 to 70 % of its end or begin
//   part       half of a merge: one of the two sentences that render one
//   extra      a right pair with the next sentence added to one side
// Right pairs and wrong ones weigh the same, and so does each kind of the wrong:
// that is what a probability takes for granted. It is fitted by logistic
// regression; every other document is kept out to say how good that is.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/base/status_macros.h"
#include "server/embedding/embedded_document.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/similarity/cosine.h"
#include "server/similarity/pair_weights.h"
#include "server/text/utf8.h"
#include "training/gold.h"
#include "training/logistic.h"
#include "training/parallel.h"

namespace hexapla::training {
namespace {

// So that one long book or list does not outweigh all the rest.
constexpr size_t kPairsOfADocumentMax = 400;
constexpr double kRegularization = 1e-4;

struct Options {
  std::string gold;
  std::string pairs;
  std::string model;
  std::string output;
  std::vector<std::string> languages;
  int dimension = 0;
  int threads = 2;
};

enum Kind { kRight, kUnrelated, kNeighbour, kSimilar, kCut, kPart, kExtra, kKinds };
constexpr const char* kKindNames[kKinds] = {"right", "unrelated", "neighbour", "similar",
                                            "cut",   "part",      "extra"};

// Two texts whose sentences are known to be translations: pairs[i] of indices.
struct Document {
  std::string set;
  std::string source_language;
  std::string target_language;
  std::vector<std::string> source;
  std::vector<std::string> target;
  std::vector<std::pair<int, int>> right;
  std::vector<std::pair<int, int>> parts;
  // Whether neighbours in the lists are neighbours in a text.
  bool is_text = true;
};

struct Example {
  std::string source;
  std::string target;
  Kind kind = kRight;
};

struct Sample {
  Observation<kSentencePairFeatures> semantic;
  Observation<kSentencePairFeatures> plain;
  Kind kind = kRight;
  std::string set;
  int fold = 0;
};

Document FromGold(const GoldPair& gold) {
  Document document = {.set = gold.set,
                       .source_language = gold.source_language,
                       .target_language = gold.target_language,
                       .source = gold.source,
                       .target = gold.target,
                       .right = {},
                       .parts = {}};
  for (const Bead& bead : gold.beads) {
    const int sources = bead.source.size();
    const int targets = bead.target.size();
    if (sources == 1 && targets == 1) {
      document.right.emplace_back(bead.source.begin, bead.target.begin);
    } else if (sources + targets == 3 && sources > 0 && targets > 0) {
      document.parts.emplace_back(bead.source.begin, bead.target.begin);
      document.parts.emplace_back(bead.source.end - 1, bead.target.end - 1);
    }
  }
  return document;
}

// A file of two columns whose header names the languages. Errors: InvalidArgument.
absl::StatusOr<Document> ReadPairs(const std::filesystem::path& path) {
  Document document = {.set = absl::StrCat("pairs/", path.stem().string()),
                       .source_language = "",
                       .target_language = "",
                       .source = {},
                       .target = {},
                       .right = {},
                       .parts = {},
                       .is_text = false};
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    if (fields.size() != 2) {
      return absl::InvalidArgumentError(absl::StrCat(path.string(), ": not two columns"));
    }
    if (document.source_language.empty()) {
      document.source_language = fields[0];
      document.target_language = fields[1];
      continue;
    }
    const int row = static_cast<int>(document.source.size());
    document.right.emplace_back(row, row);
    document.source.push_back(fields[0]);
    document.target.push_back(fields[1]);
  }
  return document;
}

// `text` without a share of its end, or its begin, cut at a space where there is
// one nearby.
std::string Cut(const std::string& text, double share, bool begin) {
  constexpr size_t kSpaceWithin = 24;
  const absl::string_view whole = text;
  size_t at = TruncateUtf8(whole, static_cast<size_t>(static_cast<double>(text.size()) *
                                                      (begin ? share : 1 - share)))
                  .size();
  const size_t space = whole.find(' ', at);
  if (space != absl::string_view::npos && space - at < kSpaceWithin) at = space;
  return std::string(begin ? whole.substr(at) : whole.substr(0, at));
}

bool IsBlankText(const std::string& text) {
  return text.find_first_not_of(" \t\r") == std::string::npos;
}

// The target nearest to each source in the space, but for those in `right`.
std::vector<int> NearestOthers(const Document& document, const SentenceEmbedder& embedder) {
  const auto embed = [&](const std::vector<std::string>& sentences) {
    EmbeddingMatrix vectors = std::move(
        EmbedDocument({sentences.begin(), sentences.end()}, embedder, {})->sentence_vectors);
    NormalizeRows(vectors);
    return vectors;
  };
  const EmbeddingMatrix source = embed(document.source);
  const EmbeddingMatrix target = embed(document.target);
  std::vector<int> nearest(document.source.size(), -1);
  for (const auto& [s, t] : document.right) {
    float best = -2;
    for (int other = 0; other < static_cast<int>(document.target.size()); ++other) {
      if (other == t || document.target[other] == document.target[t]) continue;
      const float cosine = InnerProduct(source.row(s), target.row(other), embedder.dimension());
      if (cosine <= best) continue;
      best = cosine;
      nearest[s] = other;
    }
  }
  return nearest;
}

std::vector<Example> MakeExamples(const Document& document, const SentenceEmbedder& embedder) {
  std::vector<Example> examples;
  const std::vector<int> nearest = NearestOthers(document, embedder);
  const int targets = static_cast<int>(document.target.size());
  const size_t count = std::min(document.right.size(), kPairsOfADocumentMax);
  const auto add = [&](std::string source, std::string target, Kind kind) {
    if (IsBlankText(source) || IsBlankText(target)) return;
    examples.push_back({std::move(source), std::move(target), kind});
  };
  for (size_t n = 0; n < count; ++n) {
    const auto& [s, t] = document.right[n];
    const std::string& source = document.source[s];
    const std::string& target = document.target[t];
    add(source, target, kRight);
    const int elsewhere = (t + targets / 3 + static_cast<int>(n % 7)) % targets;
    if (std::abs(elsewhere - t) > 2) add(source, document.target[elsewhere], kUnrelated);
    if (nearest[s] >= 0) add(source, document.target[nearest[s]], kSimilar);
    const double share = 0.3 + 0.1 * static_cast<double>(n % 5);
    const bool begin = n / 5 % 2 == 1;
    if (n % 2 == 0) {
      add(source, Cut(target, share, begin), kCut);
    } else {
      add(Cut(source, share, begin), target, kCut);
    }
    if (!document.is_text || t + 1 >= targets || t == 0) continue;
    add(source, document.target[n % 2 == 0 ? t + 1 : t - 1], kNeighbour);
    add(source, absl::StrCat(target, " ", document.target[t + 1]), kExtra);
  }
  for (const auto& [s, t] : document.parts) add(document.source[s], document.target[t], kPart);
  return examples;
}

// What each language takes to say what English says, by all its characters.
std::map<std::string, double> FitLengths(const std::vector<Document>& documents) {
  std::map<std::string, std::pair<double, double>> sums;
  for (const Document& document : documents) {
    if (document.source_language != "en") continue;
    auto& [english, other] = sums[document.target_language];
    for (const auto& [s, t] : document.right) {
      const auto characters_of = [](const std::string& text) {
        size_t characters = 0;
        for (const char c : text) characters += !IsContinuationByte(c) && c != ' ' ? 1 : 0;
        return static_cast<double>(characters);
      };
      english += characters_of(document.source[s]);
      other += characters_of(document.target[t]);
    }
  }
  std::map<std::string, double> lengths = {{"en", 0}};
  for (const auto& [language, sum] : sums) lengths[language] = std::log(sum.second / sum.first);
  return lengths;
}

std::vector<Sample> MakeSamples(const Document& document, int fold,
                                const SentenceEmbedder& embedder, const PairWeights& weights) {
  std::vector<Sample> samples;
  const double ratio = weights.LogLengthRatio(document.source_language, document.target_language);
  for (const Example& example : MakeExamples(document, embedder)) {
    const EmbeddedDocument source = *EmbedDocument({example.source}, embedder, {});
    const EmbeddedDocument target = *EmbedDocument({example.target}, embedder, {});
    Sample sample;
    sample.semantic.features = SentencePairFeatures(source, target, ratio, true);
    sample.plain.features = SentencePairFeatures(source, target, ratio, false);
    sample.semantic.positive = sample.plain.positive = example.kind == kRight;
    sample.kind = example.kind;
    sample.set = document.set;
    sample.fold = fold;
    samples.push_back(std::move(sample));
  }
  return samples;
}

// Right and wrong weigh alike, and the kinds of the wrong.
void Weigh(std::vector<Sample>& samples) {
  std::array<double, kKinds> counts = {};
  for (const Sample& sample : samples) ++counts[sample.kind];
  for (Sample& sample : samples) {
    const double share = sample.kind == kRight ? 0.5 : 0.5 / (kKinds - 1);
    sample.semantic.weight = sample.plain.weight = share / counts[sample.kind];
  }
}

using Choice = Observation<kSentencePairFeatures> Sample::*;

SentencePairVector FitFold(const std::vector<Sample>& samples, Choice which, int left_out) {
  std::vector<Observation<kSentencePairFeatures>> observations;
  for (const Sample& sample : samples) {
    if (sample.fold != left_out) observations.push_back(sample.*which);
  }
  return FitLogistic(observations, kRegularization);
}

// What was predicted for a sample that was not learned from.
struct Prediction {
  const Sample* sample;
  double probability;
  double weight;
  bool right() const { return (probability >= 0.5) == (sample->kind == kRight); }
};

double AreaUnderCurve(std::vector<Prediction> predictions) {
  std::sort(predictions.begin(), predictions.end(),
            [](const Prediction& a, const Prediction& b) { return a.probability < b.probability; });
  double wrong_below = 0;
  double area = 0;
  double right_total = 0;
  for (const Prediction& one : predictions) {
    if (one.sample->kind == kRight) {
      area += one.weight * wrong_below;
      right_total += one.weight;
    } else {
      wrong_below += one.weight;
    }
  }
  return area / (right_total * wrong_below);
}

// Expected calibration error over ten equal bins.
double CalibrationError(const std::vector<Prediction>& predictions) {
  constexpr int kBins = 10;
  std::array<double, kBins> weight = {};
  std::array<double, kBins> said = {};
  std::array<double, kBins> was = {};
  double total = 0;
  for (const Prediction& one : predictions) {
    const int bin = std::min(kBins - 1, static_cast<int>(one.probability * kBins));
    weight[bin] += one.weight;
    said[bin] += one.weight * one.probability;
    was[bin] += one.sample->kind == kRight ? one.weight : 0;
    total += one.weight;
  }
  double error = 0;
  for (int bin = 0; bin < kBins; ++bin) error += std::abs(said[bin] - was[bin]) / total;
  return error;
}

void Report(const char* name, const std::vector<Prediction>& predictions) {
  std::array<double, kKinds> right = {};
  std::array<double, kKinds> all = {};
  std::map<std::string, std::pair<double, double>> sets;
  double right_weight = 0;
  double weight = 0;
  for (const Prediction& one : predictions) {
    right[one.sample->kind] += one.right() ? 1 : 0;
    all[one.sample->kind] += 1;
    right_weight += one.right() ? one.weight : 0;
    weight += one.weight;
    auto& [set_right, set_weight] = sets[one.sample->set];
    set_right += one.right() ? one.weight : 0;
    set_weight += one.weight;
  }
  std::printf("%s: %zu pairs, accuracy %.3f, AUC %.4f, ECE %.4f\n", name, predictions.size(),
              right_weight / weight, AreaUnderCurve(predictions), CalibrationError(predictions));
  for (int kind = 0; kind < kKinds; ++kind) {
    if (all[kind] > 0) {
      std::printf("  %-10s %6.0f pairs, on the right side %.3f\n", kKindNames[kind], all[kind],
                  right[kind] / all[kind]);
    }
  }
  for (const auto& [set, sums] : sets) {
    std::printf("  %-24s %.3f\n", set.c_str(), sums.first / sums.second);
  }
}

SentencePairVector FitAndReport(const char* name, const std::vector<Sample>& samples,
                                Choice which) {
  std::vector<Prediction> predictions;
  for (const int fold : {0, 1}) {
    const SentencePairVector weights = FitFold(samples, which, fold);
    for (const Sample& sample : samples) {
      if (sample.fold != fold) continue;
      predictions.push_back(
          {&sample, Logistic(LogOdds(weights, (sample.*which).features)), (sample.*which).weight});
    }
  }
  Report(name, predictions);
  return FitFold(samples, which, /*left_out=*/-1);
}

absl::StatusOr<std::vector<Document>> ReadDocuments(const Options& options) {
  std::vector<Document> documents;
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<GoldPair> gold, ReadGold(options.gold));
  for (const GoldPair& pair : gold) documents.push_back(FromGold(pair));
  if (options.pairs.empty()) return documents;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(options.pairs)) {
    if (entry.path().extension() == ".tsv") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    HEXAPLA_ASSIGN_OR_RETURN(Document document, ReadPairs(path));
    documents.push_back(std::move(document));
  }
  return documents;
}

absl::Status Fit(const Options& options) {
  HEXAPLA_ASSIGN_OR_RETURN(
      const std::unique_ptr<const SentenceEmbedder> embedder,
      FasttextSentenceEmbedder::Create(options.model, options.languages, options.dimension));
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<Document> documents, ReadDocuments(options));
  PairWeights weights;
  weights.lengths = FitLengths(documents);
  std::vector<std::vector<Sample>> of_documents(documents.size());
  OnThreads(options.threads, [&](int thread) {
    for (size_t d = thread; d < documents.size(); d += options.threads) {
      of_documents[d] = MakeSamples(documents[d], static_cast<int>(d % 2), *embedder, weights);
    }
  });
  std::vector<Sample> samples;
  for (auto& some : of_documents) {
    std::move(some.begin(), some.end(), std::back_inserter(samples));
  }
  Weigh(samples);
  weights.semantic = FitAndReport("semantic", samples, &Sample::semantic);
  weights.plain = FitAndReport("plain", samples, &Sample::plain);
  std::ofstream out(options.output);
  out << weights.ToText();
  return out ? absl::OkStatus()
             : absl::UnknownError(absl::StrCat(options.output, ": cannot be written"));
}

int Main(int argc, char** argv) {
  CLI::App app{"Fits the weights of the pair score on sentences known to be translations."};
  Options options;
  app.add_option("--gold", options.gold, "Folder of SET/DOCUMENT/{src,tgt,gold}.txt and META")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--pairs", options.pairs, "Folder of files LANG-LANG.tsv with a header")
      ->check(CLI::ExistingDirectory);
  app.add_option("--model", options.model, "Embedding space (.ftz or .bin)")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--dimension", options.dimension, "Its dimension")->required();
  app.add_option("--languages", options.languages, "Its languages")->required()->delimiter(',');
  app.add_option("--output", options.output, "Weights file to write")->required();
  app.add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Fit(options);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace hexapla::training

int main(int argc, char** argv) { return hexapla::training::Main(argc, argv); }
