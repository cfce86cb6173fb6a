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
// a weight: see WeightsOf.
//
// Folds. Each set is aligned once more with weights that were fitted on all
// others; of the pairs of one text, each is left out alone. On these alignments,
// which the weights have not seen, the probability of a bead is calibrated (a
// logistic regression on its posterior), and what its calibration is worth is
// measured with the fold's own beads left out.
//
// Document probability. A logistic regression on true pairs of documents against
// pairs of documents that do not belong together.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "server/base/status_macros.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/similarity/scoring_weights.h"
#include "training/alignment_field.h"
#include "training/floors.h"
#include "training/gold.h"
#include "training/logistic.h"
#include "training/parallel.h"

namespace hexapla::training {
namespace {

constexpr int kBeadSizeMax = 5;
// Rounds of preparing the candidates and fitting on them.
constexpr int kRounds = 2;
// Steps that adapt fitted weights to a fold or to a missing term.
constexpr int kAdaptIterations = 40;
constexpr int kCalibrationBins = 10;
// So many sentences say whether documents are versions of one another.
constexpr size_t kDocumentSentences = 300;
// Of a longer document the beginning stands for the rest.
constexpr int kSentencesMax = 2000;

struct Options {
  std::string gold;
  std::string model;
  std::string output;
  std::string alignments;
  std::string initial;
  std::string report;
  std::string floors;
  std::vector<std::string> languages;
  std::string word_weights = "length";
  int dimension = 0;
  int threads = 2;
  int iterations = 120;
  double regularization = 3e-3;
  bool ablation = false;
};

using Look = AlignmentField::Look;
using Fields = std::vector<std::unique_ptr<AlignmentField>>;

// The family of a set is its first folder: "ntrex-dev" of "ntrex-dev/en-fr".
std::string FamilyOf(const std::string& set) { return set.substr(0, set.find('/')); }

// Weights such that all families count alike, but one of many sets (the same
// news in many languages) as much as three, and one of under 100 beads less.
std::vector<double> WeightsOf(const Fields& fields) {
  std::map<std::string, double> beads;
  std::map<std::string, std::set<std::string>> sets;
  for (const auto& field : fields) {
    const std::string family = FamilyOf(field->gold().set);
    beads[family] += static_cast<double>(field->gold().beads.size());
    sets[family].insert(field->gold().set);
  }
  std::vector<double> weights;
  for (const auto& field : fields) {
    const std::string family = FamilyOf(field->gold().set);
    const double share = std::min<double>(static_cast<double>(sets[family].size()), 3) *
                         std::min(1.0, beads[family] / 100);
    weights.push_back(share / beads[family]);
  }
  return weights;
}

// Where fitting starts when no weights are given: meaning and cover speak for a
// bead, a merge must gain something, a deletion costs.
BeadWeights PlainWeights() {
  BeadWeights weights{};
  weights[kSemantic] = 2;
  weights[kCoverageLeast] = 2;
  weights[kMergeGain] = 3;
  weights[kLengthNear] = 0.5;
  for (int shape = kShape12; shape <= kShape15; ++shape) weights[shape] = -1.5;
  weights[kDeletion] = -0.5;
  return weights;
}

// Adam (Kingma and Ba 2015) on the full gradient: few parameters, no line search.
class Adam {
 public:
  void Ascend(const BeadWeights& gradient, double rate, BeadWeights& parameters) {
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
  BeadWeights mean_{};
  BeadWeights square_{};
  int step_ = 0;
};

// Climbs the likelihood of the fields whose weight is not 0; the weights of
// `without` stay 0. Returns the log likelihood.
double FitBeadWeights(const Fields& fields, const std::vector<double>& field_weights,
                      const Options& options, int iterations, const std::set<int>& without,
                      BeadWeights& weights) {
  Adam adam;
  double likelihood = 0;
  for (const int k : without) weights[k] = 0;
  for (int iteration = 0; iteration < iterations; ++iteration) {
    std::vector<BeadWeights> gradients(options.threads, BeadWeights{});
    std::vector<double> likelihoods(options.threads);
    OnThreads(options.threads, [&](int t) {
      for (size_t i = t; i < fields.size(); i += options.threads) {
        if (field_weights[i] > 0) {
          likelihoods[t] += fields[i]->AddGradient(weights, field_weights[i], gradients[t]);
        }
      }
    });
    BeadWeights gradient{};
    likelihood = 0;
    for (int t = 0; t < options.threads; ++t) {
      likelihood += likelihoods[t];
      for (int k = 0; k < kBeadFeatures; ++k) gradient[k] += gradients[t][k];
    }
    for (int k = 0; k < kBeadFeatures; ++k) gradient[k] -= options.regularization * weights[k];
    for (const int k : without) gradient[k] = 0;
    adam.Ascend(gradient, iteration < iterations * 0.7 ? 0.1 : 0.02, weights);
  }
  return likelihood;
}

void Prepare(const Fields& fields, const ScoringWeights& weights, Look look, int threads) {
  OnThreads(threads, [&](int t) {
    for (size_t i = t; i < fields.size(); i += threads) fields[i]->Prepare(weights, look);
  });
}

// Fits the weights of the first look, which has no words.
void FitSketch(const Fields& fields, const std::vector<double>& field_weights,
               const Options& options, ScoringWeights& weights) {
  std::set<int> without;
  for (int k = 0; k < kBeadFeatures; ++k) without.insert(k);
  for (const int k : kSketchTerms) without.erase(k);
  for (int round = 0; round < kRounds; ++round) {
    Prepare(fields, weights, Look::kSketch, options.threads);
    const double likelihood =
        FitBeadWeights(fields, field_weights, options, options.iterations, without, weights.sketch);
    std::fprintf(stderr, "sketch, round %d: log likelihood %.4f\n", round + 1, likelihood);
  }
}

// What the sketch keeps of the gold, and of all beads.
std::string SketchReport(const Fields& fields) {
  size_t gold = 0;
  size_t kept = 0;
  size_t beads = 0;
  size_t sentences = 0;
  for (const auto& field : fields) {
    gold += field->gold_two_sided();
    kept += field->gold_kept();
    beads += field->beads_kept();
    sentences += field->gold().source.size();
  }
  return absl::StrFormat(
      "The sketch keeps %.2f %% of the gold's %zu beads, and %.1f beads a "
      "sentence.\n",
      100.0 * static_cast<double>(kept) / static_cast<double>(gold), gold,
      static_cast<double>(beads) / static_cast<double>(sentences));
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

bool TwoSided(const Bead& bead) { return !bead.source.empty() && !bead.target.empty(); }

// Whether the gold has this bead; a deletion, wherever it stands.
bool Holds(const std::vector<Bead>& gold, const Bead& bead) {
  return std::any_of(gold.begin(), gold.end(), [&](const Bead& other) {
    if (bead.source.empty() != other.source.empty() ||
        bead.target.empty() != other.target.empty()) {
      return false;
    }
    return (bead.source.empty() || bead.source == other.source) &&
           (bead.target.empty() || bead.target == other.target);
  });
}

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

// A bead that was aligned: its set, its posterior as a logit, whether it is right.
struct Judged {
  std::string set;
  double logit;
  bool right;
  double weight;
};

struct Figures {
  std::map<std::string, Tally> tallies;  // by set
  std::vector<Judged> beads;
};

void Judge(const AlignmentField& field, double weight, const BeadWeights& weights,
           const std::string& alignments, Figures& figures) {
  const GoldPair& gold = field.gold();
  Tally& tally = figures.tallies[gold.set];
  const Alignment alignment = field.Align(weights);
  if (!alignments.empty()) WriteAlignment(alignments, gold, alignment);
  for (const Bead& bead : gold.beads) tally.gold += TwoSided(bead);
  for (const Bead& bead : alignment.beads) {
    const bool right = Holds(gold.beads, bead);
    ++tally.predicted;
    tally.right += right;
    tally.found += right && TwoSided(bead);
    figures.beads.push_back({gold.set, Logit(bead.probability), right, weight});
  }
}

Figures JudgeAll(const Fields& fields, const std::vector<double>& field_weights,
                 const BeadWeights& weights, const std::string& alignments) {
  Figures figures;
  for (size_t i = 0; i < fields.size(); ++i) {
    Judge(*fields[i], field_weights[i], weights, alignments, figures);
  }
  return figures;
}

// Every set aligned with weights that were fitted without it.
Figures JudgeFolds(const Fields& fields, const std::vector<double>& field_weights,
                   const Options& options, const ScoringWeights& fitted) {
  std::set<std::string> sets;
  for (const auto& field : fields) sets.insert(field->gold().set);
  Figures figures;
  for (const std::string& set : sets) {
    std::vector<double> others = field_weights;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i]->gold().set == set) others[i] = 0;
    }
    ScoringWeights weights = fitted;
    FitBeadWeights(fields, others, options, kAdaptIterations, {}, weights.bead);
    OnThreads(options.threads, [&](int t) {
      for (size_t i = t; i < fields.size(); i += options.threads) {
        if (fields[i]->gold().set == set) fields[i]->Prepare(weights, Look::kSecond);
      }
    });
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i]->gold().set == set) {
        Judge(*fields[i], field_weights[i], weights.bead, "", figures);
      }
    }
    std::fprintf(stderr, "without %-24s strict F1 %.3f\n", set.c_str(), figures.tallies[set].F1());
  }
  return figures;
}

