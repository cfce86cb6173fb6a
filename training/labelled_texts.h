// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_LABELLED_TEXTS_H_
#define HEXAPLA_TRAINING_LABELLED_TEXTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla::training {

// A text whose language is known.
struct LabelledText {
  std::string set;
  std::string code;                  // as the file has it, without script: "srp"
  std::string language;              // BCP-47, without script: "sr"
  std::vector<std::string> answers;  // of other identifiers, in their own codes
  std::string text;
};

struct LabelledTexts {
  std::vector<std::string> identifiers;  // whose answers they are
  std::vector<LabelledText> texts;
};

// Reads an xz-compressed TSV with a header and the columns set, label (ISO
// 639-3, perhaps with "-SCRIPT"), an answer of any number of other identifiers,
// and text. Texts in a script in which their language is not written nowadays,
// such as Arabic in Latin letters, are left out.
// Errors: NotFound, DataLoss.
absl::StatusOr<LabelledTexts> ReadLabelledTexts(const std::string& path);

// The language of a label with or without script, "" if it is to be left out.
// Examples: "srp-Latn" -> "sr"; "ara-Latn" -> "".
std::string LanguageOfLabel(absl::string_view label);

// The codes of three letters in a JSON list of strings; none if there is no file.
std::vector<std::string> ReadCodes(const std::string& path);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_LABELLED_TEXTS_H_
