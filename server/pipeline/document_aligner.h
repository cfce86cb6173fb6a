// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_PIPELINE_DOCUMENT_ALIGNER_H_
#define HEXAPLA_SERVER_PIPELINE_DOCUMENT_ALIGNER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "server/alignment/bead.h"
#include "server/base/parallel.h"
#include "server/base/stage_times.h"
#include "server/base/stop_condition.h"
#include "server/embedding/sentence_embedder.h"
#include "server/langid/language_identifier.h"
#include "server/similarity/scoring_weights.h"
#include "server/text/segmenter.h"
#include "server/text/text_range.h"

namespace hexapla {

// One language version of the document to align. Borrows the caller's text.
struct VersionInput {
  // Well-formed BCP-47; empty: detect it.
  std::string language = {};
  // Raw text, split by the aligner; used when `sentences` is empty.
  absl::string_view text = {};
  // Given sentences, kept as they are; a blank one stays unaligned.
  std::vector<absl::string_view> sentences = {};
};

struct AlignOptions {
  // Most sentences of one version in a bead of both sides; 1 to 8.
  int bead_size_max = 5;
  // Whether a bead may hold several sentences of a version.
  bool merges = true;
  // Limits, each checked before any work; 0 means none.
  size_t sentence_bytes_max = 0;
  size_t sentences_max = 0;  // per version
  // If not null, what each stage took is added here. Borrowed.
  StageTimes* stages = nullptr;
  // Who helps with long documents; the result is the same. Null: nobody. Borrowed.
  Parallel* parallel = nullptr;
};

struct AlignedVersion {
  std::string language;  // BCP-47, given or detected; "und" if neither
  bool language_detected = false;
  double language_confidence = 1;
  // Byte ranges in VersionInput::text, in order, without the white space around
  // them. Empty when the sentences were given.
  std::vector<TextRange> sentences;
};

// How likely two versions are versions of one another.
struct VersionPair {
  int first = 0;
  int second = 0;
  double probability = 0;
};

struct AlignmentWarning {
  enum class Reason {
    kLanguageNotCovered,  // aligned on length, numbers and names alone
    kLanguageUncertain,   // detected with little confidence
    kVersionsUnrelated,   // a pair under 0.5
    kVersionLeftOut,      // no version of the others, or only of one another
  };
  Reason reason;
  // The versions concerned, by index.
  std::vector<int> versions;
  // For a person; never echoes document text.
  std::string message;
};

struct AlignedDocuments {
  std::vector<AlignedVersion> versions;
  // In reading order; every sentence of every version is in exactly one.
  std::vector<MultiBead> beads;
  // All pairs, first < second, in lexicographic order.
  std::vector<VersionPair> pairs;
  std::vector<AlignmentWarning> warnings;
};

inline constexpr int kVersionsMin = 2;
inline constexpr int kVersionsMax = 16;

// Aligns the sentences of a document across its language versions: the one
// place where the stages (segment, identify, embed, score, search) meet.
//
// Lifetime: borrows the identifier, the embedder and the weights.
// Threads: const methods may run concurrently.
class DocumentAligner {
 public:
  DocumentAligner(const LanguageIdentifier& identifier, const SentenceEmbedder& embedder,
                  const ScoringWeights& weights);

  // Aligns 2 to 16 versions. Errors, each a RequestError: InvalidArgument for a
  // wrong number of versions or a version without text; ResourceExhausted for a
  // limit; Cancelled or DeadlineExceeded as `stop` says, within milliseconds.
  //
  // Every pair of versions is aligned, and all pairs together decide the beads of
  // all versions (AlignJointly). Of three versions or more, one that looks like no
  // version of the others is left out: its sentences stand alone, with a warning.
  // Versions that belong to one another but not to the rest are aligned apart.
  // Cost: linear in the length of the documents, quadratic in their number.
  absl::StatusOr<AlignedDocuments> Align(const std::vector<VersionInput>& versions,
                                         const AlignOptions& options,
                                         const StopCondition& stop) const;

 private:
  const LanguageIdentifier& identifier_;
  const SentenceEmbedder& embedder_;
  const ScoringWeights& weights_;
  const Segmenter segmenter_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_PIPELINE_DOCUMENT_ALIGNER_H_
