// SPDX-License-Identifier: Apache-2.0
//
// Speed of alignment, its stages, and libfasttext's predictLine on the same
// sentences in the same run. Needs the models in models/; run it in the
// repository's root. The text: see benchmark_text.h; without it, nothing is measured.
//
// Items are source sentences; one thread, and nothing is known from one iteration to
// the next, but where the name says so. Where libfasttext took turns with us, x_predictLine
// says how many times its sentences a second are ours: by processor time on one
// thread; by the clock on two, and then its sentences are on two threads as well.

#include <benchmark/benchmark.h>
#include <fasttext/fasttext.h>

#include <ctime>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"

#include "server/base/worker_pool.h"
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

// Seconds by the clock, or of this thread's processor time.
double Now(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

const ::fasttext::FastText& LanguageModel() {
  static const auto* const kModel = [] {
    auto* model = new ::fasttext::FastText;
    model->loadModel(kLanguageModelPath);
    return model;
  }();
  return *kModel;
}

void PredictLines(const absl::string_view* begin, const absl::string_view* end) {
  std::vector<std::pair<::fasttext::real, std::string>> predictions;
  for (; begin != end; ++begin) {
    std::istringstream line(std::string(*begin) + "\n");
    LanguageModel().predictLine(line, predictions, 1, 0.0f);
    benchmark::DoNotOptimize(predictions.data());
  }
}

// predictLine on two threads, half the sentences each, or on this one.
void PredictLines(const std::vector<absl::string_view>& sentences, bool two_threads) {
  const absl::string_view* const begin = sentences.data();
  const absl::string_view* const end = begin + sentences.size();
  if (!two_threads) return PredictLines(begin, end);
  const absl::string_view* const middle = begin + sentences.size() / 2;
  std::thread other([&] { PredictLines(middle, end); });
  PredictLines(begin, middle);
  other.join();
}

void LibfasttextPredictLine(benchmark::State& state) {
  if (!IsReady(state)) return;
  const Sentences sentences = SentencesOf(state.range(0));
  LanguageModel();
  for (auto _ : state) PredictLines(sentences.source, /*two_threads=*/false);
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

// The sentences of libfasttext's turn, enough for a good measure of it.
constexpr int kPredictLines = 4000;

// Aligns `versions` in turns with predictLine.
void MeasureAlignment(benchmark::State& state, const std::vector<VersionInput>& versions,
                      const SentenceEmbedder& embedder, bool two_threads = false) {
  const Models& models = *TheModels();
  const DocumentAligner aligner(*models.identifier, embedder, models.weights);
  const std::vector<absl::string_view> lines = SentencesOf(kPredictLines).source;
  PredictLines(lines, two_threads);
  const clockid_t clock = two_threads ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
  // The second thread is this one.
  WorkerPool pool({.workers = 1, .cheap_workers = 0});
  const AlignOptions options = {.parallel = two_threads ? &pool : nullptr};
  double ours = 0;
  double theirs = 0;
  for (auto _ : state) {
    const double begin = Now(clock);
    benchmark::DoNotOptimize(aligner.Align(versions, options, StopCondition()));
    const double end = Now(clock);
    state.PauseTiming();
    PredictLines(lines, two_threads);
    theirs += Now(clock) - end;
    ours += end - begin;
    state.ResumeTiming();
  }
  Count(state);
  state.counters["x_predictLine"] =
      (static_cast<double>(state.range(0)) / ours) / (kPredictLines / theirs);
}

// Every second version in one language and the rest in the other.
std::vector<VersionInput> GivenSentences(size_t count, int versions = 2) {
  const Sentences sentences = SentencesOf(count);
  std::vector<VersionInput> inputs;
  for (int v = 0; v < versions; ++v) {
    inputs.push_back({.language = v % 2 == 0 ? "hu" : "en",
                      .sentences = v % 2 == 0 ? sentences.source : sentences.target});
  }
  return inputs;
}

void AlignSentences(benchmark::State& state) {
  if (IsReady(state)) {
    MeasureAlignment(state, GivenSentences(state.range(0)), *TheModels()->embedder);
  }
}
BENCHMARK(AlignSentences)->Arg(64)->Arg(1000)->Arg(4000)->Arg(32000)->Unit(benchmark::kMillisecond);

void AlignSentencesOfKnownWords(benchmark::State& state) {
  if (IsReady(state)) {
    MeasureAlignment(state, GivenSentences(state.range(0)), *TheModels()->cached);
  }
}
BENCHMARK(AlignSentencesOfKnownWords)->Arg(64)->Arg(4000)->Unit(benchmark::kMillisecond);

// Of languages that the space does not cover.
void AlignUncovered(benchmark::State& state) {
  if (!IsReady(state)) return;
  std::vector<VersionInput> versions = GivenSentences(state.range(0));
  for (VersionInput& version : versions) version.language = "qaa";
  MeasureAlignment(state, versions, *TheModels()->embedder);
}
BENCHMARK(AlignUncovered)->Arg(1000)->Arg(4000)->Unit(benchmark::kMillisecond);

void AlignText(benchmark::State& state) {
  if (!IsReady(state)) return;
  const Sentences sentences = SentencesOf(state.range(0));
  const std::string source = absl::StrJoin(sentences.source, "\n");
  const std::string target = absl::StrJoin(sentences.target, "\n");
  MeasureAlignment(state, {{.text = source}, {.text = target}}, *TheModels()->embedder);
}
BENCHMARK(AlignText)->Arg(64)->Arg(4000)->Unit(benchmark::kMillisecond);

// One document on two threads.
void AlignSentencesOnTwoThreads(benchmark::State& state) {
  if (!IsReady(state)) return;
  MeasureAlignment(state, GivenSentences(state.range(0)), *TheModels()->embedder,
                   /*two_threads=*/true);
}
BENCHMARK(AlignSentencesOnTwoThreads)
    ->Arg(4000)
    ->Arg(32000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void AlignKnownWordsOnTwoThreads(benchmark::State& state) {
  if (!IsReady(state)) return;
  MeasureAlignment(state, GivenSentences(state.range(0)), *TheModels()->cached,
                   /*two_threads=*/true);
}
BENCHMARK(AlignKnownWordsOnTwoThreads)
    ->Arg(1000)
    ->Arg(4000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Sixteen versions, on one thread and on two.
void AlignSixteenVersions(benchmark::State& state) {
  if (!IsReady(state)) return;
  MeasureAlignment(state, GivenSentences(state.range(0), 16), *TheModels()->cached,
                   /*two_threads=*/state.range(1) == 2);
}
BENCHMARK(AlignSixteenVersions)
    ->Args({500, 1})
    ->Args({500, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace hexapla::benchmarks
