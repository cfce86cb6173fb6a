// SPDX-License-Identifier: Apache-2.0
//
// Fits how several opinions on a language become one answer, and how sure it may
// be, on labelled texts; reports what that does to texts it was not fitted on.
//
//   fit_identifier --first FILE --second FILE --texts FILE --output FILE
//       [--favoured FILE]
//
// TEXTS is an xz-compressed TSV with a header; the first column names a set, the
// second the true label, the last is the text. Sets are told apart only in the
// report.
//
// The models are named in the output as their files are, without ".ftz".
//
// The numbers of OpinionWeights maximise the mean log-likelihood of the true
// languages: a softmax regression, which is convex, by Adam on all texts at
// once. So they are calibrated as far as curves over the number of letters can
// be. The stage with everyone is fitted on those texts whose answer by the
// models alone is not certain, for it meets no others, as that with the models is
// on those of which the first model alone is not sure. A text whose language the
// identifier cannot name is left out: it cannot be right.
//
// The texts have as many of Bihari as of English, and life has not. So those of
// the languages in FAVOURED, a JSON list of ISO 639-3 codes, count kFavour times.
//
// The report is cross-validated: each fifth of the texts, by their hashes, is
// judged by numbers fitted on the others. What is written is fitted on all.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "absl/strings/string_view.h"
#include "server/base/status_macros.h"
#include "server/langid/fasttext_language_identifier.h"
#include "training/labelled_texts.h"

namespace hexapla::training {
namespace {

constexpr int kFolds = 5;
constexpr int kNoFold = -1;
constexpr float kFavour = 10;

constexpr int kSteps = 200;
constexpr double kRate = 0.1;
constexpr double kBiasPenalty = 2e-5;  // of half its square

// From this confidence on CLD2 is not asked: it would change less than one
// answer in a hundred, and the time of most sentences is saved.
constexpr float kCertain = 0.97f;

// A first model that gives a text of so many letters so much is right as often as
// the pool, on the development texts; it answers three sentences in five.
constexpr float kAloneLetters = 32;
constexpr float kAloneProbability = 0.95f;

constexpr size_t kKnots = OpinionWeights::kLetters.size();
enum Curve { kFirst, kSecond, kAbsent, kVote, kCurves };

// What everyone says of one contender.
struct Contender {
  int language = 0;  // index into Data::languages
  float first = 0;   // logarithms of probabilities
  float second = 0;
  bool known_to_second = true;
  bool voted = false;
};

struct Sample {
  int set = 0;  // index into Data::sets
  int fold = 0;
  int truth = -1;  // index into contenders; -1: it is none
  bool favoured = false;
  OpinionWeights::Place place;
  bool is_long = false;
  std::vector<Contender> contenders;

  float weight() const { return favoured ? kFavour : 1; }
};

// The contender of which the first model alone is sure, or -1.
int SureAlone(const Sample& sample) {
  for (size_t i = 0; i < sample.contenders.size() && sample.is_long; ++i) {
    if (std::exp(sample.contenders[i].first) >= kAloneProbability) return static_cast<int>(i);
  }
  return -1;
}

struct Data {
  std::vector<std::string> sets;
  std::vector<std::string> languages;  // BCP-47
  std::vector<Sample> samples;
};

int IndexOf(const std::string& name, std::vector<std::string>& names) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  names.push_back(name);
  return static_cast<int>(names.size()) - 1;
}

int FoldOf(absl::string_view text) {
  uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return static_cast<int>((hash ^ (hash >> 15)) % kFolds);
}

// The numbers of one stage: kKnots of each curve, then the biases.
class Parameters {
 public:
  explicit Parameters(size_t languages) : values_(kCurves * kKnots + languages) {
    for (size_t knot = 0; knot < kKnots; ++knot) {
      values_[Of(kFirst, knot)] = values_[Of(kSecond, knot)] = 0.5;
      values_[Of(kAbsent, knot)] = -2;
    }
  }

  static size_t Of(Curve curve, size_t knot) { return curve * kKnots + knot; }
  static size_t OfBias(int language) { return kCurves * kKnots + static_cast<size_t>(language); }

