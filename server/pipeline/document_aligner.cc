// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline/document_aligner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/alignment/monotonic_aligner.h"
#include "server/alignment/pivot_merge.h"
#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/embedding/embedded_document.h"
#include "server/similarity/band_finder.h"
#include "server/similarity/bead_scorer.h"
#include "server/text/code_points.h"

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

bool IsBlank(absl::string_view text) { return Trim(text, {0, text.size()}).empty(); }

absl::Status CheckVersionCount(size_t count) {
  if (count >= kVersionsMin && count <= kVersionsMax) return absl::OkStatus();
  return RequestError(absl::StatusCode::kInvalidArgument,
                      {.reason = count < kVersionsMin ? "TOO_FEW_VERSIONS" : "TOO_MANY_VERSIONS",
                       .field = "versions",
                       .limit = absl::StrCat(kVersionsMin, "-", kVersionsMax),
                       .value = absl::StrCat(count)},
                      absl::StrCat("versions: there are ", count, "; allowed are ", kVersionsMin,
                                   " to ", kVersionsMax));
}

// What only the sentences can tell; the edge has checked the rest.
absl::Status CheckSentences(size_t number, const VersionInput& input, const AlignOptions& options,
                            const std::vector<absl::string_view>& sentences) {
  const bool given = !input.sentences.empty();
  const std::string field = FieldOf(number, given);
  const bool blank = std::all_of(sentences.begin(), sentences.end(),
                                 [](absl::string_view sentence) { return IsBlank(sentence); });
  if (blank) {
    return RequestError(absl::StatusCode::kInvalidArgument,
                        {.reason = "TEXT_BLANK", .field = field},
                        absl::StrCat("versions[", number, "]: there is no text"));
  }
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

absl::Status SplitIntoSentences(const VersionInput& input, const Segmenter& segmenter,
                                const StopCondition& stop, Version& version) {
  version.sentences = input.sentences;
  if (!input.sentences.empty()) return absl::OkStatus();
  HEXAPLA_ASSIGN_OR_RETURN(version.result.sentences,
                           segmenter.Split(input.text, version.result.language, stop));
  for (const TextRange& range : version.result.sentences) {
    version.sentences.push_back(range.Of(input.text));
  }
  return absl::OkStatus();
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

// [a][b] holds the beads with version a as source and b as target.
using PairwiseBeads = std::vector<std::vector<std::vector<Bead>>>;

absl::StatusOr<PairwiseBeads> AlignAllPairs(const std::vector<Version>& versions,
                                            const AlignOptions& options,
                                            const ScoringWeights& weights,
                                            const StopCondition& stop,
                                            std::vector<VersionPair>& pairs) {
  const int count = static_cast<int>(versions.size());
  PairwiseBeads beads(count, std::vector<std::vector<Bead>>(count));
  for (int a = 0; a < count; ++a) {
    for (int b = a + 1; b < count; ++b) {
      HEXAPLA_ASSIGN_OR_RETURN(Pair pair,
                               AlignPair(versions[a], versions[b], options, weights, stop));
      pairs.push_back({a, b, pair.probability});
      beads[b][a] = Mirror(pair.beads);
      beads[a][b] = std::move(pair.beads);
    }
  }
  return beads;
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
  HEXAPLA_RETURN_IF_ERROR(CheckVersionCount(inputs.size()));
  std::vector<Version> versions(inputs.size());
  for (size_t v = 0; v < inputs.size(); ++v) {
    const VersionInput& input = inputs[v];
    Version& version = versions[v];
    IdentifyLanguage(input, identifier_, version.result);
    HEXAPLA_RETURN_IF_ERROR(SplitIntoSentences(input, segmenter_, stop, version));
    HEXAPLA_RETURN_IF_ERROR(CheckSentences(v, input, options, version.sentences));
    HEXAPLA_ASSIGN_OR_RETURN(version.embedded, EmbedDocument(version.sentences, embedder_, stop));
    version.covered = Covers(embedder_, version.result.language);
  }
  AlignedDocuments result;
  HEXAPLA_ASSIGN_OR_RETURN(const PairwiseBeads beads,
                           AlignAllPairs(versions, options, weights_, stop, result.pairs));
  std::vector<int> sizes;
  for (const Version& version : versions) sizes.push_back(version.embedded.size());
  const int pivot = ChoosePivot(versions.size(), result.pairs);
  result.beads = MergeAtPivot(pivot, sizes, beads[pivot]);
  for (Version& version : versions) result.versions.push_back(std::move(version.result));
  AddWarnings(versions, result);
  return result;
}

}  // namespace hexapla
