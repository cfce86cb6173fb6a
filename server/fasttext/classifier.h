// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_FASTTEXT_CLASSIFIER_H_
#define HEXAPLA_SERVER_FASTTEXT_CLASSIFIER_H_

#include <hwy/aligned_allocator.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/fasttext/huffman_tree.h"
#include "server/fasttext/matrix.h"
#include "server/fasttext/model_reader.h"

namespace hexapla::fasttext {

// One label that a text may have.
struct Prediction {
  int32_t label = 0;      // index into the model's labels
  float probability = 0;  // in [0, 1]
};

// Predicts labels of texts by a supervised fastText model of any loss.
//
// Its answers are those of libfasttext's predictLine for the text followed by a
// newline, to within 1e-5, for texts of one line of ordinary words, with these
// rules where predictLine surprises:
//   - a newline within the text is a space: all of a text is one line;
//   - "</s>", a label, and what begins with "__label__" are words outside the
//     vocabulary, where predictLine ends the line or drops the token;
//   - probabilities are clamped to [0, 1].
// fastText separates words at space, tab, newline, carriage return, vertical
// tab, form feed and NUL, and nowhere else.
//
// Cost: a few microseconds a sentence and no allocation once the scratch has
// grown. A matrix of up to `decoded_bytes_max` is decoded once, with the sums of its
// words' n-grams; a larger one is used as it lies in its file.
// Threads: const methods may run concurrently, each with its own Scratch.
class Classifier {
 public:
  static constexpr size_t kDecodedBytesMax = size_t{64} << 20;

  // Memory that a prediction needs and the next one can use again.
  class Scratch {
   private:
    friend class Classifier;
    struct Branch {
      int32_t node;
      float probability;
    };
    std::vector<uint32_t> ngrams_;  // hashes; [0, ngrams_size_) wait for their rows
    size_t ngrams_size_ = 0;
    std::vector<int32_t> rows_;  // [0, rows_size_) wait to be summed
    size_t rows_size_ = 0;
    int64_t features_ = 0;          // rows found so far, summed or not
    int64_t features_of_text_ = 0;  // of them, those found before the sentence's end
    std::vector<float> hidden_;     // the sum of rows_, then their mean
    std::vector<float> outputs_;    // one a label, or one a node of the tree
    std::vector<float> dots_;       // one an output row
    std::vector<int32_t> words_;    // their hashes, for word n-grams
    std::vector<Branch> branches_;  // of the tree, to be searched
    std::vector<char> bracketed_;   // "<word>"
  };

  struct Options {
    // How many labels to return at most; at least 1.
    int labels_max = 1;
    // Labels of lower probability are left out. With hierarchical softmax, so
    // are those below 1e-5, as in fastText.
    float probability_min = 0;
  };

  // InvalidArgument when the model is not supervised or has no labels.
  // `decoded_bytes_max` bounds each of the two matrices of floats that may be
  // made from the model; beyond it the model's own bytes are used, slower.
  static absl::StatusOr<std::unique_ptr<const Classifier>> Create(
      std::shared_ptr<const Model> model, size_t decoded_bytes_max = kDecodedBytesMax);

  Classifier(const Classifier&) = delete;
  Classifier& operator=(const Classifier&) = delete;

  // Replaces `predictions` by the most probable labels, best first; of equals,
  // the one with the lower index first. Returns how many features of the model
  // the text has beside the end of the sentence; with 0 the predictions say
  // nothing about the text. They are empty when the end of the sentence is no
  // feature either.
  int64_t Predict(absl::string_view text, const Options& options, Scratch& scratch,
                  std::vector<Prediction>& predictions) const;

  // The probability of every label, without threshold, into
  // probabilities[0, labels_size()); returns the same as Predict.
  int64_t PredictAll(absl::string_view text, Scratch& scratch, float* probabilities) const;

  // The same for the text of the last Predict with this scratch, in less time.
  // Requires: there was one, by this classifier.
  int64_t PredictAllOfLast(Scratch& scratch, float* probabilities) const;

  // Writes what the labels are told from, the mean of the rows of the text's
  // features and of the end of the sentence, into out[0, dim). It is the vector
  // that fastText gives a sentence. Returns the same as Predict.
  int64_t Embed(absl::string_view text, Scratch& scratch, float* out) const;

  int32_t labels_size() const { return model_->dictionary().labels_size(); }
  // With its prefix, for example "__label__en".
  absl::string_view label(int32_t index) const { return model_->dictionary().label(index); }

 private:
  Classifier(std::shared_ptr<const Model> model, size_t decoded_bytes_max);

  void DecodeInput();
  void DecodeOutput(size_t decoded_bytes_max);

  // Computes scratch.hidden_ and counts the features of the text.
  void ComputeHidden(absl::string_view text, Scratch& scratch) const;
  void AddToken(absl::string_view token, uint32_t hash, Scratch& scratch) const;
  void AddWord(int32_t word, Scratch& scratch) const;
  void AddNgrams(absl::string_view token, Scratch& scratch) const;
  void AddWordNgrams(Scratch& scratch) const;
  void AddRow(int32_t row, Scratch& scratch) const;
  void FindRows(Scratch& scratch) const;
  void SumRows(Scratch& scratch) const;

  // Compute scratch.outputs_: the tree's with 1e-5 added at each step, those of
  // flat losses without.
  void ComputeTree(Scratch& scratch) const;
  void ComputeFlat(Scratch& scratch) const;
  float SteppedLogistic(float x) const;
  void SearchTree(const Options& options, Scratch& scratch, std::vector<Prediction>& best) const;
  void PickBest(const Options& options, const Scratch& scratch,
                std::vector<Prediction>& best) const;

  const std::shared_ptr<const Model> model_;
  const bool has_ngrams_;
  int32_t end_of_sentence_ = -1;  // its word, or -1

  // Rows that are summed: of the model's input, or decoded: one a word with its
  // n-grams summed up, then one a kept bucket.
  Matrix rows_;
  bool decoded_ = false;
  hwy::AlignedFreeUniquePtr<float[]> decoded_rows_;
  std::vector<int32_t> decoded_features_;  // a word's row and n-grams, counted

  Matrix outputs_;
  hwy::AlignedFreeUniquePtr<float[]> decoded_outputs_;
  HuffmanTree tree_;                  // with hierarchical softmax
  std::vector<float> sigmoid_steps_;  // with one-vs-all and negative sampling
};

}  // namespace hexapla::fasttext

#endif  // HEXAPLA_SERVER_FASTTEXT_CLASSIFIER_H_
