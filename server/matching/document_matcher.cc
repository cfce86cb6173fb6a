// SPDX-License-Identifier: Apache-2.0
#include "server/matching/document_matcher.h"

#include <set>
#include <utility>

#include "absl/functional/function_ref.h"

#include "server/base/status_macros.h"
#include "server/matching/candidate_finder.h"
#include "server/matching/document_signatures.h"
#include "server/matching/near_duplicates.h"
#include "server/matching/pair_judge.h"

namespace hexapla {
namespace {

// The documents that could be read, and their places in the input.
struct Heap {
  std::vector<HeapDocument> documents;
  std::vector<int32_t> input_of;
};

bool IsStop(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
}

absl::StatusOr<Heap> ReadHeap(const std::vector<MatchInput>& inputs, HeapReader& reader,
                              const StopCondition& stop, std::vector<MatchedDocument>& results) {
  Heap heap;
  for (size_t i = 0; i < inputs.size(); ++i) {
    absl::StatusOr<HeapDocument> document = reader.Read(inputs[i], stop);
    if (IsStop(document.status())) return document.status();
    results.push_back({.status = document.status()});
    if (!document.ok()) continue;
    results.back().language = document->language;
    results.back().covered = document->covered;
    heap.documents.push_back(*std::move(document));
    heap.input_of.push_back(static_cast<int32_t>(i));
  }
  return heap;
}

absl::StatusOr<std::vector<JudgedPair>> JudgeAll(
    const std::vector<DocumentPair>& pairs,
    absl::FunctionRef<absl::StatusOr<double>(DocumentPair)> judge, const StopCondition& stop,
    Parallel& parallel) {
  std::vector<JudgedPair> judged(pairs.size());
  parallel.Run(pairs.size(), [&](size_t i) {
    // A failure is the stop's, which is asked again below.
    judged[i] = {pairs[i], judge(pairs[i]).value_or(0)};
  });
  HEXAPLA_RETURN_IF_ERROR(stop.Check());
  return judged;
}

// The second looks of the documents that no pair shows a version of.
std::vector<DocumentPair> SecondLooks(const Candidates& candidates, double min_probability,
                                      const std::vector<JudgedPair>& judged) {
  std::vector<bool> alone(candidates.second_looks.size(), true);
  std::set<DocumentPair> known;
  for (const JudgedPair& pair : judged) {
    known.insert(pair.documents);
    if (pair.probability < min_probability) continue;
    alone[pair.documents.first] = alone[pair.documents.second] = false;
  }
  std::set<DocumentPair> looks;
  for (size_t d = 0; d < alone.size(); ++d) {
    if (!alone[d]) continue;
    for (const DocumentPair& pair : candidates.second_looks[d]) {
      if (!known.contains(pair)) looks.insert(pair);
    }
  }
  return {looks.begin(), looks.end()};
}

// From places among the documents read to places in the input.
void Renumber(const std::vector<int32_t>& input_of, std::vector<VersionGroup>& groups) {
  for (VersionGroup& group : groups) {
    for (VersionGroup::Member& member : group.members) {
      member.document = input_of[member.document];
      if (member.duplicate_of >= 0) member.duplicate_of = input_of[member.duplicate_of];
    }
  }
}

}  // namespace

DocumentMatcher::DocumentMatcher(const LanguageIdentifier& identifier,
                                 const SentenceEmbedder& embedder, const ScoringWeights& weights)
    : identifier_(identifier), embedder_(embedder), weights_(weights) {}

absl::StatusOr<MatchedHeap> DocumentMatcher::Match(const std::vector<MatchInput>& inputs,
                                                   const MatchOptions& options,
                                                   const StopCondition& stop,
                                                   Parallel& parallel) const {
  StageClock clock(options.stages);
  clock.Enter(Stage::kRead);
  MatchedHeap result;
  HeapVocabulary vocabulary;
  HeapReader reader(identifier_, embedder_, options.limits, vocabulary);
  HEXAPLA_ASSIGN_OR_RETURN(const Heap heap, ReadHeap(inputs, reader, stop, result.documents));
  const std::vector<HeapDocument>& documents = heap.documents;

  clock.Enter(Stage::kPropose);
  HEXAPLA_ASSIGN_OR_RETURN(NearDuplicates duplicates, FindNearDuplicates(documents, stop));
  // Copies are alone, unless they are versions like others.
  if (options.allow_same_language) duplicates.is_copy.assign(documents.size(), false);
  Candidates candidates;
  {
    HEXAPLA_ASSIGN_OR_RETURN(const DocumentSignatures signatures,
                             ComputeSignatures(documents, vocabulary, embedder_, stop));
    HEXAPLA_ASSIGN_OR_RETURN(
        candidates, FindCandidates(documents, signatures, duplicates.is_copy,
                                   {.allow_same_language = options.allow_same_language}, stop));
  }
  const auto judge = [&](DocumentPair pair) {
    return JudgePair(documents[pair.first], documents[pair.second], embedder_, weights_, stop);
  };
  const auto conflict = [&](int32_t a, int32_t b) {
    return !options.allow_same_language &&
           (duplicates.duplicate_class[a] == duplicates.duplicate_class[b] ||
            SameMatchLanguage(documents[a].language.tag, documents[b].language.tag));
  };
  GrouperInput input = {.documents = static_cast<int32_t>(documents.size()),
                        .duplicate_class = duplicates.duplicate_class,
                        .left_out = duplicates.is_copy,
                        .min_probability = options.min_probability};
  clock.Enter(Stage::kJudge);
  HEXAPLA_ASSIGN_OR_RETURN(input.pairs, JudgeAll(candidates.pairs, judge, stop, parallel));
  HEXAPLA_ASSIGN_OR_RETURN(const std::vector<JudgedPair> more,
                           JudgeAll(SecondLooks(candidates, options.min_probability, input.pairs),
                                    judge, stop, parallel));
  input.pairs.insert(input.pairs.end(), more.begin(), more.end());
  clock.Enter(Stage::kGroup);
  HEXAPLA_ASSIGN_OR_RETURN(result.groups, GroupDocuments(input, conflict, judge, stop));
  Renumber(heap.input_of, result.groups);
  return result;
}

}  // namespace hexapla
