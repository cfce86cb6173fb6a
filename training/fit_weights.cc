// SPDX-License-Identifier: Apache-2.0
//
// fit_weights: fits the numbers of models/bead-weights.txt on gold alignments.
//
// Bead weights. An alignment's probability is proportional to exp(sum of its
// beads' scores), a score being the inner product of weights and features
// (server/alignment/lattice.h). The weights maximise the likelihood of the gold
// alignments; the gradient is the features of the gold less those expected
// under the model, by forward and backward sums. Every set weighs the same
// however long it is, except that the pairs of one text in many languages share
// a weight: see WeightOf.
//
// Calibration and document probability are logistic regressions on what the
// fitted aligner then does: on its beads, right or wrong, and on true pairs of
// documents against pairs of documents that do not belong together.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "server/alignment/lattice.h"
#include "server/base/status_macros.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/similarity/pair_evidence.h"
#include "server/similarity/scoring_weights.h"
#include "training/gold.h"
#include "training/parallel.h"

namespace hexapla::training {
namespace {

// Grids of more nodes are searched around the gold path only.
constexpr size_t kFullNodesMax = 15000;
constexpr int kBandRadius = 14;
constexpr int kBeadSizeMax = 5;

struct Options {
  std::string gold;
  std::string model;
  std::string output;
  std::string alignments;
  std::string initial;
  std::vector<std::string> languages;
  std::vector<std::string> leave_out;
  int dimension = 0;
  int threads = 2;
  int iterations = 250;
  double regularization = 1e-3;
};

std::vector<absl::string_view> Views(const std::vector<std::string>& lines) {
  return {lines.begin(), lines.end()};
}

std::vector<std::pair<int, int>> Path(const std::vector<Bead>& beads) {
  std::vector<std::pair<int, int>> path = {{0, 0}};
  for (const Bead& bead : beads) path.emplace_back(bead.source.end, bead.target.end);
  return path;
}

// One gold pair, ready to be fitted: the features of every candidate.
class Example {
 public:
  Example(GoldPair gold, const SentenceEmbedder& embedder, const std::vector<BeadShape>& shapes)
      : gold_(std::move(gold)), shapes_(shapes), band_(SearchBand::Full(0, 0)) {
    const StopCondition never;
    source_ = *EmbedDocument(Views(gold_.source), embedder, never);
    target_ = *EmbedDocument(Views(gold_.target), embedder, never);
    SplitForeignShapes();
    const int n = source_.size();
    const int m = target_.size();
    band_ = static_cast<size_t>(n + 1) * (m + 1) <= kFullNodesMax
                ? SearchBand::Full(n, m)
                : SearchBand::Around(Path(gold_.beads), n, m, kBandRadius);
    evidence_ = std::make_unique<PairEvidence>(*PairEvidence::Create(
        source_, target_, band_,
        {.bead_size_max = kBeadSizeMax,
         .semantic =
             Covers(embedder, gold_.source_language) && Covers(embedder, gold_.target_language)},
        never));
    candidates_.resize(band_.nodes() * shapes_.size());
    ForEachCandidate([&](int row, int column, size_t node, size_t s) {
      candidates_[node * shapes_.size() + s] = evidence_->Features(row, column, shapes_[s]);
    });
  }

  const GoldPair& gold() const { return gold_; }
  const PairEvidence& evidence() const { return *evidence_; }

  // Adds the gradient of the gold's log likelihood times `weight`; returns the
  // log likelihood times `weight`.
  double AddGradient(const std::array<double, kBeadFeatures>& weights, double weight,
                     std::vector<double>& gradient) const {
    Lattice lattice(band_, shapes_);
    SetScores(weights, lattice);
    const double log_partition = *lattice.Forward({});
    (void)lattice.Backward({});
    double score = 0;
    for (const Bead& bead : gold_.beads) {
      const BeadFeatureVector& f = candidates_[CandidateOf(bead)];
      for (int k = 0; k < kBeadFeatures; ++k) {
        gradient[k] += weight * f[k];
        score += weights[k] * f[k];
      }
    }
    ForEachCandidate([&](int row, int column, size_t node, size_t s) {
      const double posterior = lattice.Posterior(row, column, s);
      if (posterior < 1e-7) return;
      const BeadFeatureVector& f = candidates_[node * shapes_.size() + s];
      for (int k = 0; k < kBeadFeatures; ++k) gradient[k] -= weight * posterior * f[k];
    });
    return weight * (score - log_partition);
  }

