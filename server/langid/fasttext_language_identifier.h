// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_LANGID_FASTTEXT_LANGUAGE_IDENTIFIER_H_
#define HEXAPLA_SERVER_LANGID_FASTTEXT_LANGUAGE_IDENTIFIER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/fasttext/classifier.h"
#include "server/langid/language_identifier.h"
#include "server/langid/text_cleaner.h"

namespace hexapla {

// Identifies languages by a supervised fastText model whose labels are
// languages: lid.176 (.bin or .ftz), OpenLID, NLLB's lid218, GlotLID, or one's
// own; MeaningOfLabel says how labels are understood.
//
//   text -> Clean -> the model's probability of every label -> only languages
//   of the text's scripts -> only the candidates -> made to sum to 1 -> best
//
// Scripts. A language stays in the race if it is written in the script of at
// least a quarter of the letters; Greek, say, then is Greek whatever the model
// thinks. Kana makes a text Japanese. A language in another script than its
// usual one says so (sr-Latn), and Chinese says which it is in where the
// characters tell (HanVariantOf). Identification::script is "Jpan" for text with
// kana, "Kore" for Hangul, and "Hani" for other ideographs unless decided.
//
// "und", without script evidence to the contrary, is the answer to text that
// has no letter, or nothing the model knows (only its end-of-sentence token
// counted), or no language that passes the script and the candidates.
//
// Reliable is a first guess with a confidence of 0.9, or 0.7 for a text of at
// least 40 letters; the source has the evidence.
//
// Candidates allow what SameLanguage says: "no" allows nb and nn. A script in
// one counts only where labels have scripts, a region never.
// Languages that the model does not know are ignored.
//
// Cost: some microseconds a sentence; at most kCleanedBytesMax of a text are
// looked at. Threads: const methods may run concurrently.
class FastTextLanguageIdentifier : public LanguageIdentifier {
 public:
  // Reads the model at `path`. Errors as Model::Read; InvalidArgument when the
  // model has no labels.
  static absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> Create(absl::string_view path);

  // The same from a model that is read already.
  static absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> Create(
      std::shared_ptr<const fasttext::Model> model);

  Identification Identify(absl::string_view text, const IdentifyOptions& options) const override;

  // The languages that the model can name, in BCP-47, sorted.
  std::vector<std::string> Languages() const;

 private:
  // A language that labels stand for; several may stand for the same.
  struct Language {
    std::string tag;
    std::string script_given;      // by the label; "" if it is not
    std::vector<uint8_t> scripts;  // ICU's codes; empty: any
    size_t usual_scripts = 0;      // how many of them make up the usual script
  };
  struct Workspace;

  explicit FastTextLanguageIdentifier(std::unique_ptr<const fasttext::Classifier> classifier);

  void AddLabel(int32_t label);
  absl::string_view RawLabel(int32_t label) const;

  // Enters the languages of the text's scripts into the race.
  void EnterScripts(Workspace& workspace) const;
  // Gives languages the model's probabilities; returns whether the text has
  // anything that the model knows.
  bool Weigh(Workspace& workspace) const;
  void KeepCandidates(const std::vector<std::string>& candidates, Workspace& workspace) const;
  std::vector<LanguageGuess> Rank(int guesses_max, Workspace& workspace) const;
  // The tag of `language` for the text at hand.
  std::string TagOf(const Language& language, const CleanedText& cleaned) const;

  const std::unique_ptr<const fasttext::Classifier> classifier_;
  std::vector<Language> languages_;
  std::vector<int32_t> language_of_label_;
  std::vector<std::vector<int32_t>> languages_of_script_;  // by ICU's code
  absl::flat_hash_map<std::string, int32_t> index_of_tag_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_FASTTEXT_LANGUAGE_IDENTIFIER_H_