struct Calibration {
  double slope = 1;
  double intercept = 0;
  double Of(double logit) const { return Logistic(slope * logit + intercept); }
};

Calibration Calibrate(const std::vector<Judged>& beads, const std::string& without) {
  std::vector<Observation<2>> cases;
  for (const Judged& bead : beads) {
    if (FamilyOf(bead.set) != without) cases.push_back({{bead.logit, 1}, bead.right, bead.weight});
  }
  const std::array<double, 2> parameters = FitLogistic(cases, 0);
  return {parameters[0], parameters[1]};
}

// How often beads of about the same probability are right.
struct Bin {
  double weight = 0;
  double probability = 0;
  double right = 0;
  int beads = 0;
};

// Of each family by the calibration of the others.
std::vector<Bin> CalibrationTable(const std::vector<Judged>& beads) {
  std::map<std::string, Calibration> calibrations;
  std::vector<Bin> bins(kCalibrationBins);
  for (const Judged& bead : beads) {
    const std::string family = FamilyOf(bead.set);
    if (!calibrations.contains(family)) calibrations[family] = Calibrate(beads, family);
    const double p = calibrations[family].Of(bead.logit);
    Bin& bin = bins[std::min(kCalibrationBins - 1, static_cast<int>(p * kCalibrationBins))];
    bin.weight += bead.weight;
    bin.probability += bead.weight * p;
    bin.right += bead.weight * (bead.right ? 1 : 0);
    ++bin.beads;
  }
  return bins;
}