  // Replaces `p` by the probabilities of the sample's contenders.
  void Predict(const Sample& sample, std::vector<double>& p) const {
    std::array<double, kCurves> at;
    for (int c = 0; c < kCurves; ++c) at[c] = At(static_cast<Curve>(c), sample.place);
    p.clear();
    for (const Contender& contender : sample.contenders) {
      double score = values_[OfBias(contender.language)] + at[kFirst] * contender.first;
      score += contender.known_to_second ? at[kSecond] * contender.second : at[kAbsent];
      if (contender.voted) score += at[kVote];
      p.push_back(score);
    }
    const double best = *std::max_element(p.begin(), p.end());
    double sum = 0;
    for (double& value : p) sum += value = std::exp(value - best);
    for (double& value : p) value /= sum;
  }

  std::vector<double>& values() { return values_; }
  OpinionWeights::Stage ToStage(const std::vector<std::string>& languages) const {
    OpinionWeights::Stage stage;
    OpinionWeights::Curve* const curves[] = {&stage.first, &stage.second, &stage.absent,
                                             &stage.vote};
    for (size_t i = 0; i < kCurves * kKnots; ++i) {
      (*curves[i / kKnots])[i % kKnots] = static_cast<float>(values_[i]);
    }
    for (size_t i = 0; i < languages.size(); ++i) {
      stage.biases[languages[i]] = static_cast<float>(values_[OfBias(static_cast<int>(i))]);
    }
    return stage;
  }

 private:
  double At(Curve curve, OpinionWeights::Place place) const {
    const double* const value = &values_[Of(curve, place.knot)];
    return value[0] + static_cast<double>(place.share) * (value[1] - value[0]);
  }

  std::vector<double> values_;
};

// Adds the gradient of the sample's negative log-likelihood.
void AddGradient(const Sample& sample, const std::vector<double>& p, bool with_vote,
                 std::vector<double>& gradient) {
  const double share = static_cast<double>(sample.place.share);
  for (size_t i = 0; i < p.size(); ++i) {
    const Contender& contender = sample.contenders[i];
    const double error = p[i] - (sample.truth == static_cast<int>(i) ? 1 : 0);
    const auto add = [&](Curve curve, double value) {
      gradient[Parameters::Of(curve, sample.place.knot)] += error * value * (1 - share);
      gradient[Parameters::Of(curve, sample.place.knot + 1)] += error * value * share;
    };
    gradient[Parameters::OfBias(contender.language)] += error;
    add(kFirst, static_cast<double>(contender.first));
    if (contender.known_to_second) {
      add(kSecond, static_cast<double>(contender.second));
    } else {
      add(kAbsent, 1);
    }
    if (contender.voted && with_vote) add(kVote, 1);
  }
}

// The numbers that make `samples` likeliest.
Parameters Fit(const std::vector<const Sample*>& samples, size_t languages, bool with_vote) {
  Parameters parameters(languages);
  std::vector<double>& values = parameters.values();
  std::vector<double> mean(values.size()), square(values.size()), p;
  for (int step = 1; step <= kSteps; ++step) {
    std::vector<double> gradient(values.size()), of_sample;
    double weight = 0;
    for (const bool favoured : {false, true}) {
      std::vector<double> part(values.size());
      for (const Sample* sample : samples) {
        if (sample->favoured != favoured) continue;
        parameters.Predict(*sample, p);
        AddGradient(*sample, p, with_vote, part);
        weight += favoured ? kFavour : 1;
      }
      for (size_t i = 0; i < part.size(); ++i) gradient[i] += part[i] * (favoured ? kFavour : 1);
    }
    const double rate = kRate * std::min(1.0, 3.0 * (kSteps + 1 - step) / kSteps);
    for (size_t i = 0; i < values.size(); ++i) {
      double slope = gradient[i] / weight;
      if (i >= Parameters::OfBias(0)) slope += kBiasPenalty * values[i];
      mean[i] = 0.9 * mean[i] + 0.1 * slope;
      square[i] = 0.99 * square[i] + 0.01 * slope * slope;
      const double unbiased = mean[i] / (1 - std::pow(0.9, step));
      const double scale = std::sqrt(square[i] / (1 - std::pow(0.99, step))) + 1e-9;
      values[i] -= rate * unbiased / scale;
    }
  }
  return parameters;
}

struct Stages {
  double alone = 0;  // confidence of the first model alone, where it is sure
  Parameters models;
  Parameters everyone;

