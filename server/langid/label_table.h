// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_LABEL_TABLE_H_
#define HEXAPLA_SERVER_LANGID_LABEL_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hexapla {

// What a language identifier's label stands for.
struct LabelMeaning {
  // BCP-47, for example "gsw" or "zh-Hant"; "und" when the label names none.
  std::string language = "und";
  // ISO 15924 codes of the scripts it is written in, the usual one first; empty
  // when unknown, which stands for any.
  std::vector<std::string> scripts;
  // The script that the label itself says, as "srp_Latn" does; else "".
  std::string script_given;
};

// The one place that maps labels of language identifiers to BCP-47:
//   - those of Facebook's lid.176 by a table of all 176, because some of them
//     are Wikipedia's and mean something else in BCP-47: "als" is Alemannic
//     (gsw) here, and "no" is Bokmål (nb) beside "nn";
//   - ISO 639-3 with a script, as in OpenLID, NLLB's lid218 and GlotLID, by
//     rule: CanonicalLanguageTag makes the language BCP-47 (eng -> en, arb -> ar,
//     als -> sq), and the script is named where it is not the usual one.
//     Chinese always names it, unless it is the undecided "Hani";
//   - anything else that is a BCP-47 tag (or has an underscore for the hyphen)
//     is that tag in canonical form.
//
// `label` comes without "__label__". Examples: "als" -> gsw, "als_Latn" -> sq,
// "srp_Latn" -> sr-Latn, "zho_Hant" -> zh-Hant, "pt_BR" -> pt-BR, "spam" -> und.
LabelMeaning MeaningOfLabel(absl::string_view label);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_LABEL_TABLE_H_
