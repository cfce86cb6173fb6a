// SPDX-License-Identifier: Apache-2.0
//
// Speed of sentence vectors beside libfasttext's getSentenceVector, on the
// embedding space of models/, all in one run: the vector that fastText defines,
// and the one that the server gives, whose words' vectors it keeps. Needs the
// text of benchmark_text.h; run it in the repository's root.

#include <benchmark/benchmark.h>
#include <fasttext/fasttext.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "server/embedding/embedded_document.h"
#include "server/fasttext/sentence_vectors.h"
#include "tests/benchmark/benchmark_text.h"

namespace hexapla::benchmarks {
namespace {

constexpr char kSpacePath[] = "models/hexapla-space.ftz";
constexpr size_t kSentences = 4000;

const std::vector<absl::string_view>& Lines() {
  static const auto* const kLines =
      new std::vector<absl::string_view>(SentencesOf(kSentences).source);
  return *kLines;
}

// Calls embed(sentence) for all sentences over and over.
template <typename Embed>
void Measure(benchmark::State& state, const Embed& embed) {
  if (Lines().empty()) return state.SkipWithError("no text: see HEXAPLA_BENCHMARK_TEXT");
  size_t sentences = 0;
  for (auto _ : state) {
    for (const absl::string_view line : Lines()) embed(line);
    sentences += Lines().size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(sentences));
}

void LibfasttextSentenceVector(benchmark::State& state) {
  ::fasttext::FastText model;
  model.loadModel(kSpacePath);
  ::fasttext::Vector vector(model.getDimension());
  Measure(state, [&](absl::string_view line) {
    std::istringstream in(std::string(line) + "\n");
    model.getSentenceVector(in, vector);
    benchmark::DoNotOptimize(vector.data());
  });
}
BENCHMARK(LibfasttextSentenceVector)->Unit(benchmark::kMillisecond);

void FastTextSentenceVector(benchmark::State& state) {
  std::shared_ptr<const fasttext::Model> model = fasttext::Model::Read(kSpacePath).value();
  const int dim = model->dim();
  const auto vectors = fasttext::SentenceVectors::Create(std::move(model)).value();
  fasttext::SentenceVectors::Scratch scratch;
  std::vector<float> vector(dim);
  Measure(state, [&](absl::string_view line) {
    vectors->Embed(line, scratch, vector.data());
    benchmark::DoNotOptimize(vector.data());
  });
}
BENCHMARK(FastTextSentenceVector)->Unit(benchmark::kMillisecond);

// One sentence a call, as EmbedSentences does.
void ServerSentenceVector(benchmark::State& state) {
  const Models* const models = TheModels();
  if (models == nullptr) return state.SkipWithError("no models");
  Measure(state, [&](absl::string_view line) {
    benchmark::DoNotOptimize(EmbedDocument({line}, *models->cached, StopCondition()));
  });
}
BENCHMARK(ServerSentenceVector)->Unit(benchmark::kMillisecond);

// A document a call, as alignment does.
void ServerDocumentVectors(benchmark::State& state) {
  const Models* const models = TheModels();
  if (models == nullptr) return state.SkipWithError("no models");
  if (Lines().empty()) return state.SkipWithError("no text: see HEXAPLA_BENCHMARK_TEXT");
  size_t sentences = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(EmbedDocument(Lines(), *models->cached, StopCondition()));
    sentences += Lines().size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(sentences));
}
BENCHMARK(ServerDocumentVectors)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hexapla::benchmarks
