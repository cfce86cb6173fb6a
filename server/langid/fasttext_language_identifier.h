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
#include "server/langid/opinion_weights.h"
#include "server/langid/text_cleaner.h"

namespace hexapla {

// Identifies languages by a supervised fastText model whose labels are
// languages: lid.176 (.bin or .ftz), OpenLID, NLLB's lid218, GlotLID, or one's
// own; MeaningOfLabel says how labels are understood.
//
//   text -> Clean -> only languages of the text's scripts -> the model's
//   probability of each -> pooled with that of a second model, if there is one
//   -> only the candidates -> made to sum to 1 -> best
//
// A second opinion comes from a model that knows some of the languages better,
// and where the two leave doubt CLD2 has a vote; OpinionWeights says how they
// become one calibrated answer. A model without a second is alone: CLD2 is not
// asked, and the confidence is what the model says.
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
// Reliable is a first guess with a confidence of 0.9; of a model alone, also one
// of 0.7 for a text of at least 40 letters. The source has the evidence.
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

  // With a second opinion; what the two have read is shared, so they may go.
  // Labels of `second` that stand for none of the first one's languages are not
  // heard. Errors: InvalidArgument when they have no language in common.
  static absl::StatusOr<std::unique_ptr<FastTextLanguageIdentifier>> Create(
      const FastTextLanguageIdentifier& first, const FastTextLanguageIdentifier& second,
      const OpinionWeights& weights);

  Identification Identify(absl::string_view text, const IdentifyOptions& options) const override;

  // The languages that the model can name, in BCP-47, sorted.
  std::vector<std::string> Languages() const;

  // What everyone says of a text's contenders, for fitting OpinionWeights.
  struct Opinions {
    uint32_t letters = 0;
    std::vector<std::string> languages;
    std::vector<float> first;   // probabilities, at least kOpinionMin
    std::vector<float> second;  // the same; -1 for a language that it does not know
    int vote = -1;              // CLD2's among the languages, or -1
  };
  // Requires: there is a second opinion.
  Opinions OpinionsOn(absl::string_view text) const;

 private:
  // A language that labels stand for; several may stand for the same.
  struct Language {
    std::string tag;
    std::string script_given;      // by the label; "" if it is not
    std::vector<uint8_t> scripts;  // ICU's codes; empty: any
    size_t usual_scripts = 0;      // how many of them make up the usual script
  };
  struct Workspace;

  explicit FastTextLanguageIdentifier(std::shared_ptr<const fasttext::Classifier> classifier);

  void AddLabel(int32_t label);
  // Sets the second opinion up; false when it has no language to speak of.
  bool AddSecond(const OpinionWeights& weights);
  absl::string_view RawLabel(int32_t label) const;

  // Enters the languages of the text's scripts into the race.
  void EnterScripts(Workspace& workspace) const;
  // The label of which the first model is so sure that nobody else need be asked,
  // or -1; and the guesses then.
  int32_t SureAlone(Workspace& workspace) const;
  static bool IsInRace(int32_t language, const Workspace& workspace);
  std::vector<LanguageGuess> RankAlone(int32_t label, int guesses_max, Workspace& workspace) const;
  LanguageGuess GuessOf(int32_t language, int32_t label, float confidence,
                        const CleanedText& cleaned) const;
  bool IsReliable(float confidence, uint32_t letters) const;

  // Gives languages the model's probabilities, pooled with those of the second;
  // returns whether the text has anything that a model knows.
  bool Weigh(Workspace& workspace) const;
  // Ask one model, into workspace.weights and workspace.second; return the same.
  bool AskFirst(Workspace& workspace) const;
  bool AskSecond(Workspace& workspace) const;
  // Finds the languages of the race that a model believes in.
  void FindContenders(Workspace& workspace) const;
  // Makes everyone's opinions on them one.
  void Pool(Workspace& workspace) const;
  // The language that CLD2 names, or -1.
  int32_t AskVoter(const Workspace& workspace) const;
  // Computes the contenders' probabilities; returns the highest.
  float Score(const OpinionWeights::Stage& stage, const std::vector<float>& biases, int32_t vote,
              Workspace& workspace) const;
  static float WeightOf(const std::vector<int32_t>& languages, const Workspace& workspace);
  void KeepCandidates(const std::vector<std::string>& candidates, Workspace& workspace) const;
  std::vector<LanguageGuess> Rank(int guesses_max, Workspace& workspace) const;
  // The tag of `language` for the text at hand.
  std::string TagOf(const Language& language, const CleanedText& cleaned) const;

  const std::shared_ptr<const fasttext::Classifier> classifier_;
  std::vector<Language> languages_;
  std::vector<int32_t> language_of_label_;
  std::vector<std::vector<int32_t>> languages_of_script_;  // by ICU's code
  absl::flat_hash_map<std::string, int32_t> index_of_tag_;

  // The second opinion, if there is one.
  std::shared_ptr<const fasttext::Classifier> second_;
  std::vector<int32_t> language_of_second_label_;  // -1: not heard
  std::vector<char> known_to_second_;              // one a language
  OpinionWeights weights_;
  std::vector<float> model_biases_;  // of the stages, one a language
  std::vector<float> everyone_biases_;
  std::vector<int32_t> language_of_cld2_;  // -1: not ours
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_LANGID_FASTTEXT_LANGUAGE_IDENTIFIER_H_