  Alignment Align(const std::array<double, kBeadFeatures>& weights) const {
    return *AlignMonotonically(
        band_, shapes_,
        [&](int row, int column, BeadShape shape) {
          const size_t s = std::find(shapes_.begin(), shapes_.end(), shape) - shapes_.begin();
          return Score(weights, candidates_[band_.Node(row, column) * shapes_.size() + s]);
        },
        {});
  }

 private:
  static double Score(const std::array<double, kBeadFeatures>& weights,
                      const BeadFeatureVector& f) {
    double score = 0;
    for (int k = 0; k < kBeadFeatures; ++k) score += weights[k] * f[k];
    return score;
  }

  // Gold beads of shapes that the search does not know become deletions.
  void SplitForeignShapes() {
    std::vector<Bead> beads;
    for (const Bead& bead : gold_.beads) {
      const BeadShape shape{bead.source.size(), bead.target.size()};
      if (std::find(shapes_.begin(), shapes_.end(), shape) != shapes_.end()) {
        beads.push_back(bead);
        continue;
      }
      for (int s = bead.source.begin; s < bead.source.end; ++s) {
        beads.push_back({.source = {s, s + 1}, .target = {bead.target.begin, bead.target.begin}});
      }
      for (int t = bead.target.begin; t < bead.target.end; ++t) {
        beads.push_back({.source = {bead.source.end, bead.source.end}, .target = {t, t + 1}});
      }
    }
    gold_.beads = std::move(beads);
  }

  template <typename Visit>
  void ForEachCandidate(const Visit& visit) const {
    for (int row = 0; row <= band_.sources(); ++row) {
      for (int column = band_.begin(row); column < band_.end(row); ++column) {
        for (size_t s = 0; s < shapes_.size(); ++s) {
          if (band_.Contains(row + shapes_[s].sources, column + shapes_[s].targets)) {
            visit(row, column, band_.Node(row, column), s);
          }
        }
      }
    }
  }

  size_t CandidateOf(const Bead& bead) const {
    const BeadShape shape{bead.source.size(), bead.target.size()};
    const size_t s = std::find(shapes_.begin(), shapes_.end(), shape) - shapes_.begin();
    return band_.Node(bead.source.begin, bead.target.begin) * shapes_.size() + s;
  }

  void SetScores(const std::array<double, kBeadFeatures>& weights, Lattice& lattice) const {
    ForEachCandidate([&](int, int, size_t node, size_t s) {
      lattice.SetScore(node, s,
                       static_cast<float>(Score(weights, candidates_[node * shapes_.size() + s])));
    });
  }

