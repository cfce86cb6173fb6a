// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_TEXT_SEGMENTATION_RULES_H_
#define HEXAPLA_SERVER_TEXT_SEGMENTATION_RULES_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace hexapla {

// What a full stop after a word means. Where an abbreviation could be two of
// these, the tables say the one that is right more often.
enum class AbbreviationKind {
  kNone,          // an ordinary word
  kLeading,       // always goes with what follows: "Mr.", "e.g.", «z. B.»
  kBeforeNumber,  // goes with a number that follows, else ordinary: "No. 5"
  kMedial,        // ends a sentence only before a word that opens one: "Inc."
  kFinal,         // an abbreviation that ends most sentences it is before a
                  // capital in: "etc.", and words that ICU's lists hold wrongly
};

// What the segmenter knows about the sentences of one language.
struct SegmentationRules {
  // Keys are without the last full stop and without spaces ("z.B"), as written
  // in running text; the first letter may also be a capital.
  absl::flat_hash_map<std::string, AbbreviationKind> abbreviations;
  // Words, as written, that open sentences and seldom are part of a name.
  absl::flat_hash_set<std::string> openers;
  // For scripts without case: verbs that carry on after a quoted question, and
  // words that carry on after any quotation.
  absl::flat_hash_set<std::string> speech_verbs;
  absl::flat_hash_set<std::string> quotation_particles;
  // "3." and "XIV." may be ordinals, even before a capital.
  bool has_ordinals = false;
  // A second punctuation mark that ends sentences as "?" does, or 0: Greek ";",
  // Armenian ":".
  char extra_mark = 0;

  AbbreviationKind Find(absl::string_view word) const;
};

// The rules of all languages. Beside our own tables it takes in the lists of
// abbreviations that ICU has for its own sentence iterator (ULI suppressions;
// en, de, es, fr, it, pt, ru), as far as ICU's data has them.
//
// Cost: a few milliseconds and about 1 MB to build.
// Threads: immutable once built.
class SegmentationRuleSet {
 public:
  SegmentationRuleSet();

  // The rules of a BCP-47 language; of all languages together where there are
  // none of its own (also for "" and "und").
  const SegmentationRules& For(absl::string_view language) const;

 private:
  absl::flat_hash_map<std::string, SegmentationRules> rules_;
  SegmentationRules any_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_TEXT_SEGMENTATION_RULES_H_