double ExpectedCalibrationError(const std::vector<Bin>& bins) {
  double error = 0;
  double weight = 0;
  for (const Bin& bin : bins) {
    error += std::abs(bin.probability - bin.right);
    weight += bin.weight;
  }
  return error / weight;
}

// Terms that belong together, for the table that says what each buys.
struct Term {
  const char* name;
  std::set<int> features;
};

const std::vector<Term>& Terms() {
  static const auto* const kTerms = new std::vector<Term>{
      {"sentence vectors (cosine, margin, merge gain)",
       {kSemantic, kSemanticLow, kCosine, kMargin, kMergeGain, kMergeSemantic}},
      {"coverage of words",
       {kCoverage, kCoverageLow, kCoverageLeast, kCoverageWeakest, kCoverageGain, kSplitGain,
        kMergeCoverage}},
      {"leak and straddle (words better covered next door)", {kLeak, kStraddle, kStraddleBoth}},
      {"lengths", {kLengthNear, kLengthFar, kLengthDeviation}},
      {"sentence marks (count, cuts)", {kSentenceCount, kCuts}},
      {"identical numbers and names", {kNumbersMatched, kNumbersUnmatched, kNamesMatched}},
      {"shape prior",
       {kShape12, kShape22, kShape13, kShape23, kShape14, kShape33, kShape24, kShape15}},
      {"evidence of deletions", {kDeletionLength, kDeletionSemantic, kDeletionCoverage}},
      {"the document's own rates", {kMergeRate, kDeletionRate}},
  };
  return *kTerms;
}

// Mean strict F1 of the sets of each family.
std::map<std::string, double> ByFamily(const std::map<std::string, Tally>& tallies) {
  std::map<std::string, double> sums;
  std::map<std::string, int> counts;
  for (const auto& [set, tally] : tallies) {
    sums[FamilyOf(set)] += tally.F1();
    ++counts[FamilyOf(set)];
  }
  for (auto& [family, sum] : sums) sum /= counts[family];
  return sums;
}

// A Markdown table row of figures in thousandths.
std::string Row(const std::string& name, const std::map<std::string, double>& figures) {
  std::string row = absl::StrCat("| ", name, " |");
  for (const auto& [family, f1] : figures) absl::StrAppendFormat(&row, " %.3f |", f1);
  return row + "\n";
}