  GoldPair gold_;
  const std::vector<BeadShape>& shapes_;
  EmbeddedDocument source_;
  EmbeddedDocument target_;
  SearchBand band_;
  std::unique_ptr<PairEvidence> evidence_;
  std::vector<BeadFeatureVector> candidates_;
};

using Examples = std::vector<std::unique_ptr<Example>>;

// The family of a set is its first folder: "ntrex-dev" of "ntrex-dev/en-fr".
std::string FamilyOf(const std::string& set) { return set.substr(0, set.find('/')); }

// Weights such that all families count alike, but one of many sets (the same
// news in many languages) as much as three, and one of under 100 beads less.
std::vector<double> WeightsOf(const Examples& examples) {
  std::map<std::string, double> beads;
  std::map<std::string, std::set<std::string>> sets;
  for (const auto& example : examples) {
    const std::string family = FamilyOf(example->gold().set);
    beads[family] += static_cast<double>(example->gold().beads.size());
    sets[family].insert(example->gold().set);
  }
  std::vector<double> weights;
  for (const auto& example : examples) {
    const std::string family = FamilyOf(example->gold().set);
    const double share = std::min<double>(static_cast<double>(sets[family].size()), 3) *
                         std::min(1.0, beads[family] / 100);
    weights.push_back(share / beads[family]);
  }
  return weights;
}

// Adam (Kingma and Ba 2015) on the full gradient: few parameters, no line search.
class Adam {
 public:
  explicit Adam(size_t size) : mean_(size), square_(size) {}
  void Ascend(const std::vector<double>& gradient, double rate, double* parameters) {
    ++step_;
    for (size_t k = 0; k < gradient.size(); ++k) {
      mean_[k] = 0.9 * mean_[k] + 0.1 * gradient[k];
      square_[k] = 0.99 * square_[k] + 0.01 * gradient[k] * gradient[k];
      const double mean = mean_[k] / (1 - std::pow(0.9, step_));
      const double square = square_[k] / (1 - std::pow(0.99, step_));
      parameters[k] += rate * mean / (std::sqrt(square) + 1e-9);
    }
  }

 private:
  std::vector<double> mean_;
  std::vector<double> square_;
  int step_ = 0;
};

void FitBeadWeights(const Examples& examples, const std::vector<double>& example_weights,
                    const Options& options, ScoringWeights& weights) {
  Adam adam(kBeadFeatures);
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    std::vector<std::vector<double>> gradients(options.threads, std::vector<double>(kBeadFeatures));
    std::vector<double> likelihoods(options.threads);
    OnThreads(options.threads, [&](int t) {
      for (size_t i = t; i < examples.size(); i += options.threads) {
        if (example_weights[i] > 0) {
          likelihoods[t] +=
              examples[i]->AddGradient(weights.bead, example_weights[i], gradients[t]);
        }
      }
    });
    std::vector<double> gradient(kBeadFeatures);
    double likelihood = 0;
    for (int t = 0; t < options.threads; ++t) {
      likelihood += likelihoods[t];
      for (int k = 0; k < kBeadFeatures; ++k) gradient[k] += gradients[t][k];
    }
    for (int k = 0; k < kBeadFeatures; ++k) gradient[k] -= options.regularization * weights.bead[k];
    const double rate = 0.1 * (iteration < options.iterations * 0.7 ? 1 : 0.2);
    adam.Ascend(gradient, rate, weights.bead.data());
    if (iteration % 25 == 0 || iteration + 1 == options.iterations) {
      std::fprintf(stderr, "iteration %d: log likelihood %.4f\n", iteration, likelihood);
    }
  }
}

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }

struct Case {
  std::vector<double> features;
  bool positive;
  double weight;
};

void FitLogistic(const std::vector<Case>& cases, double regularization, double* parameters,
                 size_t size) {
  Adam adam(size);
  double total = 0;
  for (const Case& one : cases) total += one.weight;
  for (int iteration = 0; iteration < 2000; ++iteration) {
    std::vector<double> gradient(size);
    for (const Case& one : cases) {
      double sum = 0;
      for (size_t k = 0; k < size; ++k) sum += parameters[k] * one.features[k];
      const double error = (one.positive ? 1 : 0) - Logistic(sum);
      for (size_t k = 0; k < size; ++k) {
        gradient[k] += one.weight / total * error * one.features[k];
      }
    }
    for (size_t k = 0; k + 1 < size; ++k) gradient[k] -= regularization * parameters[k];
    adam.Ascend(gradient, iteration < 1500 ? 0.05 : 0.01, parameters);
  }
}

double Logit(double p) {
  p = std::clamp(p, 1e-6, 1 - 1e-6);
  return std::log(p / (1 - p));
}

