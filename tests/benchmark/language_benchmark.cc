// SPDX-License-Identifier: Apache-2.0
//
// Speed of language identification beside libfasttext's predictLine and CLD2, all
// in one run: the bare model, all its probabilities, and the whole way: clean-up,
// two models and CLD2 where they doubt. Needs the models in models/; run it in
// the repository's root.

#include <benchmark/benchmark.h>
#include <fasttext/fasttext.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "server/fasttext/classifier.h"
#include "server/langid/cld2_vote.h"
#include "server/langid/fasttext_language_identifier.h"

namespace hexapla {
namespace {

constexpr char kModelPath[] = "models/lid.176.ftz";

// Sentences in nine languages and five scripts, about 110 bytes each.
const std::vector<std::string>& Sentences() {
  static const auto* const kSentences = new std::vector<std::string>{
      "The ferry leaves the old harbour at seven, and the bakery opposite opens an hour earlier.",
      "Nobody expected the committee to publish its 48-page report before the summer break.",
      "Le musée ferme ses portes le lundi, mais le jardin reste ouvert jusqu'à la tombée de la "
      "nuit.",
      "Les habitants ont demandé que la place du marché soit rendue aux piétons dès le printemps.",
      "Die Brücke über den Fluss wird im Herbst gesperrt, weil die Pfeiler erneuert werden müssen.",
      "Am Abend saßen wir lange auf der Terrasse und sprachen über die Reise nach Norden.",
      "El tren de las nueve llegó con retraso y nadie supo explicar el motivo a los viajeros.",
      "Поезд пришёл на станцию рано утром, когда город ещё спал и на улицах никого не было.",
      "Учёные собрали данные за двадцать лет и сравнили их с записями старых наблюдателей.",
      "يفتح المتحف أبوابه كل صباح ما عدا يوم الاثنين، ويستقبل الزوار حتى غروب الشمس.",
      "تحدث المعلم مع تلاميذه عن تاريخ المدينة القديمة وعن أسوارها التي بقيت حتى اليوم.",
      "Chuyến tàu đêm đến ga rất sớm, khi thành phố còn ngủ và đường phố vắng người.",
      "Các nhà khoa học đã so sánh số liệu của hai mươi năm với những ghi chép cũ.",
      "图书馆每天早上九点开门，读者可以在二楼的阅览室里安静地看书。",
      "科学家比较了二十年来的数据，并把结果写进了一份很长的报告。",
      "Kapal itu berangkat dari pelabuhan tua pada pukul tujuh dan kembali sebelum malam tiba.",
  };
  return *kSentences;
}

std::shared_ptr<const fasttext::Model> SharedModel() {
  static const auto* const kModel = [] {
    auto model = fasttext::Model::Read(kModelPath);
    return new std::shared_ptr<const fasttext::Model>(model.ok() ? *std::move(model) : nullptr);
  }();
  return *kModel;
}

// Calls identify(sentence) for all sentences over and over.
template <typename Identify>
void Measure(benchmark::State& state, const Identify& identify) {
  size_t bytes = 0;
  size_t sentences = 0;
  for (auto _ : state) {
    for (const std::string& sentence : Sentences()) {
      identify(sentence);
      bytes += sentence.size();
    }
    sentences += Sentences().size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(sentences));
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

void LibfasttextPredictLine(benchmark::State& state) {
  if (SharedModel() == nullptr) return state.SkipWithError("no models/lid.176.ftz");
  ::fasttext::FastText model;
  model.loadModel(kModelPath);
  std::vector<std::pair<::fasttext::real, std::string>> predictions;
  Measure(state, [&](const std::string& sentence) {
    std::istringstream line(sentence + "\n");
    model.predictLine(line, predictions, 1, 0.0f);
    benchmark::DoNotOptimize(predictions.data());
  });
}
BENCHMARK(LibfasttextPredictLine);

void BareModelBestLabel(benchmark::State& state) {
  if (SharedModel() == nullptr) return state.SkipWithError("no models/lid.176.ftz");
  const auto classifier = *fasttext::Classifier::Create(SharedModel());
  fasttext::Classifier::Scratch scratch;
  std::vector<fasttext::Prediction> predictions;
  Measure(state, [&](const std::string& sentence) {
    classifier->Predict(sentence, {}, scratch, predictions);
    benchmark::DoNotOptimize(predictions.data());
  });
}
BENCHMARK(BareModelBestLabel);

void BareModelAllLabels(benchmark::State& state) {
  if (SharedModel() == nullptr) return state.SkipWithError("no models/lid.176.ftz");
  const auto classifier = *fasttext::Classifier::Create(SharedModel());
  fasttext::Classifier::Scratch scratch;
  std::vector<float> probabilities(classifier->labels_size());
  Measure(state, [&](const std::string& sentence) {
    classifier->PredictAll(sentence, scratch, probabilities.data());
    benchmark::DoNotOptimize(probabilities.data());
  });
}
BENCHMARK(BareModelAllLabels);

void CleanUpOnly(benchmark::State& state) {
  CleanedText cleaned;
  Measure(state, [&](const std::string& sentence) {
    Clean(sentence, cleaned);
    benchmark::DoNotOptimize(cleaned.text.data());
  });
}
BENCHMARK(CleanUpOnly);

void Cld2WithFullTables(benchmark::State& state) {
  Measure(state, [](const std::string& sentence) { benchmark::DoNotOptimize(AskCld2(sentence)); });
}
BENCHMARK(Cld2WithFullTables);

void IdentifyByOneModel(benchmark::State& state) {
  if (SharedModel() == nullptr) return state.SkipWithError("no models/lid.176.ftz");
  const auto identifier = *FastTextLanguageIdentifier::Create(SharedModel());
  Measure(state, [&](const std::string& sentence) {
    benchmark::DoNotOptimize(identifier->Identify(sentence, {}));
  });
}
BENCHMARK(IdentifyByOneModel);

// The default: what a request that names no model gets.
const FastTextLanguageIdentifier* DefaultIdentifier() {
  static const auto* const kIdentifier = []() -> const FastTextLanguageIdentifier* {
    const auto first = FastTextLanguageIdentifier::Create(SharedModel());
    const auto second = FastTextLanguageIdentifier::Create("models/hexapla-lid.ftz");
    const auto weights = OpinionWeights::Read("models/hexapla-identifier.txt");
    if (!first.ok() || !second.ok() || !weights.ok()) return nullptr;
    auto identifier = FastTextLanguageIdentifier::Create(**first, **second, *weights);
    return identifier.ok() ? identifier->release() : nullptr;
  }();
  return kIdentifier;
}

void Identify(benchmark::State& state) {
  if (SharedModel() == nullptr) return state.SkipWithError("no models/lid.176.ftz");
  const FastTextLanguageIdentifier* const identifier = DefaultIdentifier();
  if (identifier == nullptr) return state.SkipWithError("no models/hexapla-identifier.txt");
  Measure(state, [&](const std::string& sentence) {
    benchmark::DoNotOptimize(identifier->Identify(sentence, {}));
  });
}
BENCHMARK(Identify);

// Where doubt is common: the first two words of each sentence.
void IdentifyTwoWords(benchmark::State& state) {
  if (SharedModel() == nullptr) return state.SkipWithError("no models/lid.176.ftz");
  const FastTextLanguageIdentifier* const identifier = DefaultIdentifier();
  if (identifier == nullptr) return state.SkipWithError("no models/hexapla-identifier.txt");
  Measure(state, [&](const std::string& sentence) {
    const absl::string_view text = sentence;
    const size_t end = text.find(' ', text.find(' ') + 1);
    benchmark::DoNotOptimize(identifier->Identify(text.substr(0, end), {}));
  });
}
BENCHMARK(IdentifyTwoWords);

void IdentifyMegabyte(benchmark::State& state) {
  if (SharedModel() == nullptr) return state.SkipWithError("no models/lid.176.ftz");
  const FastTextLanguageIdentifier* const identifier = DefaultIdentifier();
  if (identifier == nullptr) return state.SkipWithError("no models/hexapla-identifier.txt");
  std::string text;
  while (text.size() < (1 << 20)) text += Sentences()[text.size() % 2] + " ";
  for (auto _ : state) benchmark::DoNotOptimize(identifier->Identify(text, {}));
}
BENCHMARK(IdentifyMegabyte);

}  // namespace
}  // namespace hexapla
