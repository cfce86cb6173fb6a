// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline/document_aligner.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/pivot_merge.h"
#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/band_finder.h"
#include "server/similarity/bead_scorer.h"

namespace hexapla {
namespace {

// Given sentences are identified on an evenly spread sample of this many bytes.
constexpr size_t kIdentifyBytesMax = 8192;
// Versions less probable than this to belong together draw a warning.
constexpr double kUnrelatedBelow = 0.5;

// A version on its way: what the caller gave, and what the stages made of it.
struct Version {
  AlignedVersion result;
  std::vector<absl::string_view> sentences;
  EmbeddedDocument embedded;
  bool covered = false;
};

// The alignment of two versions.
struct Pair {
  std::vector<Bead> beads;
  double probability = 0;
};

std::string FieldOf(size_t version, bool given) {
  return absl::StrCat("versions[", version, "].", given ? "sentences" : "text");
}

absl::Status LimitError(absl::string_view reason, const std::string& field, absl::string_view what,
                        size_t limit, size_t value) {
  return RequestError(absl::StatusCode::kResourceExhausted,
                      {.reason = std::string(reason),
                       .field = field,
                       .limit = absl::StrCat(limit),
                       .value = absl::StrCat(value)},
                      absl::StrCat(field, ": ", what, " is ", value, "; the limit is ", limit));
}

absl::Status CheckSentences(size_t number, bool given, const AlignOptions& options,
                            const std::vector<absl::string_view>& sentences) {
  const std::string field = FieldOf(number, given);
  if (options.sentences_max > 0 && sentences.size() > options.sentences_max) {
    return LimitError("TOO_MANY_SENTENCES", field, "the number of sentences", options.sentences_max,
                      sentences.size());
  }
  for (size_t s = 0; s < sentences.size(); ++s) {
    if (options.sentence_bytes_max == 0 || sentences[s].size() <= options.sentence_bytes_max) {
      continue;
    }
    return LimitError("SENTENCE_TOO_LONG", given ? absl::StrCat(field, "[", s, "]") : field,
                      absl::StrCat("the size of sentence ", s, " in bytes"),
                      options.sentence_bytes_max, sentences[s].size());
  }
  return absl::OkStatus();
}

// Every k-th sentence, so that they fill about kIdentifyBytesMax.
std::string SampleOf(const std::vector<absl::string_view>& sentences) {
  size_t bytes = 0;
  for (const absl::string_view sentence : sentences) bytes += sentence.size() + 1;
  const size_t stride = bytes / kIdentifyBytesMax + 1;
  std::string sample;
  for (size_t s = 0; s < sentences.size(); s += stride) absl::StrAppend(&sample, sentences[s], " ");
  return sample;
}

void IdentifyLanguage(const VersionInput& input, const LanguageIdentifier& identifier,
                      AlignedVersion& result) {
  result.language = input.language;
  if (!input.language.empty()) return;
  const Identification answer = input.sentences.empty()
                                    ? identifier.Identify(input.text, {})
                                    : identifier.Identify(SampleOf(input.sentences), {});
  result.language = answer.guesses.front().language;
  result.language_confidence = answer.guesses.front().confidence;
  result.language_detected = true;
}

absl::StatusOr<Pair> AlignPair(const Version& source, const Version& target,
                               const AlignOptions& options, const ScoringWeights& weights,
                               const StopCondition& stop) {
  HEXAPLA_ASSIGN_OR_RETURN(const SearchBand band,
                           FindBand(source.embedded, target.embedded, {}, stop));
  const EvidenceOptions evidence = {.bead_size_max = options.merges ? options.bead_size_max : 1,
                                    .semantic = source.covered && target.covered};
  HEXAPLA_ASSIGN_OR_RETURN(
      const BeadScorer scorer,
      BeadScorer::Create(source.embedded, target.embedded, band, evidence, weights, stop));
  HEXAPLA_ASSIGN_OR_RETURN(
      Alignment alignment,
      AlignMonotonically(band, BeadShapes(options.bead_size_max, options.merges), scorer, stop));
  const double probability = scorer.DocumentProbability(alignment);
  for (Bead& bead : alignment.beads) {
    bead.probability = scorer.CalibratedProbability(bead.probability);
  }
  return Pair{std::move(alignment.beads), probability};
}

// The version that the others agree with best; the first of equals.
int ChoosePivot(size_t versions, const std::vector<VersionPair>& pairs) {
  std::vector<double> sums(versions);
  for (const VersionPair& pair : pairs) {
    sums[pair.first] += pair.probability;
    sums[pair.second] += pair.probability;
  }
  return static_cast<int>(std::max_element(sums.begin(), sums.end()) - sums.begin());
}

void AddWarnings(const std::vector<Version>& versions, AlignedDocuments& result) {
  using Reason = AlignmentWarning::Reason;
  for (size_t v = 0; v < versions.size(); ++v) {
    const std::string field = absl::StrCat("versions[", v, "]");
    const AlignedVersion& version = result.versions[v];
    if (!versions[v].covered) {
      result.warnings.push_back(
          {Reason::kLanguageNotCovered,
           {static_cast<int>(v)},
           absl::StrCat(field, ": the embedding space does not cover ", version.language,
                        "; aligned on length, numbers and names alone")});
    }
    if (version.language_detected && version.language_confidence < kUnrelatedBelow) {
      result.warnings.push_back(
          {Reason::kLanguageUncertain,
           {static_cast<int>(v)},
           absl::StrCat(field, ": the language is uncertain; name it if you know it")});
    }
  }
  for (const VersionPair& pair : result.pairs) {
    if (pair.probability >= kUnrelatedBelow) continue;
    result.warnings.push_back({Reason::kVersionsUnrelated,
                               {pair.first, pair.second},
                               absl::StrCat("versions[", pair.first, "] and versions[", pair.second,
                                            "] look unrelated")});
  }
}

}  // namespace

DocumentAligner::DocumentAligner(const LanguageIdentifier& identifier,
                                 const SentenceEmbedder& embedder, const ScoringWeights& weights)
    : identifier_(identifier), embedder_(embedder), weights_(weights) {}

absl::StatusOr<AlignedDocuments> DocumentAligner::Align(const std::vector<VersionInput>& inputs,
                                                        const AlignOptions& options,
                                                        const StopCondition& stop) const {
  if (inputs.size() < kVersionsMin || inputs.size() > kVersionsMax) {
    return RequestError(
        absl::StatusCode::kInvalidArgument,
        {.reason = inputs.size() < kVersionsMin ? "TOO_FEW_VERSIONS" : "TOO_MANY_VERSIONS",
         .field = "versions",
         .limit = absl::StrCat(kVersionsMin, "-", kVersionsMax),
         .value = absl::StrCat(inputs.size())},
        absl::StrCat("versions: there are ", inputs.size(), "; allowed are ", kVersionsMin, " to ",
                     kVersionsMax));
  }
  std::vector<Version> versions(inputs.size());
  for (size_t v = 0; v < inputs.size(); ++v) {
    Version& version = versions[v];
    IdentifyLanguage(inputs[v], identifier_, version.result);
    version.sentences = inputs[v].sentences;
    if (inputs[v].sentences.empty()) {
      HEXAPLA_ASSIGN_OR_RETURN(version.result.sentences,
                               segmenter_.Split(inputs[v].text, version.result.language, stop));
      for (const TextRange& range : version.result.sentences) {
        version.sentences.push_back(range.Of(inputs[v].text));
      }
    }
    HEXAPLA_RETURN_IF_ERROR(
        CheckSentences(v, !inputs[v].sentences.empty(), options, version.sentences));
    HEXAPLA_ASSIGN_OR_RETURN(version.embedded, EmbedDocument(version.sentences, embedder_, stop));
    version.covered = Covers(embedder_, version.result.language);
    const auto& lengths = version.embedded.lengths;
    if (std::accumulate(lengths.begin(), lengths.end(), int64_t{0}) == 0) {
      return RequestError(
          absl::StatusCode::kInvalidArgument,
          {.reason = "TEXT_BLANK", .field = FieldOf(v, !inputs[v].sentences.empty())},
          absl::StrCat("versions[", v, "]: there is no text"));
    }
  }

  AlignedDocuments result;
  const int count = static_cast<int>(versions.size());
  std::vector<std::vector<std::vector<Bead>>> beads(count, std::vector<std::vector<Bead>>(count));
  for (int a = 0; a < count; ++a) {
    for (int b = a + 1; b < count; ++b) {
      HEXAPLA_ASSIGN_OR_RETURN(Pair pair,
                               AlignPair(versions[a], versions[b], options, weights_, stop));
      result.pairs.push_back({a, b, pair.probability});
      beads[b][a] = Mirror(pair.beads);
      beads[a][b] = std::move(pair.beads);
    }
  }
  std::vector<int> sizes;
  for (const Version& version : versions) sizes.push_back(version.embedded.size());
  const int pivot = ChoosePivot(versions.size(), result.pairs);
  result.beads = MergeAtPivot(pivot, sizes, beads[pivot]);
  for (Version& version : versions) result.versions.push_back(std::move(version.result));
  AddWarnings(versions, result);
  return result;
}

}  // namespace hexapla
