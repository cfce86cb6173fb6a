// SPDX-License-Identifier: Apache-2.0
//
// Measures language identification on the labelled development texts, beside
// what other identifiers said of them: accuracy by set, what noise costs, and
// how far confidence and the reliable flag can be trusted.
//
//   language_accuracy [--models DIR] [--texts DIR] [--floors FILE]
//                     [--only NAME] [--errors SET]
//
// --models is models/ unless given, --texts ../shared/lid: a folder with
// dev/texts.tsv.xz (training/labelled_texts.h) and shared-44.json, the codes of
// the languages that all identifiers share, over which the tables are. Paths are
// relative to the repository's root.
// --floors fails the run where a figure misses its bound. Lines of the file are
// `accuracy SET LEAST`, `calibration_error SET MOST`, `noise NAME MOST` in points,
// and `others LEAST`, the accuracy over the languages that only we know.
// --only measures one of our identifiers by its name instead of the default.
// --errors lists wrong answers of a set by pair of languages.
//
// Exit codes: 0 done; 1 a bound was missed; 2 usage; 77 the texts or the models
// are not there.

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "server/langid/fasttext_language_identifier.h"
#include "server/langid/label_table.h"
#include "server/text/language_tag.h"
#include "training/labelled_texts.h"

namespace hexapla {
namespace {

using training::LabelledText;

constexpr int kSkipped = 77;

std::string Base(absl::string_view tag) { return std::string(LanguageSubtag(tag)); }

// How often something said to be likely was right.
struct Tally {
  size_t right = 0;
  size_t all = 0;
  double confidence = 0;

  void Add(bool is_right, double confidence_given = 0) {
    right += is_right ? 1 : 0;
    ++all;
    confidence += confidence_given;
  }
  double Percent() const {
    return all == 0 ? 0 : 100.0 * static_cast<double>(right) / static_cast<double>(all);
  }
};

// Ten bins of answers by their confidence.
struct Calibration {
  std::array<Tally, 10> bins;

  void Add(bool is_right, double confidence) {
    bins[std::min<size_t>(9, static_cast<size_t>(confidence * 10))].Add(is_right, confidence);
  }
  // Expected calibration error: how far confidence is from what comes true.
  double Error() const {
    double error = 0;
    size_t all = 0;
    for (const Tally& bin : bins) {
      error += std::abs(bin.confidence - static_cast<double>(bin.right));
      all += bin.all;
    }
    return all == 0 ? 0 : error / static_cast<double>(all);
  }
};

struct SetResult {
  Tally ours;
  Tally first_alone;
  std::vector<Tally> peers;
  Tally reliable;
  Calibration calibration;
};

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string utf8;
  return text.toUTF8String(utf8);
}

icu::UnicodeString FromUtf8(const std::string& text) { return icu::UnicodeString::fromUTF8(text); }

std::string Decomposed(const std::string& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* const nfd = icu::Normalizer2::getNFDInstance(error);
  return ToUtf8(nfd->normalize(FromUtf8(text), error));
}

// What careless writing and copying do to a text.
struct Noise {
  const char* name;
  std::string (*apply)(const std::string& text);
};

const Noise kNoises[] = {
    {"capitals",
     [](const std::string& text) {
       return ToUtf8(FromUtf8(text).toUpper(icu::Locale::getRoot()));
     }},
    {"title_case",
     [](const std::string& text) {
       return ToUtf8(FromUtf8(text).toTitle(nullptr, icu::Locale::getRoot()));
     }},
    {"NFD", Decomposed},
    {"URL",
     [](const std::string& text) {
       return absl::StrCat("https://www.example.org/the/latest-news?id=42 ", text);
     }},
    {"e-mail",
     [](const std::string& text) { return absl::StrCat(text, " jane.doe@mail.example.com"); }},
    {"emoji",
     [](const std::string& text) { return absl::StrCat("😂👍🏽 ", text, " ❤️🎉"); }},
};

class Measurement {
 public:
  Measurement(const LanguageIdentifier& identifier, const LanguageIdentifier& first,
              const training::LabelledTexts& texts, std::set<std::string> shared,
              std::set<std::string> known)
      : identifier_(identifier),
        first_(first),
        texts_(texts),
        shared_(std::move(shared)),
        known_(std::move(known)) {}

  void Run();
  void Print(const std::string& errors_set) const;
  // How many bounds of the file are missed; each is printed.
  int Check(const std::string& path) const;