std::string AblationTable(const Fields& fields, const std::vector<double>& field_weights,
                          const Options& options, const ScoringWeights& fitted) {
  const auto figures = [&](const BeadWeights& weights) {
    return ByFamily(JudgeAll(fields, field_weights, weights, "").tallies);
  };
  const auto whole = figures(fitted.bead);
  std::string table = "| without |";
  std::string rule = "|---|";
  for (const auto& [family, f1] : whole) {
    absl::StrAppend(&table, " ", family, " |");
    rule += "---|";
  }
  table += "\n" + rule + "\n" + Row("(nothing: all terms)", whole);
  for (const Term& term : Terms()) {
    BeadWeights weights = fitted.bead;
    FitBeadWeights(fields, field_weights, options, kAdaptIterations, term.features, weights);
    table += Row(term.name, figures(weights));
  }
  Prepare(fields, fitted, Look::kFirst, options.threads);
  BeadWeights weights = fitted.bead;
  FitBeadWeights(fields, field_weights, options, kAdaptIterations, {}, weights);
  return table + Row("the second pass", figures(weights));
}

// A pair of documents, its beads unknown.
struct DocumentCase {
  GoldPair pair;
  bool versions;  // of one another
};

// True pairs of documents, and source with the target of another document of
// its set (in a set of one, the halves that do not belong together). Of each
// also parts, for short documents are the hard ones.
std::vector<DocumentCase> DocumentCases(const std::vector<GoldPair>& gold) {
  const auto part = [](const std::vector<std::string>& lines, double from, double to) {
    const auto size = static_cast<double>(std::min(kDocumentSentences, lines.size()));
    return std::vector<std::string>(lines.begin() + static_cast<int>(size * from),
                                    lines.begin() + static_cast<int>(size * to));
  };
  std::vector<DocumentCase> cases;
  for (size_t i = 0; i < gold.size(); ++i) {
    for (const double share : {0.1, 0.3, 1.0}) {
      GoldPair right = gold[i];
      right.source = part(gold[i].source, 0, share);
      right.target = part(gold[i].target, 0, share);
      if (right.source.size() < 2) continue;
      const bool has_other = i + 1 < gold.size() && gold[i + 1].set == gold[i].set;
      GoldPair wrong = right;
      wrong.target = has_other ? part(gold[i + 1].target, 0, share)
                               : part(gold[i].target, std::max(0.5, 1 - share), 1);
      cases.push_back({std::move(right), true});
      cases.push_back({std::move(wrong), false});
    }
  }
  for (DocumentCase& one : cases) {
    one.pair.beads = {{.source = {0, static_cast<int>(one.pair.source.size())},
                       .target = {0, static_cast<int>(one.pair.target.size())}}};
  }
  return cases;
}

void FitDocumentWeights(const std::vector<GoldPair>& gold, const SentenceEmbedder& embedder,
                        const std::vector<BeadShape>& shapes, int threads,
                        ScoringWeights& weights) {
  const std::vector<DocumentCase> cases = DocumentCases(gold);
  std::vector<Observation<kDocumentFeatures>> observations(cases.size());
  OnThreads(threads, [&](int t) {
    for (size_t i = t; i < cases.size(); i += threads) {
      AlignmentField field(cases[i].pair, embedder, shapes);
      field.Prepare(weights, Look::kSecond);
      observations[i] = {field.DocumentFeatures(field.Align(weights.bead)), cases[i].versions, 1};
    }
  });
  weights.document = FitLogistic(observations, 1e-4);
  const auto wrong = std::count_if(observations.begin(), observations.end(), [&](const auto& one) {
    return (LogOdds(weights.document, one.features) > 0) != one.positive;
  });
  std::fprintf(stderr, "document pairs: %td of %zu on the wrong side\n", wrong, cases.size());
}

std::string Report(const Figures& seen, const Figures& folds, const std::string& ablation) {
  std::string report = "| set | fitted on all | without it | beads |\n|---|---|---|---|\n";
  for (const auto& [set, tally] : seen.tallies) {
    absl::StrAppendFormat(&report, "| %s | %.3f | %.3f | %d |\n", set, tally.F1(),
                          folds.tallies.at(set).F1(), tally.gold);
  }
  absl::StrAppend(&report, "\n", ablation, ablation.empty() ? "" : "\n");
  const std::vector<Bin> bins = CalibrationTable(folds.beads);
  report += "| probability | mean | right | beads |\n|---|---|---|---|\n";
  for (int b = 0; b < kCalibrationBins; ++b) {
    if (bins[b].beads == 0) continue;
    absl::StrAppendFormat(
        &report, "| %.1f-%.1f | %.3f | %.3f | %d |\n", static_cast<double>(b) / kCalibrationBins,
        static_cast<double>(b + 1) / kCalibrationBins, bins[b].probability / bins[b].weight,
        bins[b].right / bins[b].weight, bins[b].beads);
  }
  absl::StrAppendFormat(&report, "\nExpected calibration error: %.3f\n",
                        ExpectedCalibrationError(bins));
  return report;
}

