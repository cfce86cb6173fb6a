// SPDX-License-Identifier: Apache-2.0
//
// Speed of alignment, its stages, and libfasttext's predictLine on the same
// sentences in the same run. Needs the models in models/; run it in the
// repository's root. The text is that of HEXAPLA_BENCHMARK_TEXT, a folder with
// src.txt and tgt.txt, one sentence a line (default: the novel among the gold
// alignments of ../shared), over and over up to the length asked for; without it,
// nothing is measured.
//
// Items are source sentences; one core. Nothing is known from one iteration to the
// next but where the name says so.

#include <benchmark/benchmark.h>
#include <fasttext/fasttext.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"

#include "server/embedding/cached_embedder.h"
#include "server/embedding/embedded_document.h"
#include "server/embedding/fasttext_sentence_embedder.h"
#include "server/langid/fasttext_language_identifier.h"
#include "server/pipeline/document_aligner.h"
#include "server/similarity/band_finder.h"
#include "server/similarity/pair_aligner.h"
#include "server/similarity/scoring_weights.h"
#include "server/text/segmenter.h"

namespace hexapla {
namespace {

constexpr char kLanguageModelPath[] = "models/lid.176.ftz";
constexpr char kSpacePath[] = "models/hexapla-space.ftz";
constexpr char kWeightsPath[] = "models/bead-weights.txt";
constexpr int kDimension = 200;

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

struct Text {
  std::vector<std::string> source;
  std::vector<std::string> target;
};

const Text& WholeText() {
  static const auto* const kText = [] {
    const char* const given = std::getenv("HEXAPLA_BENCHMARK_TEXT");
    const std::string folder = given ? given : "../shared/gold/orwell-hu-en/001";
    return new Text{ReadLines(folder + "/src.txt"), ReadLines(folder + "/tgt.txt")};
  }();
  return *kText;
}

// The sentences that a benchmark works on: of both sides the same share, so that
// they belong together.
struct Sentences {
  std::vector<absl::string_view> source;
  std::vector<absl::string_view> target;
};

Sentences SentencesOf(size_t count) {
  const Text& text = WholeText();
  Sentences sentences;
  const auto fill = [](const std::vector<std::string>& lines, size_t size,
                       std::vector<absl::string_view>& out) {
    for (size_t i = 0; i < size; ++i) out.push_back(lines[i % lines.size()]);
  };
  fill(text.source, count, sentences.source);
  fill(text.target, count * text.target.size() / text.source.size(), sentences.target);
  return sentences;
}

struct Models {
  std::unique_ptr<const SentenceEmbedder> embedder;
  std::unique_ptr<const SentenceEmbedder> cached;  // as the server has it
  std::unique_ptr<FastTextLanguageIdentifier> identifier;
  ScoringWeights weights;
};

// Null when a model is absent.
const Models* TheModels() {
  static const Models* const kModels = []() -> const Models* {
    auto models = std::make_unique<Models>();
    auto embedder = FasttextSentenceEmbedder::Create(kSpacePath, {"en", "hu"}, kDimension);
    auto language_model = fasttext::Model::Read(kLanguageModelPath);
    auto weights = ScoringWeights::Read(kWeightsPath);
    auto cached = FasttextSentenceEmbedder::Create(kSpacePath, {"en", "hu"}, kDimension);
    if (!embedder.ok() || !cached.ok() || !language_model.ok() || !weights.ok()) return nullptr;
    auto identifier = FastTextLanguageIdentifier::Create(*std::move(language_model));
    if (!identifier.ok()) return nullptr;
    models->embedder = *std::move(embedder);
    models->cached = std::make_unique<CachedEmbedder>(*std::move(cached));
    models->identifier = *std::move(identifier);
    models->weights = *weights;
    return models.release();
  }();
  return kModels;
}

bool IsReady(benchmark::State& state) {
  if (!WholeText().source.empty() && !WholeText().target.empty() && TheModels() != nullptr) {
    return true;
  }
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
    benchmark::DoNotOptimize(sources->size() + targets->size());
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
    benchmark::DoNotOptimize(FindBand(source, target, {}, StopCondition()));
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
}  // namespace hexapla