 private:
  bool IsShared(const LabelledText& text) const { return shared_.contains(text.code); }
  void MeasureShared(const LabelledText& text);
  void PrintErrors(const std::string& set) const;

  const LanguageIdentifier& identifier_;
  const LanguageIdentifier& first_;
  const training::LabelledTexts& texts_;
  const std::set<std::string> shared_;
  const std::set<std::string> known_;

  std::map<std::string, SetResult> results_;
  std::map<std::string, std::map<std::string, Tally>> noisy_;  // noise, set
  Calibration calibration_;
  std::map<std::string, Tally> others_;
  std::map<std::string, Tally> others_first_;
  std::map<std::string, std::string> of_code_;  // peers' codes
  std::map<std::string, std::map<std::string, int>> errors_;
};

void Measurement::Run() {
  for (const LabelledText& text : texts_.texts) {
    if (IsShared(text)) {
      MeasureShared(text);
    } else if (known_.contains(text.language)) {
      const auto is_right = [&](const LanguageIdentifier& identifier) {
        return Base(identifier.Identify(text.text, {}).guesses[0].language) == text.language;
      };
      others_[text.set].Add(is_right(identifier_));
      others_first_[text.set].Add(is_right(first_));
    }
  }
}

void Measurement::MeasureShared(const LabelledText& text) {
  const Identification answer = identifier_.Identify(text.text, {});
  const LanguageGuess& guess = answer.guesses[0];
  const std::string language = Base(guess.language);
  const bool is_right = language == text.language;
  const auto confidence = static_cast<double>(guess.confidence);
  SetResult& result = results_[text.set];
  result.ours.Add(is_right);
  result.calibration.Add(is_right, confidence);
  calibration_.Add(is_right, confidence);
  if (answer.reliable) result.reliable.Add(is_right);
  if (!is_right) ++errors_[text.set][text.language + " taken for " + language];
  result.first_alone.Add(Base(first_.Identify(text.text, {}).guesses[0].language) == text.language);
  result.peers.resize(text.answers.size());
  for (size_t i = 0; i < text.answers.size(); ++i) {
    const auto [code, is_new] = of_code_.try_emplace(text.answers[i]);
    if (is_new) code->second = Base(MeaningOfLabel(code->first).language);
    result.peers[i].Add(code->second == text.language);
  }
  for (const Noise& noise : kNoises) {
    const Identification noisy = identifier_.Identify(noise.apply(text.text), {});
    noisy_[noise.name][text.set].Add(Base(noisy.guesses[0].language) == text.language);
  }
}

void Measurement::Print(const std::string& errors_set) const {
  std::printf("Accuracy over the %zu shared languages, in %%\n%-8s %6s %7s %7s", shared_.size(),
              "set", "texts", "ours", "first");
  for (const std::string& name : texts_.identifiers) std::printf(" %12s", name.c_str());
  std::printf("\n");
  for (const auto& [set, result] : results_) {
    std::printf("%-8s %6zu %7.2f %7.2f", set.c_str(), result.ours.all, result.ours.Percent(),
                result.first_alone.Percent());
    for (const Tally& peer : result.peers) std::printf(" %12.2f", peer.Percent());
    std::printf("\n");
  }
  std::printf("\nAccuracy over our other languages, in %%\n%-8s %6s %7s %7s\n", "set", "texts",
              "ours", "first");
  for (const auto& [set, tally] : others_) {
    std::printf("%-8s %6zu %7.2f %7.2f\n", set.c_str(), tally.all, tally.Percent(),
                others_first_.at(set).Percent());
  }
  std::printf("\nWhat noise costs, in points\n%-10s", "");
  for (const auto& [set, result] : results_) std::printf(" %8s", set.c_str());
  std::printf("\n");
  for (const Noise& noise : kNoises) {
    std::printf("%-10s", noise.name);
    for (const auto& [set, tally] : noisy_.at(noise.name)) {
      std::printf(" %8.2f", results_.at(set).ours.Percent() - tally.Percent());
    }
    std::printf("\n");
  }
  std::printf("\nTrust\n%-8s %8s %16s %20s\n", "set", "ECE", "reliable, in %", "of these right");
  for (const auto& [set, result] : results_) {
    std::printf(
        "%-8s %8.4f %16.1f %20.2f\n", set.c_str(), result.calibration.Error(),
        100.0 * static_cast<double>(result.reliable.all) / static_cast<double>(result.ours.all),
        result.reliable.Percent());
  }
  std::printf("all      %8.4f\n\n%-12s %7s %12s %9s\n", calibration_.Error(), "confidence", "texts",
              "mean", "right");
  for (size_t i = 0; i < calibration_.bins.size(); ++i) {
    const Tally& bin = calibration_.bins[i];
    std::printf("%.1f to %.1f   %7zu %12.1f %9.1f\n", static_cast<double>(i) / 10,
                static_cast<double>(i + 1) / 10, bin.all,
                100 * bin.confidence / static_cast<double>(std::max<size_t>(1, bin.all)),
                bin.Percent());
  }
  if (!errors_set.empty()) PrintErrors(errors_set);
}

void Measurement::PrintErrors(const std::string& set) const {
  const auto found = errors_.find(set);
  if (found == errors_.end()) return;
  std::vector<std::pair<int, std::string>> worst;
  for (const auto& [pair, count] : found->second) worst.emplace_back(count, pair);
  std::sort(worst.rbegin(), worst.rend());
  worst.resize(std::min<size_t>(worst.size(), 40));
  std::printf("\n");
  for (const auto& [count, pair] : worst) std::printf("%5d  %s\n", count, pair.c_str());
}

int Measurement::Check(const std::string& path) const {
  std::ifstream file(path);
  int missed = 0;
  const auto check = [&](const std::string& name, double value, double bound, bool is_least) {
    if (is_least ? value >= bound : value <= bound) return;
    std::printf("MISSED: %s is %.4f; its bound is %.4f\n", name.c_str(), value, bound);
    ++missed;
  };
  if (!file) return ++missed;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string what;
    std::string name;
    double bound = 0;
    if (!(words >> what >> name >> bound)) continue;
    const auto result = results_.find(name);
    if (what == "noise") {
      for (const auto& [set, tally] : noisy_.at(name)) {
        check(name + " on " + set, results_.at(set).ours.Percent() - tally.Percent(), bound, false);
      }
    } else if (what == "others" && others_.contains(name)) {
      check(line, others_.at(name).Percent(), bound, true);
    } else if (what == "accuracy" && result != results_.end()) {
      check(line, result->second.ours.Percent(), bound, true);
    } else if (what == "calibration_error" && result != results_.end()) {
      check(line, result->second.calibration.Error(), bound, false);
    } else {
      std::printf("MISSED: %s: there is no such figure\n", line.c_str());
      ++missed;
    }
  }
  return missed;
}