// Strict figures of a set, by the conventions of tests/quality.
struct Tally {
  int predicted = 0;
  int right = 0;
  int gold = 0;
  int found = 0;
  double F1() const {
    const double p = predicted ? static_cast<double>(right) / predicted : 0;
    const double r = gold ? static_cast<double>(found) / gold : 0;
    return p + r > 0 ? 2 * p * r / (p + r) : 0;
  }
};

// Writes SET/DOCUMENT.txt below `folder`: one bead a line with its probability.
void WriteAlignment(const std::string& folder, const GoldPair& gold, const Alignment& alignment) {
  const std::filesystem::path path = folder + "/" + gold.set + "/" + gold.document + ".txt";
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path);
  const auto list = [](const SentenceRun& run) {
    std::vector<int> indices;
    for (int s = run.begin; s < run.end; ++s) indices.push_back(s);
    return absl::StrCat("[", absl::StrJoin(indices, ", "), "]");
  };
  for (const Bead& bead : alignment.beads) {
    out << list(bead.source) << ":" << list(bead.target) << ":"
        << absl::StrFormat("%.3f", bead.probability) << "\n";
  }
}

void Evaluate(const Examples& examples, const std::vector<double>& example_weights,
              const std::string& alignments, ScoringWeights& weights) {
  std::map<std::string, Tally> tallies;
  std::vector<Case> cases;
  for (size_t i = 0; i < examples.size(); ++i) {
    const GoldPair& gold = examples[i]->gold();
    Tally& tally = tallies[gold.set];
    const Alignment alignment = examples[i]->Align(weights.bead);
    if (!alignments.empty()) WriteAlignment(alignments, gold, alignment);
    const auto in_gold = [&](const Bead& bead) {
      return std::any_of(gold.beads.begin(), gold.beads.end(), [&](const Bead& other) {
        if (bead.source.empty() != other.source.empty() ||
            bead.target.empty() != other.target.empty()) {
          return false;
        }
        return (bead.source.empty() || bead.source == other.source) &&
               (bead.target.empty() || bead.target == other.target);
      });
    };
    for (const Bead& bead : gold.beads) tally.gold += !bead.source.empty() && !bead.target.empty();
    for (const Bead& bead : alignment.beads) {
      const bool right = in_gold(bead);
      ++tally.predicted;
      tally.right += right;
      tally.found += right && !bead.source.empty() && !bead.target.empty();
      if (example_weights[i] > 0) {
        cases.push_back({{Logit(bead.probability), 1}, right, example_weights[i]});
      }
    }
  }
  double parameters[2] = {1, 0};
  FitLogistic(cases, 0, parameters, 2);
  weights.calibration_slope = parameters[0];
  weights.calibration_intercept = parameters[1];
  for (const auto& [set, tally] : tallies) {
    std::fprintf(stderr, "%-24s strict F1 %.3f  (%d beads)\n", set.c_str(), tally.F1(), tally.gold);
  }
}

