// SPDX-License-Identifier: Apache-2.0
#include "server/pipeline/document_aligner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "server/alignment/joint_aligner.h"
#include "server/alignment/monotonic_aligner.h"
#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/embedding/embedded_document.h"
#include "server/pipeline/version_groups.h"
#include "server/similarity/centred_document.h"
#include "server/similarity/pair_aligner.h"
#include "server/text/code_points.h"

namespace hexapla {
namespace {

// Given sentences are identified on an evenly spread sample of this many bytes.
constexpr size_t kIdentifyBytesMax = 8192;
// Documents of fewer bytes, all versions together, are aligned by one thread: in the
// few milliseconds that they take there is little for a helper to do, and it would be
// woken for each of a dozen stages.
constexpr size_t kParallelBytesMin = 48 << 10;
// Of versions with no more sentences than these a pair takes some 50 ms at most.
constexpr size_t kSentencesOfPairMax = 1000;
// Versions less probable than this to belong together draw a warning.
constexpr double kUnrelatedBelow = 0.5;

// A version on its way: what the caller gave, and what the stages made of it.
struct Version {
  AlignedVersion result;
  std::vector<absl::string_view> sentences;
  EmbeddedDocument embedded;  // without its sentence vectors, which `centred` has
  std::optional<CentredDocument> centred;
  bool covered = false;
};

// The alignment of two versions.
struct Pair {
  JointPair alignment;
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

size_t BytesOf(const std::vector<VersionInput>& inputs) {
  size_t bytes = 0;
  for (const VersionInput& input : inputs) {
    bytes += input.text.size();
    for (const absl::string_view sentence : input.sentences) bytes += sentence.size();
  }
  return bytes;
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

// The alignments of all pairs of versions.
class Pairs {
 public:
  // The vectors of two versions alone are released on the way.
  static absl::StatusOr<Pairs> Align(std::vector<Version>& versions, const AlignOptions& options,
                                     const ScoringWeights& weights, const StopCondition& stop,
                                     Parallel& parallel) {
    Pairs pairs(versions.size());
    std::vector<std::pair<size_t, size_t>> all;
    for (size_t a = 0; a < versions.size(); ++a) {
      for (size_t b = a + 1; b < versions.size(); ++b) all.emplace_back(a, b);
    }
    // A helper leaves between parts only, so a pair that takes long is not one part.
    size_t sentences = 0;
    for (const Version& version : versions) sentences += version.sentences.size();
    const bool short_pairs = sentences <= versions.size() * kSentencesOfPairMax;
    Parallel& pairs_by = short_pairs ? parallel : Parallel::None();
    HEXAPLA_RETURN_IF_ERROR(RunParts(pairs_by, all.size(), [&](size_t part) {
      const auto [a, b] = all[part];
      return AlignTwo(versions, a, b, options, weights, stop, parallel, pairs.pairs_[a][b]);
    }));
    return pairs;
  }

  Pair& of(int a, int b) { return pairs_[a][b]; }
  const Pair& of(int a, int b) const { return pairs_[a][b]; }

  std::vector<VersionPair> Probabilities() const {
    std::vector<VersionPair> result;
    const int count = static_cast<int>(pairs_.size());
    for (int a = 0; a < count; ++a) {
      for (int b = a + 1; b < count; ++b) result.push_back({a, b, of(a, b).probability});
    }
    return result;
  }

 private:
  explicit Pairs(size_t count) : pairs_(count, std::vector<Pair>(count)) {}

  static absl::Status AlignTwo(std::vector<Version>& versions, size_t a, size_t b,
                               const AlignOptions& options, const ScoringWeights& weights,
                               const StopCondition& stop, Parallel& parallel, Pair& pair) {
    // Two versions need no more than their beads.
    const double likely_from = versions.size() > 2 ? kLikelyFrom : kKeepNoLikelyBeads;
    const PairOptions pair_options = {.bead_size_max = options.bead_size_max,
                                      .merges = options.merges,
                                      .semantic = versions[a].covered && versions[b].covered,
                                      .likely_from = likely_from};
    HEXAPLA_ASSIGN_OR_RETURN(PairSentences sentences,
                             PairSentences::Create(*versions[a].centred, *versions[b].centred,
                                                   pair_options, stop, parallel));
    if (versions.size() == 2) {
      versions[a].centred.reset();
      versions[b].centred.reset();
    }
    HEXAPLA_ASSIGN_OR_RETURN(PairAlignment aligned, AlignPair(std::move(sentences), pair_options,
                                                              weights, stop, parallel));
    pair = {{std::move(aligned.alignment.beads), std::move(aligned.alignment.likely)},
            aligned.probability};
    return absl::OkStatus();
  }

  std::vector<std::vector<Pair>> pairs_;  // [a][b], a < b
};

// The index of the first of the largest groups.
size_t LargestOf(const std::vector<std::vector<int>>& groups) {
  const auto fewer = [](const auto& a, const auto& b) { return a.size() < b.size(); };
  return std::max_element(groups.begin(), groups.end(), fewer) - groups.begin();
}

// A version in a language that the space does not cover cannot be told from a
// stranger, so it goes with the most of the others.
std::vector<std::vector<int>> GroupsOf(const std::vector<Version>& versions, const Pairs& pairs) {
  std::vector<int> covered;
  std::vector<int> others;
  for (int v = 0; v < static_cast<int>(versions.size()); ++v) {
    (versions[v].covered ? covered : others).push_back(v);
  }
  if (covered.empty()) return {others};
  std::vector<std::vector<int>> groups = GroupVersions(
      static_cast<int>(covered.size()),
      [&](int a, int b) { return pairs.of(covered[a], covered[b]).probability; }, kUnrelatedBelow);
  for (std::vector<int>& group : groups) {
    for (int& version : group) version = covered[version];
  }
  std::vector<int>& largest = groups[LargestOf(groups)];
  largest.insert(largest.end(), others.begin(), others.end());
  std::sort(largest.begin(), largest.end());
  std::sort(groups.begin(), groups.end());
  return groups;
}

std::vector<MultiBead> BeadsOfOne(const Version& version, double probability) {
  std::vector<MultiBead> beads;
  for (int s = 0; s < version.embedded.size(); ++s) {
    beads.push_back({.sides = {{s, s + 1}}, .score = 0, .probability = probability});
  }
  return beads;
}

std::vector<MultiBead> BeadsOfTwo(const std::vector<Bead>& pair) {
  std::vector<MultiBead> beads;
  for (const Bead& bead : pair) {
    beads.push_back({.sides = {bead.source, bead.target},
                     .score = bead.score,
                     .probability = bead.probability});
  }
  return beads;
}

absl::StatusOr<std::vector<MultiBead>> BeadsOfMany(const std::vector<int>& group,
                                                   const std::vector<Version>& versions,
                                                   const AlignOptions& options, Pairs& pairs,
                                                   const StopCondition& stop) {
  std::vector<JointVersion> joint;
  std::vector<JointPair> joint_pairs;
  for (size_t i = 0; i < group.size(); ++i) {
    const EmbeddedDocument& document = versions[group[i]].embedded;
    joint.push_back({.size = document.size(), .alone = std::vector<bool>(document.size())});
    for (int s = 0; s < document.size(); ++s) joint.back().alone[s] = document.lengths[s] == 0;
    for (size_t j = i + 1; j < group.size(); ++j) {
      joint_pairs.push_back(std::move(pairs.of(group[i], group[j]).alignment));
    }
  }
  return AlignJointly(joint, joint_pairs, options.merges ? options.bead_size_max : 1, stop);
}

// The probability that a version left out belongs to none of the others.
double LeftOutProbability(int version, int count, const Pairs& pairs) {
  double most = 0;
  for (int other = 0; other < count; ++other) {
    if (other == version) continue;
    most = std::max(most, pairs.of(std::min(version, other), std::max(version, other)).probability);
  }
  return 1 - most;
}

// Aligns the versions of each group, and leaves those of different groups apart.
absl::StatusOr<std::vector<MultiBead>> JoinPairs(const std::vector<std::vector<int>>& groups,
                                                 const std::vector<Version>& versions,
                                                 const AlignOptions& options, Pairs& pairs,
                                                 const StopCondition& stop) {
  const int count = static_cast<int>(versions.size());
  std::vector<int> sizes;
  for (const Version& version : versions) sizes.push_back(version.embedded.size());
  std::vector<GroupBeads> parts;
  for (const std::vector<int>& group : groups) {
    GroupBeads part{.versions = group, .beads = {}};
    if (group.size() == 1) {
      part.beads = BeadsOfOne(versions[group[0]], LeftOutProbability(group[0], count, pairs));
    } else if (group.size() == 2) {
      part.beads = BeadsOfTwo(pairs.of(group[0], group[1]).alignment.beads);
    } else {
      HEXAPLA_ASSIGN_OR_RETURN(part.beads, BeadsOfMany(group, versions, options, pairs, stop));
    }
    parts.push_back(std::move(part));
  }
  return InterleaveGroups(parts, sizes);
}

void AddWarnings(const std::vector<Version>& versions, const std::vector<std::vector<int>>& groups,
                 AlignedDocuments& result) {
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
  if (groups.size() == 1) return;
  for (const std::vector<int>& group : groups) {
    const std::string fields = absl::StrJoin(group, ", ", [](std::string* text, int version) {
      absl::StrAppend(text, "versions[", version, "]");
    });
    if (group.size() == 1) {
      result.warnings.push_back(
          {Reason::kVersionLeftOut, group,
           absl::StrCat(fields,
                        " looks like no version of the others; its sentences are left alone")});
    } else if (group != groups[LargestOf(groups)]) {
      result.warnings.push_back(
          {Reason::kVersionLeftOut, group,
           absl::StrCat(fields,
                        " look like versions of one another only; they are aligned apart")});
    }
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
  StageClock clock(options.stages);
  Parallel& parallel = options.parallel != nullptr && BytesOf(inputs) >= kParallelBytesMin
                           ? *options.parallel
                           : Parallel::None();
  std::vector<Version> versions(inputs.size());
  for (size_t v = 0; v < inputs.size(); ++v) {
    const VersionInput& input = inputs[v];
    Version& version = versions[v];
    clock.Enter(Stage::kIdentify);
    IdentifyLanguage(input, identifier_, version.result);
    clock.Enter(Stage::kSegment);
    HEXAPLA_RETURN_IF_ERROR(SplitIntoSentences(input, segmenter_, stop, version));
    HEXAPLA_RETURN_IF_ERROR(CheckSentences(v, input, options, version.sentences));
    clock.Enter(Stage::kEmbed);
    HEXAPLA_ASSIGN_OR_RETURN(
        version.embedded,
        EmbedDocument(version.sentences, embedder_.ForLanguage(version.result.language), stop,
                      parallel));
    HEXAPLA_ASSIGN_OR_RETURN(CentredDocument centred,
                             CentredDocument::Create(version.embedded, stop, parallel));
    version.centred.emplace(std::move(centred));
    version.embedded.sentence_vectors = EmbeddingMatrix();
    version.covered = Covers(embedder_, version.result.language);
  }
  clock.Enter(Stage::kAlign);
  HEXAPLA_ASSIGN_OR_RETURN(Pairs pairs, Pairs::Align(versions, options, weights_, stop, parallel));
  clock.Enter(Stage::kJoin);
  AlignedDocuments result;
  result.pairs = pairs.Probabilities();
  // Two versions were asked for as a pair, related or not.
  const std::vector<std::vector<int>> groups =
      versions.size() == 2 ? std::vector<std::vector<int>>{{0, 1}} : GroupsOf(versions, pairs);
  HEXAPLA_ASSIGN_OR_RETURN(result.beads, JoinPairs(groups, versions, options, pairs, stop));
  for (Version& version : versions) result.versions.push_back(std::move(version.result));
  AddWarnings(versions, groups, result);
  return result;
}

}  // namespace hexapla
