// SPDX-License-Identifier: Apache-2.0
//
// Speed of alignment, its stages, and libfasttext's predictLine on the same
// sentences in the same run. Needs the models in models/; run it in the
// repository's root. The text: see benchmark_text.h; without it, nothing is measured.
//
// Items are source sentences; one core. Nothing is known from one iteration to the
// next but where the name says so.

#include <benchmark/benchmark.h>
#include <fasttext/fasttext.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"

#include "server/embedding/embedded_document.h"
#include "server/pipeline/document_aligner.h"
#include "server/similarity/band_finder.h"
#include "server/similarity/pair_aligner.h"
#include "server/text/segmenter.h"
#include "tests/benchmark/benchmark_text.h"

namespace hexapla::benchmarks {
namespace {

bool IsReady(benchmark::State& state) {
  if (!SentencesOf(1).source.empty() && TheModels() != nullptr) return true;
  state.SkipWithError("no text or no models");
  return false;
}

void Count(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void LibfasttextPredictLine(benchmark::State& state) {
  if (!IsReady(state)) return;
  const Sentences sentences = SentencesOf(state.range(0));
  ::fasttext::FastText model;
  model.loadModel(kLanguageModelPath);
  std::vector<std::pair<::fasttext::real, std::string>> predictions;
  for (auto _ : state) {
    for (const absl::string_view sentence : sentences.source) {
      std::istringstream line(std::string(sentence) + "\n");
      model.predictLine(line, predictions, 1, 0.0f);
      benchmark::DoNotOptimize(predictions.data());
    }
  }
  Count(state);
}
BENCHMARK(LibfasttextPredictLine)->Arg(4000)->Unit(benchmark::kMillisecond);

void Segment(benchmark::State& state) {
  if (!IsReady(state)) return;
  const Sentences sentences = SentencesOf(state.range(0));
  const std::string source = absl::StrJoin(sentences.source, " ");
  const std::string target = absl::StrJoin(sentences.target, " ");
  const Segmenter segmenter;
  for (auto _ : state) {
    const auto sources = segmenter.Split(source, "hu", StopCondition());
    const auto targets = segmenter.Split(target, "en", StopCondition());
    if (!sources.ok() || !targets.ok()) return state.SkipWithError("cannot be split");
    state.counters["found"] = static_cast<double>(sources->size() + targets->size());
  }
  Count(state);
}
BENCHMARK(Segment)->Arg(4000)->Unit(benchmark::kMillisecond);

void MeasureEmbedding(benchmark::State& state, const SentenceEmbedder& embedder) {
  const Sentences sentences = SentencesOf(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(EmbedDocument(sentences.source, embedder, StopCondition()));
    benchmark::DoNotOptimize(EmbedDocument(sentences.target, embedder, StopCondition()));
  }
  Count(state);
}

// Every word is new to the server.
void EmbedNewWords(benchmark::State& state) {
  if (IsReady(state)) MeasureEmbedding(state, *TheModels()->embedder);
}
BENCHMARK(EmbedNewWords)->Arg(4000)->Unit(benchmark::kMillisecond);

// Every word was embedded before.
void EmbedKnownWords(benchmark::State& state) {
  if (IsReady(state)) MeasureEmbedding(state, *TheModels()->cached);
}
BENCHMARK(EmbedKnownWords)->Arg(4000)->Unit(benchmark::kMillisecond);

void FindTheBand(benchmark::State& state) {
  if (!IsReady(state)) return;
  const Sentences sentences = SentencesOf(state.range(0));
  const SentenceEmbedder& embedder = *TheModels()->embedder;
  const EmbeddedDocument source = *EmbedDocument(sentences.source, embedder, StopCondition());
  const EmbeddedDocument target = *EmbedDocument(sentences.target, embedder, StopCondition());
  for (auto _ : state) {
    benchmark::DoNotOptimize(FindBand(source, target, true, {}, StopCondition()));
  }
  Count(state);
}
BENCHMARK(FindTheBand)->Arg(64)->Arg(4000)->Unit(benchmark::kMillisecond);

void AlignEmbedded(benchmark::State& state) {
  if (!IsReady(state)) return;
  const Sentences sentences = SentencesOf(state.range(0));
  const Models& models = *TheModels();
  const EmbeddedDocument source =
      *EmbedDocument(sentences.source, *models.embedder, StopCondition());
  const EmbeddedDocument target =
      *EmbedDocument(sentences.target, *models.embedder, StopCondition());
  for (auto _ : state) {
    benchmark::DoNotOptimize(AlignPair(source, target, {}, models.weights, StopCondition()));
  }
  Count(state);
}
BENCHMARK(AlignEmbedded)->Arg(16)->Arg(64)->Arg(256)->Arg(4000)->Unit(benchmark::kMillisecond);

void MeasureSentences(benchmark::State& state, const SentenceEmbedder& embedder) {
  const Sentences sentences = SentencesOf(state.range(0));
  const Models& models = *TheModels();
  const DocumentAligner aligner(*models.identifier, embedder, models.weights);
  const std::vector<VersionInput> versions = {
      {.language = "hu", .sentences = sentences.source},
      {.language = "en", .sentences = sentences.target},
  };
  for (auto _ : state) {
    benchmark::DoNotOptimize(aligner.Align(versions, {}, StopCondition()));
  }
  Count(state);
}

void AlignSentences(benchmark::State& state) {
  if (IsReady(state)) MeasureSentences(state, *TheModels()->embedder);
}
BENCHMARK(AlignSentences)->Arg(64)->Arg(1000)->Arg(4000)->Arg(32000)->Unit(benchmark::kMillisecond);

void AlignSentencesOfKnownWords(benchmark::State& state) {
  if (IsReady(state)) MeasureSentences(state, *TheModels()->cached);
}
BENCHMARK(AlignSentencesOfKnownWords)->Arg(64)->Arg(4000)->Unit(benchmark::kMillisecond);

void AlignText(benchmark::State& state) {
  if (!IsReady(state)) return;
  const Sentences sentences = SentencesOf(state.range(0));
  const std::string source = absl::StrJoin(sentences.source, "\n");
  const std::string target = absl::StrJoin(sentences.target, "\n");
  const Models& models = *TheModels();
  const DocumentAligner aligner(*models.identifier, *models.embedder, models.weights);
  const std::vector<VersionInput> versions = {{.text = source}, {.text = target}};
  for (auto _ : state) {
    benchmark::DoNotOptimize(aligner.Align(versions, {}, StopCondition()));
  }
  Count(state);
}
BENCHMARK(AlignText)->Arg(64)->Arg(4000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hexapla::benchmarks