  void Predict(const Sample& sample, std::vector<double>& p) const {
    const int sure = SureAlone(sample);
    if (sure >= 0) {
      p.assign(sample.contenders.size(), 0);
      p[sure] = alone;
      return;
    }
    models.Predict(sample, p);
    if (*std::max_element(p.begin(), p.end()) < static_cast<double>(kCertain)) {
      everyone.Predict(sample, p);
    }
  }
};

// Fits both stages on all samples but those of one fold.
Stages FitStages(const Data& data, int fold_left_out) {
  std::vector<const Sample*> samples;
  for (const Sample& sample : data.samples) {
    if (sample.fold != fold_left_out && sample.truth >= 0) samples.push_back(&sample);
  }
  // The share of those that come true, with two more that do not.
  double right = 0;
  double all = 2 * static_cast<double>(kFavour);
  std::erase_if(samples, [&](const Sample* sample) {
    const int sure = SureAlone(*sample);
    if (sure < 0) return false;
    right += sure == sample->truth ? static_cast<double>(sample->weight()) : 0;
    all += static_cast<double>(sample->weight());
    return true;
  });
  Parameters models = Fit(samples, data.languages.size(), /*with_vote=*/false);
  std::vector<double> p;
  std::erase_if(samples, [&](const Sample* sample) {
    models.Predict(*sample, p);
    return *std::max_element(p.begin(), p.end()) >= static_cast<double>(kCertain);
  });
  Parameters everyone = Fit(samples, data.languages.size(), /*with_vote=*/true);
  return {.alone = right / all, .models = std::move(models), .everyone = std::move(everyone)};
}

// Answers, and how far their confidence is from the truth.
struct Tally {
  static constexpr int kBins = 10;
  double right = 0;
  double all = 0;
  std::array<double, kBins> excess{};  // confidence beyond what came true

