// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_ADJUSTED_IDENTIFIER_H_
#define HEXAPLA_SERVER_LANGID_ADJUSTED_IDENTIFIER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "server/langid/language_identifier.h"

namespace hexapla {

// What a caller wants changed about an identifier's answers.
struct Adjustments {
  // Languages that are kHintFactor times as likely as the text alone says, in
  // canonical form; as SameLanguage compares them.
  std::vector<std::string> hints;
  // Whether MacrolanguageOf replaces every language. Confidences of languages
  // that become one are added.
  bool group_macrolanguages = false;

  bool empty() const { return hints.empty() && !group_macrolanguages; }
};

// Enough to turn 0.3 against 0.7, and little against 0.05: hints tip doubtful
// cases only.
inline constexpr float kHintFactor = 4.0f;

// An identifier with adjustments on top of another's answers; both are borrowed.
// Without adjustments its answers are the other's.
//
// Reliable is an answer that was reliable before and still has the language, or
// one that has 0.9 after grouping.
class AdjustedIdentifier final : public LanguageIdentifier {
 public:
  AdjustedIdentifier(const LanguageIdentifier& identifier, const Adjustments& adjustments)
      : identifier_(identifier), adjustments_(adjustments) {}

  Identification Identify(absl::string_view text, const IdentifyOptions& options) const override;

 private:
  void Group(Identification& identification) const;
  void Hint(Identification& identification) const;

  const LanguageIdentifier& identifier_;
  const Adjustments& adjustments_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_ADJUSTED_IDENTIFIER_H_
