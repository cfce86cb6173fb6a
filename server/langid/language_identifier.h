// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_LANGUAGE_IDENTIFIER_H_
#define HEXAPLA_SERVER_LANGID_LANGUAGE_IDENTIFIER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hexapla {

// One answer to «which language is this text in?».
struct LanguageGuess {
  // BCP-47, for example "en" or "zh-Hant"; "und" when the model knows nothing.
  std::string language;
  // The model's own label without its prefix, for example "als"; "" for "und".
  std::string raw_label;
  // Probability in [0, 1] that the answer is right.
  float confidence = 0;
};

struct Identification {
  // Best first; never empty. Ties go to the label that comes first in the model.
  std::vector<LanguageGuess> guesses;
  // ISO 15924 code of the text's dominant script, "Zyyy" when it has none.
  std::string script;
  // Whether the first guess may be relied upon without a look at the others.
  bool reliable = false;
};

struct IdentifyOptions {
  // How many guesses to return at most; at least 1.
  int guesses_max = 1;
  // When not empty, only these languages are considered; BCP-47 as
  // CanonicalLanguageTag gives it.
  std::vector<std::string> candidates;
  // Whether the text goes to the model as it is, without the clean-up: case,
  // URLs, e-mail addresses, emoji, digits.
  bool skip_cleaning = false;
};

// Names the language of a text.
// Threads: const methods may run concurrently.
class LanguageIdentifier {
 public:
  virtual ~LanguageIdentifier() = default;

  // Identifies the language of `text`, which must be valid UTF-8; any content
  // and length, empty included, has an answer.
  virtual Identification Identify(absl::string_view text, const IdentifyOptions& options) const = 0;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_LANGUAGE_IDENTIFIER_H_
