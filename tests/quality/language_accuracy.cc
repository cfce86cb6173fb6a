// SPDX-License-Identifier: Apache-2.0
//
// Prints how often languages are identified right on the labelled development
// texts: by the bare model and with the clean-up, over the languages that all
// identifiers share, and how far confidence and the reliable flag can be
// trusted. Skips when the texts or the model are not there.
//
//   language_accuracy [MODEL] [DIRECTORY]
//
// MODEL is models/lid.176.ftz unless given, DIRECTORY ../shared/lid, both
// relative to the repository's root. `--errors SET` lists wrong answers by pair
// of languages instead.

#include <lzma.h>

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

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/fasttext/classifier.h"
#include "server/langid/fasttext_language_identifier.h"
#include "server/langid/label_table.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

struct Sample {
  std::string set;
  std::string language;  // BCP-47, without script
  std::string text;
};

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

// The content of an .xz file; empty when there is none or it is damaged.
std::string ReadXz(const std::string& path) {
  const std::string packed = ReadFile(path);
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) return "";
  stream.next_in = reinterpret_cast<const uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  std::string unpacked;
  std::array<uint8_t, 1 << 16> buffer;
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK) {
    stream.next_out = buffer.data();
    stream.avail_out = buffer.size();
    result = lzma_code(&stream, LZMA_FINISH);
    unpacked.append(reinterpret_cast<char*>(buffer.data()), buffer.size() - stream.avail_out);
  }
  lzma_end(&stream);
  return result == LZMA_STREAM_END ? unpacked : "";
}

std::string Base(absl::string_view tag) {
  const absl::string_view base = LanguageSubtag(tag);
  return std::string(base.data(), base.size());
}

// The three-letter codes in a JSON list of strings, in our form.
std::set<std::string> ReadLanguages(const std::string& path) {
  std::set<std::string> languages;
  const std::string json = ReadFile(path);
  for (const absl::string_view part : absl::StrSplit(json, '"')) {
    if (part.size() == 3) languages.insert(Base(CanonicalLanguageTag(part).value_or("und")));
  }
  return languages;
}

// "" for texts in another script than the language's own, such as romanised
// Arabic: no identifier here claims to know them.
std::string LanguageOfLabel(absl::string_view label) {
  const std::string tag = MeaningOfLabel(label).language;
  return ScriptSubtag(tag).empty() || Base(tag) == "zh" ? Base(tag) : "";
}

// Columns: set, label, three identifiers' answers, text.
std::vector<Sample> ReadSamples(const std::string& path, const std::set<std::string>& languages) {
  const std::string table = ReadXz(path);
  std::vector<Sample> samples;
  std::map<std::string, std::string> languages_of_labels;
  for (const absl::string_view line : absl::StrSplit(table, '\n')) {
    const std::vector<std::string> cells = absl::StrSplit(line, '\t');
    if (cells.size() != 6 || cells[0] == "set") continue;
    const auto [it, is_new] = languages_of_labels.try_emplace(cells[1]);
    if (is_new) it->second = LanguageOfLabel(cells[1]);
    if (languages.contains(it->second)) samples.push_back({cells[0], it->second, cells[5]});
  }
  return samples;
}

// How often something said to be likely was right.
struct Tally {
  size_t right = 0;
  size_t all = 0;
  double confidence = 0;

  void Add(bool is_right, double confidence_given = 0) {
    right += is_right;
    ++all;
    confidence += confidence_given;
  }
  double Percent() const { return all == 0 ? 0 : 100.0 * right / all; }
};

struct SetResult {
  Tally bare;
  Tally cleaned;
  Tally reliable;
  std::array<Tally, 10> bins;  // by confidence

  // Expected calibration error in points: how far confidence is from the truth.
  double CalibrationError() const {
    double error = 0;
    for (const Tally& bin : bins) {
      if (bin.all > 0) error += std::abs(bin.confidence - bin.right) / cleaned.all;
    }
    return 100 * error;
  }
};

std::string BareAnswer(const fasttext::Classifier& classifier, const std::string& text) {
  thread_local fasttext::Classifier::Scratch scratch;
  thread_local std::vector<fasttext::Prediction> predictions;
  classifier.Predict(text, {}, scratch, predictions);
  if (predictions.empty()) return "und";
  const absl::string_view label = classifier.label(predictions[0].label);
  return Base(MeaningOfLabel(absl::StripPrefix(label, "__label__")).language);
}

int Run(const std::string& model_path, const std::string& directory,
        const std::string& errors_set) {
  const std::set<std::string> languages = ReadLanguages(directory + "/shared-44.json");
  const std::vector<Sample> samples = ReadSamples(directory + "/dev/texts.tsv.xz", languages);
  auto model = fasttext::Model::Read(model_path);
  if (samples.empty() || !model.ok()) {
    std::printf("SKIPPED: needs %s/dev/texts.tsv.xz and the model %s\n", directory.c_str(),
                model_path.c_str());
    return 0;
  }
  const std::shared_ptr<const fasttext::Model> shared = *std::move(model);
  const auto classifier = fasttext::Classifier::Create(shared);
  const auto identifier = FastTextLanguageIdentifier::Create(shared);
  if (!classifier.ok() || !identifier.ok()) return 1;

  std::map<std::string, SetResult> results;
  std::map<std::pair<std::string, std::string>, int> errors;
  for (const Sample& sample : samples) {
    const Identification answer = (*identifier)->Identify(sample.text, {});
    const LanguageGuess& guess = answer.guesses[0];
    const std::string language = Base(guess.language);
    const bool is_right = language == sample.language;
    if (!is_right && sample.set == errors_set) ++errors[{sample.language, language}];
    SetResult& result = results[sample.set];
    result.bare.Add(BareAnswer(**classifier, sample.text) == sample.language);
    result.cleaned.Add(is_right);
    if (answer.reliable) result.reliable.Add(is_right);
    const auto bin = std::min<size_t>(9, static_cast<size_t>(guess.confidence * 10));
    result.bins[bin].Add(is_right, guess.confidence);
  }
  std::printf("%-8s %7s %7s %8s   %-22s %s\n", "set", "texts", "bare", "cleaned",
              "reliable (of all)", "calibration error");
  for (const auto& [set, result] : results) {
    std::printf("%-8s %7zu %7.2f %8.2f   %6.2f (%5.1f)         %6.2f\n", set.c_str(),
                result.cleaned.all, result.bare.Percent(), result.cleaned.Percent(),
                result.reliable.Percent(), 100.0 * result.reliable.all / result.cleaned.all,
                result.CalibrationError());
  }
  std::vector<std::pair<int, std::pair<std::string, std::string>>> worst;
  for (const auto& [pair, count] : errors) worst.push_back({count, pair});
  std::sort(worst.rbegin(), worst.rend());
  worst.resize(std::min<size_t>(worst.size(), 40));
  for (const auto& [count, pair] : worst) {
    std::printf("%5d  %s taken for %s\n", count, pair.first.c_str(), pair.second.c_str());
  }
  return 0;
}

}  // namespace
}  // namespace hexapla

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string errors_set;
  const auto flag = std::find(arguments.begin(), arguments.end(), "--errors");
  if (flag != arguments.end() && flag + 1 != arguments.end()) {
    errors_set = *(flag + 1);
    arguments.erase(flag, flag + 2);
  }
  arguments.resize(std::max<size_t>(arguments.size(), 2));
  return hexapla::Run(arguments[0].empty() ? "models/lid.176.ftz" : arguments[0],
                      arguments[1].empty() ? "../shared/lid" : arguments[1], errors_set);
}