// True pairs of documents, and source with the target of another document of
// its set (in a set of one, the halves that do not belong together).
void FitDocumentWeights(const std::vector<GoldPair>& gold, const SentenceEmbedder& embedder,
                        const std::vector<BeadShape>& shapes, ScoringWeights& weights) {
  std::vector<Case> cases;
  const auto add = [&](GoldPair pair, bool positive) {
    pair.beads.clear();
    pair.beads.push_back({.source = {0, static_cast<int>(pair.source.size())},
                          .target = {0, static_cast<int>(pair.target.size())}});
    const Example example(std::move(pair), embedder, shapes);
    const DocumentFeatureVector f =
        example.evidence().DocumentFeatures(example.Align(weights.bead));
    cases.push_back({std::vector<double>(f.begin(), f.end()), positive, 1});
  };
  const auto part = [](std::vector<std::string> lines, double from, double to) {
    const auto size = static_cast<double>(lines.size());
    return std::vector<std::string>(lines.begin() + static_cast<int>(size * from),
                                    lines.begin() + static_cast<int>(size * to));
  };
  for (size_t i = 0; i < gold.size(); ++i) {
    // Parts of documents, for short ones are the hard ones.
    for (const double share : {0.1, 0.3, 1.0}) {
      GoldPair pair = gold[i];
      if (pair.source.size() > 300) {
        pair.source.resize(300);
        pair.target.resize(std::min<size_t>(300, pair.target.size()));
      }
      if (static_cast<double>(pair.source.size()) * share < 2) continue;
      GoldPair wrong = pair;
      pair.source = part(pair.source, 0, share);
      pair.target = part(pair.target, 0, share);
      wrong.source = pair.source;
      const bool has_other = i + 1 < gold.size() && gold[i + 1].set == gold[i].set;
      wrong.target = has_other ? part(gold[i + 1].target, 0, share)
                               : part(wrong.target, std::max(0.5, 1 - share), 1);
      if (wrong.target.size() > 300) wrong.target.resize(300);
      add(std::move(pair), true);
      add(std::move(wrong), false);
    }
  }
  FitLogistic(cases, 1e-4, weights.document.data(), kDocumentFeatures);
  int wrong = 0;
  for (const Case& one : cases) {
    double sum = 0;
    for (int k = 0; k < kDocumentFeatures; ++k) sum += weights.document[k] * one.features[k];
    wrong += (sum > 0) != one.positive;
  }
  std::fprintf(stderr, "document pairs: %d of %zu on the wrong side\n", wrong, cases.size());
}

absl::Status Fit(const Options& options) {
  HEXAPLA_ASSIGN_OR_RETURN(
      const std::unique_ptr<const SentenceEmbedder> embedder,
      FasttextSentenceEmbedder::Create(options.model, options.languages, options.dimension));
  HEXAPLA_ASSIGN_OR_RETURN(std::vector<GoldPair> gold, ReadGold(options.gold));
  const std::vector<BeadShape> shapes = BeadShapes(kBeadSizeMax, true);
  Examples examples(gold.size());
  OnThreads(options.threads, [&](int t) {
    for (size_t i = t; i < gold.size(); i += options.threads) {
      examples[i] = std::make_unique<Example>(gold[i], *embedder, shapes);
    }
  });
  std::vector<double> example_weights = WeightsOf(examples);
  for (size_t i = 0; i < examples.size(); ++i) {
    for (const std::string& set : options.leave_out) {
      if (gold[i].set == set) example_weights[i] = 0;
    }
  }
  ScoringWeights weights;
  if (!options.initial.empty()) {
    HEXAPLA_ASSIGN_OR_RETURN(weights, ScoringWeights::Read(options.initial));
  }
  FitBeadWeights(examples, example_weights, options, weights);
  Evaluate(examples, example_weights, options.alignments, weights);
  FitDocumentWeights(gold, *embedder, shapes, weights);
  std::ofstream out(options.output);
  out << weights.ToText();
  return out ? absl::OkStatus()
             : absl::UnavailableError(absl::StrCat(options.output, ": cannot be written"));
}

int Main(int argc, char** argv) {
  CLI::App app{"Fits the weights of the bead score on gold alignments."};
  Options options;
  app.add_option("--gold", options.gold, "Folder of SET/DOCUMENT/{src,tgt,gold}.txt and META")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--model", options.model, "Embedding space (.ftz or .bin)")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--dimension", options.dimension, "Its dimension")->required();
  app.add_option("--languages", options.languages, "Its languages")->required()->delimiter(',');
  app.add_option("--output", options.output, "Weights file to write")->required();
  app.add_option("--alignments", options.alignments, "Folder for the alignments that result");
  app.add_option("--initial", options.initial, "Weights file to start from");
  app.add_option("--leave_out", options.leave_out, "Sets not to learn from")->delimiter(',');
  app.add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 64));
  app.add_option("--iterations", options.iterations, "Gradient steps");
  app.add_option("--regularization", options.regularization, "Of the bead weights");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Fit(options);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace hexapla::training

int main(int argc, char** argv) { return hexapla::training::Main(argc, argv); }
