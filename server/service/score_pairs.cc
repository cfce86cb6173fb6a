// SPDX-License-Identifier: Apache-2.0
#include "server/service/score_pairs.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "server/base/status_macros.h"
#include "server/embedding/embedded_document.h"
#include "server/service/grpc_status.h"
#include "server/service/proto_conversion.h"
#include "server/service/request_validation.h"
#include "server/similarity/cosine.h"
#include "server/similarity/pair_scorer.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

// About 20 ms of work: the bound of the cheap lane.
constexpr int64_t kCheapCostMax = 32 << 10;
// What an item costs beside its bytes, so that none is free.
constexpr int64_t kItemCost = 64;
// The language of a batch is identified on an evenly spread sample of this size.
constexpr size_t kIdentifyBytes = 8192;
// A language detected with less is uncertain.
constexpr double kUncertainBelow = 0.5;

// The language of a batch: given, or else detected, or else "und".
struct BatchLanguage {
  std::string tag;
  bool detected = false;
  double confidence = 1;
};

BatchLanguage LanguageOf(const std::string& given, const std::vector<absl::string_view>& sentences,
                         const LanguageIdentifier& identifier) {
  if (!given.empty()) return {.tag = CanonicalLanguageTag(given).value_or("und")};
  size_t bytes = 0;
  for (const absl::string_view sentence : sentences) bytes += sentence.size() + 1;
  const size_t stride = bytes / kIdentifyBytes + 1;
  std::string sample;
  for (size_t s = 0; s < sentences.size() && sample.size() < 2 * kIdentifyBytes; s += stride) {
    absl::StrAppend(&sample, sentences[s], " ");
  }
  const LanguageGuess guess = identifier.Identify(sample, {}).guesses[0];
  return {.tag = guess.language, .detected = true, .confidence = guess.confidence};
}

// `field` is the request's; `fallback` says what is done without the language.
template <typename Response>
void WarnAbout(const BatchLanguage& language, const SentenceEmbedder& embedder,
               absl::string_view field, absl::string_view fallback, Response& response) {
  if (!Covers(embedder, language.tag)) {
    v1::Warning& warning = *response.add_warnings();
    warning.set_reason(v1::Warning::REASON_LANGUAGE_NOT_COVERED);
    warning.set_message(
        absl::StrCat(field, ": the embedding space does not cover ", language.tag, "; ", fallback));
  }
  if (language.detected && language.confidence < kUncertainBelow) {
    v1::Warning& warning = *response.add_warnings();
    warning.set_reason(v1::Warning::REASON_LANGUAGE_UNCERTAIN);
    warning.set_message(absl::StrCat(field, ": the language is uncertain; name it if you know it"));
  }
}

absl::Status ValidatePair(const v1::SentencePair& pair, int index, const ServiceLimits& limits) {
  HEXAPLA_RETURN_IF_ERROR(
      ValidateBatchSentence(pair.source(), absl::StrCat("pairs[", index, "].source"), limits));
  return ValidateBatchSentence(pair.target(), absl::StrCat("pairs[", index, "].target"), limits);
}

}  // namespace

int64_t CostOf(const v1::ScorePairsRequest& request) {
  int64_t cost = kItemCost * request.pairs_size();
  for (const v1::SentencePair& pair : request.pairs()) {
    cost += static_cast<int64_t>(pair.source().size() + pair.target().size());
  }
  return cost;
}

int64_t CostOf(const v1::EmbedSentencesRequest& request) {
  int64_t cost = kItemCost * request.sentences_size();
  for (const std::string& sentence : request.sentences()) {
    cost += static_cast<int64_t>(sentence.size());
  }
  return cost;
}

WorkLane LaneOf(int64_t batch_cost) {
  return batch_cost <= kCheapCostMax ? WorkLane::kCheap : WorkLane::kHeavy;
}

