// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_SENTENCE_VECTORS_H_
#define HEXAPLA_SERVER_FASTTEXT_SENTENCE_VECTORS_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/fasttext/classifier.h"
#include "server/fasttext/model_reader.h"

namespace hexapla::fasttext {

// The vectors that fastText itself gives sentences (`fasttext
// print-sentence-vectors`), to within 1e-5. Of a supervised model, the mean of the
// rows of all words and n-grams and of the end of the sentence; of an unsupervised
// one, the mean of its words' vectors, each made one long, those of length 0 left
// out.
//
// Words are parted, and "</s>" and labels within the text taken, as Classifier
// says; of an unsupervised model these too are ordinary words, as in fastText.
//
// Cost: no allocation once the scratch has grown.
// Threads: const methods may run concurrently, each with its own Scratch.
class SentenceVectors {
 public:
  // Memory that one call needs and the next can use again.
  class Scratch {
   private:
    friend class SentenceVectors;
    Classifier::Scratch classifier_;
  };

  // InvalidArgument when the model is supervised but has no labels.
  static absl::StatusOr<std::unique_ptr<const SentenceVectors>> Create(
      std::shared_ptr<const Model> model);

  // Writes the vector of `text`, one line, into out[0, model.dim()); zeros when no
  // word of it has a vector.
  void Embed(absl::string_view text, Scratch& scratch, float* out) const;

 private:
  SentenceVectors(std::shared_ptr<const Model> model, std::unique_ptr<const Classifier> classifier)
      : model_(std::move(model)), classifier_(std::move(classifier)) {}

  const std::shared_ptr<const Model> model_;
  const std::unique_ptr<const Classifier> classifier_;  // null if unsupervised
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_SENTENCE_VECTORS_H_