  void Add(bool is_right, double confidence) {
    right += is_right ? 1 : 0;
    all += 1;
    excess[std::min(kBins - 1, static_cast<int>(confidence * kBins))] +=
        confidence - (is_right ? 1 : 0);
  }
  double Percent() const { return 100 * right / std::max(1.0, all); }
  double CalibrationError() const {
    double error = 0;
    for (const double value : excess) error += std::abs(value);
    return error / std::max(1.0, all);
  }
};

void Report(const Data& data) {
  std::map<int, std::pair<Tally, Tally>> tallies;  // favoured, others; by set
  std::vector<double> p;
  for (int fold = 0; fold < kFolds; ++fold) {
    const Stages stages = FitStages(data, fold);
    for (const Sample& sample : data.samples) {
      if (sample.fold != fold) continue;
      stages.Predict(sample, p);
      const auto best = std::max_element(p.begin(), p.end());
      auto& [favoured, others] = tallies[sample.set];
      (sample.favoured ? favoured : others).Add(best - p.begin() == sample.truth, *best);
    }
  }
  std::printf("%-8s %9s %7s %6s   %9s %7s %6s\n", "set", "favoured", "right", "ECE", "others",
              "right", "ECE");
  for (const auto& [set, of_set] : tallies) {
    const auto& [favoured, others] = of_set;
    std::printf("%-8s %9.0f %7.2f %6.4f   %9.0f %7.2f %6.4f\n", data.sets[set].c_str(),
                favoured.all, favoured.Percent(), favoured.CalibrationError(), others.all,
                others.Percent(), others.CalibrationError());
  }
}

Sample MakeSample(const FastTextLanguageIdentifier& identifier, absl::string_view text,
                  const std::string& language, Data& data) {
  const FastTextLanguageIdentifier::Opinions opinions = identifier.OpinionsOn(text);
  Sample sample;
  sample.fold = FoldOf(text);
  sample.place = OpinionWeights::PlaceOf(opinions.letters);
  sample.is_long = static_cast<float>(opinions.letters) >= kAloneLetters;
  for (size_t i = 0; i < opinions.languages.size(); ++i) {
    if (opinions.languages[i] == language) sample.truth = static_cast<int>(i);
    const bool known = opinions.second[i] >= 0;
    sample.contenders.push_back({.language = IndexOf(opinions.languages[i], data.languages),
                                 .first = std::log(opinions.first[i]),
                                 .second = known ? std::log(opinions.second[i]) : 0.0f,
                                 .known_to_second = known,
                                 .voted = opinions.vote == static_cast<int>(i)});
  }
  return sample;
}

absl::StatusOr<Data> ReadData(const std::string& path, const std::string& favoured_path,
                              const FastTextLanguageIdentifier& identifier) {
  HEXAPLA_ASSIGN_OR_RETURN(const LabelledTexts labelled, ReadLabelledTexts(path));
  const std::vector<std::string> codes = ReadCodes(favoured_path);
  const std::set<std::string> favoured(codes.begin(), codes.end());
  const std::vector<std::string> tags = identifier.Languages();
  const std::set<std::string> known(tags.begin(), tags.end());
  Data data;
  for (const LabelledText& text : labelled.texts) {
    if (!known.contains(text.language)) continue;
    Sample sample = MakeSample(identifier, text.text, text.language, data);
    if (sample.contenders.empty()) continue;
    sample.set = IndexOf(text.set, data.sets);
    sample.favoured = favoured.contains(text.code);
    data.samples.push_back(std::move(sample));
  }
  return data;
}

absl::Status FitIdentifier(const std::string& first_path, const std::string& second_path,
                           const std::string& texts, const std::string& favoured,
                           const std::string& output) {
  HEXAPLA_ASSIGN_OR_RETURN(const auto first, FastTextLanguageIdentifier::Create(first_path));
  HEXAPLA_ASSIGN_OR_RETURN(const auto second, FastTextLanguageIdentifier::Create(second_path));
  HEXAPLA_ASSIGN_OR_RETURN(const auto identifier,
                           FastTextLanguageIdentifier::Create(*first, *second, OpinionWeights()));
  HEXAPLA_ASSIGN_OR_RETURN(const Data data, ReadData(texts, favoured, *identifier));
  Report(data);
  const Stages stages = FitStages(data, kNoFold);
  OpinionWeights weights;
  weights.first_model = std::filesystem::path(first_path).stem();
  weights.second_model = std::filesystem::path(second_path).stem();
  weights.models = stages.models.ToStage(data.languages);
  weights.everyone = stages.everyone.ToStage(data.languages);
  weights.alone = {.letters = kAloneLetters,
                   .probability = kAloneProbability,
                   .confidence = static_cast<float>(stages.alone)};
  weights.certain = kCertain;
  std::ofstream file(output, std::ios::binary);
  file << weights.ToText();
  file.close();
  return file.good() ? absl::OkStatus() : absl::UnknownError(output + ": not writable");
}

int Main(int argc, char** argv) {
  CLI::App app("Fits how several opinions on a language become one answer.");
  std::string first, second, texts, favoured, output;
  app.add_option("--first", first, "the fastText model of most languages")->required();
  app.add_option("--second", second, "the fastText model of one's own")->required();
  app.add_option("--texts", texts, "labelled texts, .tsv.xz")->required();
  app.add_option("--favoured", favoured, "JSON list of the languages that count more");
  app.add_option("--output", output, "where the numbers go")->required();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = FitIdentifier(first, second, texts, favoured, output);
  if (status.ok()) return 0;
  const std::string message(status.message());
  std::fprintf(stderr, "fit_identifier: %s\n", message.c_str());
  return 1;
}

}  // namespace
}  // namespace hexapla::training

int main(int argc, char** argv) { return hexapla::training::Main(argc, argv); }