absl::Status RunScorePairs(const v1::ScorePairsRequest& request, const ModelSet& models,
                           const ServiceLimits& limits, const CallContext& call,
                           v1::ScorePairsResponse& response) {
  std::vector<absl::string_view> sources;
  std::vector<absl::string_view> targets;
  for (const v1::SentencePair& pair : request.pairs()) {
    sources.emplace_back(pair.source());
    targets.emplace_back(pair.target());
  }
  StageClock clock(call.stages);
  clock.Enter(Stage::kIdentify);
  const BatchLanguage source = LanguageOf(request.source_language(), sources, models.identifier());
  const BatchLanguage target = LanguageOf(request.target_language(), targets, models.identifier());
  constexpr char kFallback[] = "scored by length, numbers and names alone";
  WarnAbout(source, models.embedder(), "source_language", kFallback, response);
  WarnAbout(target, models.embedder(), "target_language", kFallback, response);
  response.set_source_language(source.tag);
  response.set_target_language(target.tag);

  clock.Enter(Stage::kScore);
  const PairScorer scorer(models.embedder(), *models.pair_weights(), source.tag, target.tag);
  response.mutable_results()->Reserve(request.pairs_size());
  for (int i = 0; i < request.pairs_size(); ++i) {
    v1::PairResult& result = *response.add_results();
    const v1::SentencePair& pair = request.pairs(i);
    const absl::Status valid = ValidatePair(pair, i, limits);
    if (!valid.ok()) {
      *result.mutable_error() = ToRpcStatus(valid);
      continue;
    }
    HEXAPLA_ASSIGN_OR_RETURN(const PairScore score,
                             scorer.Score(pair.source(), pair.target(), call.stop));
    result.mutable_score()->set_probability(static_cast<float>(score.probability));
    result.mutable_score()->set_score(static_cast<float>(score.score));
  }
  std::vector<const ModelInfo*> used =
      models.DefaultsOf({ModelKind::kEmbedding, ModelKind::kPairWeights});
  if (source.detected || target.detected) {
    used.insert(used.begin(), models.FindByKind(ModelKind::kLanguageIdentifier));
  }
  SetMetadata(used, call.queued_for(), call.computed_for(), *response.mutable_metadata());
  return absl::OkStatus();
}

absl::Status RunEmbedSentences(const v1::EmbedSentencesRequest& request, const ModelSet& models,
                               const ServiceLimits& limits, const CallContext& call,
                               v1::EmbedSentencesResponse& response) {
  const SentenceEmbedder& embedder = models.embedder();
  const std::vector<absl::string_view> sentences(request.sentences().begin(),
                                                 request.sentences().end());
  StageClock clock(call.stages);
  clock.Enter(Stage::kIdentify);
  const BatchLanguage language = LanguageOf(request.language(), sentences, models.identifier());
  WarnAbout(language, embedder, "language", "the vectors mean little", response);
  clock.Enter(Stage::kEmbed);
  const SentenceEmbedder& words = embedder.ForLanguage(language.tag);
  response.set_dimension(words.dimension());
  response.mutable_results()->Reserve(request.sentences_size());
  std::vector<absl::string_view> valid;
  std::vector<v1::EmbeddingResult*> results;  // of the valid ones
  for (int i = 0; i < request.sentences_size(); ++i) {
    v1::EmbeddingResult& result = *response.add_results();
    const absl::Status status =
        ValidateBatchSentence(sentences[i], absl::StrCat("sentences[", i, "]"), limits);
    if (!status.ok()) {
      *result.mutable_error() = ToRpcStatus(status);
      continue;
    }
    valid.push_back(sentences[i]);
    results.push_back(&result);
  }
  if (request.composition() == v1::COMPOSITION_FASTTEXT) {
    for (size_t i = 0; i < valid.size(); ++i) {
      HEXAPLA_RETURN_IF_ERROR(call.stop.Check());
      auto& values = *results[i]->mutable_embedding()->mutable_values();
      values.Resize(words.dimension(), 0);
      words.EmbedAsFastText(valid[i], values.mutable_data());
    }
  } else {
    HEXAPLA_ASSIGN_OR_RETURN(EmbeddedDocument document, EmbedDocument(valid, words, call.stop));
    NormalizeRows(document.sentence_vectors);
    for (size_t i = 0; i < valid.size(); ++i) {
      const float* const vector = document.sentence_vectors.row(i);
      results[i]->mutable_embedding()->mutable_values()->Add(vector, vector + words.dimension());
    }
  }
  std::vector<const ModelInfo*> used = models.DefaultsOf({ModelKind::kEmbedding});
  if (language.detected) {
    used.insert(used.begin(), models.FindByKind(ModelKind::kLanguageIdentifier));
  }
  SetMetadata(used, call.queued_for(), call.computed_for(), *response.mutable_metadata());
  return absl::OkStatus();
}

}  // namespace hexapla