// The default identifier of a folder, or one of its models alone.
absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> Load(const std::string& folder,
                                                                 const std::string& only) {
  if (!only.empty()) return FastTextLanguageIdentifier::Create(folder + "/" + only + ".ftz");
  const auto weights = OpinionWeights::Read(folder + "/hexapla-identifier.txt");
  if (!weights.ok()) return weights.status();
  const auto first = Load(folder, weights->first_model);
  if (!first.ok()) return first.status();
  const auto second = Load(folder, weights->second_model);
  if (!second.ok()) return second.status();
  return FastTextLanguageIdentifier::Create(**first, **second, *weights);
}

int Main(int argc, char** argv) {
  CLI::App app("Measures language identification.");
  std::string models = "models";
  std::string folder = "../shared/lid";
  std::string floors;
  std::string only;
  std::string errors;
  app.add_option("--models", models, "folder of the models");
  app.add_option("--texts", folder, "folder of the texts");
  app.add_option("--floors", floors, "bounds that figures must keep");
  app.add_option("--only", only, "name of a model to be measured alone");
  app.add_option("--errors", errors, "set whose wrong answers are listed");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto texts = training::ReadLabelledTexts(folder + "/dev/texts.tsv.xz");
  const std::vector<std::string> codes = training::ReadCodes(folder + "/shared-44.json");
  const auto identifier = Load(models, only);
  const auto first = Load(models, "lid.176");
  if (!texts.ok() || codes.empty() || !identifier.ok() || !first.ok()) {
    std::printf("skipped: needs the texts in %s and the models in %s\n", folder.c_str(),
                models.c_str());
    return kSkipped;
  }
  const std::vector<std::string> tags = (*first)->Languages();
  Measurement measurement(**identifier, **first, *texts, {codes.begin(), codes.end()},
                          {tags.begin(), tags.end()});
  measurement.Run();
  measurement.Print(errors);
  return !floors.empty() && measurement.Check(floors) > 0 ? 1 : 0;
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) { return hexapla::Main(argc, argv); }