// Whether every set reaches its floor when it is left out of the fit.
absl::Status CheckLeftOut(const Figures& folds, const std::string& path) {
  std::map<std::string, double> figures;
  for (const auto& [set, tally] : folds.tallies) figures[set] = tally.F1();
  return CheckFloors(figures, "strict F1 without it", path);
}

GoldPair BeginningOf(GoldPair gold) {
  if (gold.source.size() <= kSentencesMax) return gold;
  while (gold.beads.back().source.end > kSentencesMax) gold.beads.pop_back();
  gold.source.resize(gold.beads.back().source.end);
  gold.target.resize(gold.beads.back().target.end);
  return gold;
}

absl::Status Fit(const Options& options) {
  HEXAPLA_ASSIGN_OR_RETURN(
      const std::unique_ptr<const SentenceEmbedder> embedder,
      FasttextSentenceEmbedder::Create(
          options.model, options.languages, options.dimension,
          options.word_weights == "frequency" ? WordWeights::kFrequency : WordWeights::kLength));
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<GoldPair> gold, ReadGold(options.gold));
  const std::vector<BeadShape> shapes = BeadShapes(kBeadSizeMax, true);
  Fields fields(gold.size());
  OnThreads(options.threads, [&](int t) {
    for (size_t i = t; i < gold.size(); i += options.threads) {
      fields[i] = std::make_unique<AlignmentField>(BeginningOf(gold[i]), *embedder, shapes);
    }
  });
  const std::vector<double> field_weights = WeightsOf(fields);
  ScoringWeights weights;
  weights.bead = PlainWeights();
  for (const int k : kSketchTerms) weights.sketch[k] = weights.bead[k];
  if (!options.initial.empty()) {
    HEXAPLA_ASSIGN_OR_RETURN(weights, ScoringWeights::Read(options.initial));
  }
  FitSketch(fields, field_weights, options, weights);
  for (int round = 0; round < kRounds; ++round) {
    Prepare(fields, weights, Look::kSecond, options.threads);
    const double likelihood =
        FitBeadWeights(fields, field_weights, options, options.iterations, {}, weights.bead);
    std::fprintf(stderr, "round %d: log likelihood %.4f\n", round + 1, likelihood);
  }
  Prepare(fields, weights, Look::kSecond, options.threads);
  const std::string sketch = SketchReport(fields);
  const Figures seen = JudgeAll(fields, field_weights, weights.bead, options.alignments);
  for (const auto& [set, tally] : seen.tallies) {
    std::fprintf(stderr, "with    %-24s strict F1 %.3f  (%d beads)\n", set.c_str(), tally.F1(),
                 tally.gold);
  }
  std::string ablation;
  if (options.ablation) {
    ablation = AblationTable(fields, field_weights, options, weights);
    Prepare(fields, weights, Look::kSecond, options.threads);
  }
  const Figures folds = JudgeFolds(fields, field_weights, options, weights);
  const Calibration calibration = Calibrate(folds.beads, "");
  weights.calibration_slope = calibration.slope;
  weights.calibration_intercept = calibration.intercept;
  FitDocumentWeights(gold, *embedder, shapes, options.threads, weights);
  const std::string report = Report(seen, folds, ablation) + "\n" + sketch;
  std::fprintf(stderr, "%s", report.c_str());
  if (!options.report.empty()) std::ofstream(options.report) << report;
  std::ofstream out(options.output);
  out << weights.ToText();
  if (!out) return absl::UnavailableError(absl::StrCat(options.output, ": cannot be written"));
  return options.floors.empty() ? absl::OkStatus() : CheckLeftOut(folds, options.floors);
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
  app.add_option("--word_weights", options.word_weights, "How its words count, as in a manifest")
      ->check(CLI::IsMember({"length", "frequency"}))
      ->capture_default_str();
  app.add_option("--output", options.output, "Weights file to write")->required();
  app.add_option("--report", options.report, "File for the tables, in Markdown");
  app.add_option("--floors", options.floors,
                 "File of `SET FLOOR`: fail if a set left out has a lower strict F1")
      ->check(CLI::ExistingFile);
  app.add_flag("--ablation", options.ablation, "Also measure what each term buys");
  app.add_option("--alignments", options.alignments, "Folder for the alignments that result");
  app.add_option("--initial", options.initial, "Weights file to start from");
  app.add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 64));
  app.add_option("--iterations", options.iterations, "Gradient steps of each of two rounds");
  app.add_option("--regularization", options.regularization, "Of the bead weights");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Fit(options);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace hexapla::training

int main(int argc, char** argv) { return hexapla::training::Main(argc, argv); }
