// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_SPAN_DETECTOR_H_
#define HEXAPLA_SERVER_LANGID_SPAN_DETECTOR_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/base/stop_condition.h"
#include "server/langid/adjusted_identifier.h"
#include "server/langid/language_identifier.h"
#include "server/langid/span_units.h"
#include "server/text/text_range.h"

namespace hexapla {

// A run of text in one language.
struct DetectedSpan {
  TextRange range;
  // Best first, the span's own language in front; their confidence is the mean,
  // over the letters of the span, of the probability that they are in that
  // language. "und" where the identifier knows nothing.
  Identification identification;
};

// How much of a text is in a language, of its letters; in (0, 1].
struct DetectedShare {
  std::string language;
  float share = 0;
};

struct DetectedSpans {
  // In order; together they are the text, without gap or overlap. Neighbours
  // differ in language.
  std::vector<DetectedSpan> spans;
  // Most first; of equals, the one that comes first in the text. They sum to 1,
  // unless there are no letters: then the text is one "und" span without shares.
  std::vector<DetectedShare> shares;
};

// How evidence and changes of language are weighed; log-odds. The values come
// from tests/quality/span_accuracy --tune, on one half of the development texts.
struct SpanWeights {
  // Of a unit's own guess and of that of all units up to the next sign of a
  // change, and the least logarithm that a language not guessed is given.
  float unit = 0.53f;
  float clause = 0.26f;
  float least = -5.0f;
  // Of a letter's script that the language is not written in, and for a word in
  // another than Latin at most this: Latin names are at home everywhere.
  float script = -0.86f;
  float foreign_word = -20.0f;
  // Cost of a change, by SpanGap.
  std::array<float, kSpanGaps> change_costs = {9.0f, 6.4f, 6.2f, 0.14f, 6.0f, 1.2f};
  // Of the logarithm of a language's share in the text, where one begins.
  float share = 2.7f;
  // What a hint adds there.
  float hint = 2.0f;
  // By which evidence is divided for probabilities: that of neighbouring units
  // overlaps.
  float temperature = 2.0f;
};

// Finds the spans of a text that are in one language each: paragraphs,
// sentences, quotations within a sentence. The source has the method.
//
// White space, punctuation, digits, emoji and addresses go with the letters
// before them; opening quotation marks and brackets with those behind, and what
// comes before the first letter with the first. Letters that the identifier
// knows nothing of ("und") are a span of their own if they are many enough. A
// word or two in another language, such as a name, is not cut out.
//
// `options` are those of Identify; guesses_max counts for each span. Hints of
// `adjustments` make it cheaper for a span in that language to begin.
//
// Requires: `text` is valid UTF-8. Errors: as `stop` says.
// Cost: linear; some identifications a word. Memory: 32 bytes a word, and about
// 10 MB at most beside them.
// Threads: may run concurrently.
absl::StatusOr<DetectedSpans> DetectSpans(const LanguageIdentifier& identifier,
                                          absl::string_view text, const IdentifyOptions& options,
                                          const Adjustments& adjustments, const StopCondition& stop,
                                          const SpanWeights& weights = {});

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_SPAN_DETECTOR_H_
