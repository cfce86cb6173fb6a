// SPDX-License-Identifier: Apache-2.0
//
// A fastText classifier takes the mean of the input rows of all words and
// n-grams of a text and compares it with the output rows of the labels. Nearly
// all of libfasttext's time goes into finding the rows: an allocation a token,
// and for pruned models a lookup in a hash map of nodes for every n-gram. Here:
//
//   - Hashes of n-grams are continued character by character: "abcd" costs one
//     step after "abc".
//   - A bit per bucket says whether pruning kept it, and a count of bits gives
//     its row, without a branch (KeptBuckets::RanksOf). Rows are collected
//     first and summed afterwards, so that neither waits for the other.
//   - A word of the vocabulary has the same rows wherever it occurs. Their sum
//     is one row, computed when the model is loaded.
//   - A small quantised model is decoded once.
//   - Hierarchical softmax needs no logarithms: the probability of a node is
//     the product of those on its path, and never larger than its parent's. So
//     a depth-first search that takes the likelier child first finds a good
//     label after a dozen nodes, and cuts off every branch below it. libfasttext
//     always goes left first. (A step's probability has 1e-5 added, as there,
//     so the bound is exact but for that.)
//
// Example: "der Hund" in lid.176.ftz: "der" is in the vocabulary (one row for
// itself and its n-grams), "Hund" gives n-grams "<H", "<Hu", "<Hun", "Hu", …, of
// which a tenth survived pruning; the end of the sentence is one row. Their mean
// goes through about 20 nodes of a tree of 175.
//
// Not done: quantising the arithmetic, which would change answers.
//
// Measured by tests/benchmark/language_benchmark.cc against libfasttext;
// equality with it is shown by tests/server/fasttext/classifier_test.cc.

#include "server/fasttext/classifier.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "server/fasttext/activations.h"
#include "server/fasttext/subwords.h"

namespace hexapla::fasttext {
namespace {

// Rows found and summed at a time.
constexpr size_t kRowsAtOnce = 1024;

constexpr uint64_t kWordHashFactor = 116049371;

// fastText adds this to probabilities before it takes their logarithm.
constexpr float kLogOffset = 1e-5f;

// fastText looks the logistic function up in steps of 1/32 between -8 and 8.
constexpr int kSigmoidSteps = 512;
constexpr float kSigmoidMax = 8;

// Also false for NaN, which a damaged model may give: then 0.
float Clamp(float probability) { return probability > 0 ? std::min(probability, 1.0f) : 0.0f; }

// 0 for NaN, so that no comparison meets one.
float Logistic(float x) {
  const float y = 1.0f / (1.0f + std::exp(-x));
  return y >= 0 ? y : 0.0f;
}

bool Better(const Prediction& a, const Prediction& b) {
  return a.probability != b.probability ? a.probability > b.probability : a.label < b.label;
}

// Adds `prediction` to the heap of the best, worst first, of at most `size_max`.
void PushBest(Prediction prediction, size_t size_max, std::vector<Prediction>& best) {
  if (best.size() == size_max) {
    if (!Better(prediction, best.front())) return;
    std::pop_heap(best.begin(), best.end(), Better);
    best.back() = prediction;
  } else {
    best.push_back(prediction);
  }
  std::push_heap(best.begin(), best.end(), Better);
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Classifier>> Classifier::Create(
    std::shared_ptr<const Model> model, size_t decoded_bytes_max) {
  if (model->args().kind != Kind::kSupervised) {
    return absl::InvalidArgumentError("the fastText model is not supervised: it has no labels");
  }
  if (model->dictionary().labels_size() == 0) {
    return absl::InvalidArgumentError("the fastText model has no labels");
  }
  return std::unique_ptr<const Classifier>(new Classifier(std::move(model), decoded_bytes_max));
}

Classifier::Classifier(std::shared_ptr<const Model> model, size_t decoded_bytes_max)
    : model_(std::move(model)),
      has_ngrams_(model_->args().maxn > 0 && model_->args().maxn >= model_->args().minn &&
                  model_->dictionary().buckets().size() > 0),
      end_of_sentence_(model_->dictionary().FindWord(kEndOfSentence)),
      rows_(model_->input()),
      outputs_(model_->output()) {
  const Dictionary& dictionary = model_->dictionary();
  const size_t rows_size =
      static_cast<size_t>(dictionary.words_size()) + dictionary.buckets().size();
  if (rows_size * model_->dim() * sizeof(float) <= decoded_bytes_max) DecodeInput();
  DecodeOutput(decoded_bytes_max);
  if (model_->args().loss == Loss::kHierarchicalSoftmax) {
    std::vector<int64_t> counts(labels_size());
    for (int32_t i = 0; i < labels_size(); ++i) counts[i] = dictionary.label_count(i);
    tree_ = HuffmanTree(counts);
  }
  for (int i = 0; i <= kSigmoidSteps; ++i) {
    const float x = static_cast<float>(i) * 2 * kSigmoidMax / kSigmoidSteps - kSigmoidMax;
    sigmoid_steps_.push_back(static_cast<float>(1.0 / (1.0 + std::exp(-x))));
  }
}

void Classifier::DecodeInput() {
  const Dictionary& dictionary = model_->dictionary();
  const size_t dim = model_->dim();
  const int32_t words = dictionary.words_size();
  const size_t rows_size = static_cast<size_t>(words) + dictionary.buckets().size();
  decoded_rows_ = hwy::AllocateAligned<float>(std::max<size_t>(1, rows_size * dim));
  std::fill_n(decoded_rows_.get(), rows_size * dim, 0.0f);
  std::vector<int32_t> rows;
  for (int32_t word = 0; word < words; ++word) {
    rows.assign(1, word);
    if (has_ngrams_ && word != end_of_sentence_)
      AppendNgramRows(*model_, dictionary.word(word), rows);
    model_->input().AddRows(rows.data(), rows.size(), 1.0f, decoded_rows_.get() + word * dim);
    decoded_features_.push_back(static_cast<int32_t>(rows.size()));
  }
  for (int32_t i = 0; i < dictionary.buckets().size(); ++i) {
    model_->input().AddRow(dictionary.RowOfRank(i), 1.0f, decoded_rows_.get() + (words + i) * dim);
  }
  rows_ = Matrix::Dense(static_cast<int64_t>(rows_size), static_cast<int64_t>(dim),
                        reinterpret_cast<const char*>(decoded_rows_.get()));
  decoded_ = true;
}

void Classifier::DecodeOutput(size_t decoded_bytes_max) {
  const Matrix& output = model_->output();
  const size_t size = static_cast<size_t>(output.rows() * output.cols());
  if (size * sizeof(float) > decoded_bytes_max) return;
  decoded_outputs_ = hwy::AllocateAligned<float>(std::max<size_t>(1, size));
  std::fill_n(decoded_outputs_.get(), size, 0.0f);
  for (int64_t row = 0; row < output.rows(); ++row) {
    output.AddRow(row, 1.0f, decoded_outputs_.get() + row * output.cols());
  }
  outputs_ = Matrix::Dense(output.rows(), output.cols(),
                           reinterpret_cast<const char*>(decoded_outputs_.get()));
}

int64_t Classifier::Predict(absl::string_view text, const Options& options, Scratch& scratch,
                            std::vector<Prediction>& predictions) const {
  predictions.clear();
  ComputeHidden(text, scratch);
  if (scratch.features_ == 0 || options.labels_max < 1) return scratch.features_of_text_;
  if (model_->args().loss == Loss::kHierarchicalSoftmax) {
    SearchTree(options, scratch, predictions);
  } else {
    ComputeFlat(scratch);
    PickBest(options, scratch, predictions);
  }
  return scratch.features_of_text_;
}

int64_t Classifier::PredictAll(absl::string_view text, Scratch& scratch,
                               float* probabilities) const {
  ComputeHidden(text, scratch);
  return PredictAllOfLast(scratch, probabilities);
}

int64_t Classifier::PredictAllOfLast(Scratch& scratch, float* probabilities) const {
  const int32_t labels = labels_size();
  if (scratch.features_ == 0) {
    std::fill_n(probabilities, labels, 0.0f);
    return scratch.features_of_text_;
  }
  const bool flat = model_->args().loss != Loss::kHierarchicalSoftmax;
  if (flat) {
    ComputeFlat(scratch);
  } else {
    ComputeTree(scratch);
  }
  const float offset = flat ? kLogOffset : 0.0f;
  for (int32_t i = 0; i < labels; ++i) probabilities[i] = Clamp(scratch.outputs_[i] + offset);
  return scratch.features_of_text_;
}

int64_t Classifier::Embed(absl::string_view text, Scratch& scratch, float* out) const {
  ComputeHidden(text, scratch);
  std::copy(scratch.hidden_.begin(), scratch.hidden_.end(), out);
  return scratch.features_of_text_;
}

void Classifier::ComputeHidden(absl::string_view text, Scratch& scratch) const {
  scratch.hidden_.assign(model_->dim(), 0.0f);
  scratch.ngrams_.resize(kRowsAtOnce);
  scratch.ngrams_size_ = 0;
  scratch.rows_.resize(kRowsAtOnce);
  scratch.rows_size_ = 0;
  scratch.features_ = 0;
  scratch.words_.clear();
  const bool word_ngrams = model_->args().word_ngrams > 1;
  const size_t size = text.size();
  for (size_t at = 0; at < size;) {
    if (IsSpace(text[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    uint32_t hash = kHashSeed;
    for (; at < size && !IsSpace(text[at]); ++at) hash = ContinueHash(hash, text[at]);
    AddToken(text.substr(begin, at - begin), hash, scratch);
    if (word_ngrams) scratch.words_.push_back(static_cast<int32_t>(hash));
  }
  if (word_ngrams) AddWordNgrams(scratch);
  FindRows(scratch);
  scratch.features_of_text_ = scratch.features_;
  if (end_of_sentence_ >= 0) AddWord(end_of_sentence_, scratch);
  SumRows(scratch);
  if (scratch.features_ > 0) {
    const float scale = 1.0f / static_cast<float>(scratch.features_);
    for (float& value : scratch.hidden_) value *= scale;
  }
}

void Classifier::AddToken(absl::string_view token, uint32_t hash, Scratch& scratch) const {
  const int32_t word = model_->dictionary().FindWord(token, hash);
  const bool known = word >= 0 && word != end_of_sentence_;
  if (known) AddWord(word, scratch);
  if (has_ngrams_ && !(known && decoded_)) AddNgrams(token, scratch);
}

void Classifier::AddWord(int32_t word, Scratch& scratch) const {
  AddRow(word, scratch);
  if (decoded_) scratch.features_ += decoded_features_[word] - 1;
}

void Classifier::AddNgrams(absl::string_view token, Scratch& scratch) const {
  const size_t size = token.size() + 2;
  if (scratch.bracketed_.size() < size) scratch.bracketed_.resize(size);
  char* const bracketed = scratch.bracketed_.data();
  bracketed[0] = '<';
  std::memcpy(bracketed + 1, token.data(), token.size());
  bracketed[size - 1] = '>';
  const absl::string_view word(bracketed, size);
  const Args& args = model_->args();
  const size_t ngrams_max = size * static_cast<size_t>(args.maxn);
  if (ngrams_max <= kRowsAtOnce) {
    if (scratch.ngrams_size_ + ngrams_max > kRowsAtOnce) FindRows(scratch);
    uint32_t* next = scratch.ngrams_.data() + scratch.ngrams_size_;
    VisitNgramHashes(word, args.minn, args.maxn, [&next](uint32_t hash) { *next++ = hash; });
    scratch.ngrams_size_ = static_cast<size_t>(next - scratch.ngrams_.data());
    return;
  }
  VisitNgramHashes(word, args.minn, args.maxn, [&](uint32_t hash) {
    if (scratch.ngrams_size_ == kRowsAtOnce) FindRows(scratch);
    scratch.ngrams_[scratch.ngrams_size_++] = hash;
  });
}

void Classifier::AddWordNgrams(Scratch& scratch) const {
  const Dictionary& dictionary = model_->dictionary();
  const KeptBuckets& buckets = dictionary.buckets();
  if (buckets.size() == 0) return;
  std::vector<int32_t>& words = scratch.words_;
  words.push_back(static_cast<int32_t>(HashOf(kEndOfSentence)));
  const auto longest = static_cast<size_t>(model_->args().word_ngrams);
  for (size_t begin = 0; begin < words.size(); ++begin) {
    // fastText keeps hashes of words as int32_t and widens them with their sign.
    auto hash = static_cast<uint64_t>(static_cast<int64_t>(words[begin]));
    const size_t end = std::min(words.size(), begin + longest);
    for (size_t next = begin + 1; next < end; ++next) {
      hash = hash * kWordHashFactor + static_cast<uint64_t>(static_cast<int64_t>(words[next]));
      const int32_t rank = buckets.RankOf(static_cast<uint32_t>(hash % buckets.buckets_size()));
      if (rank < 0) continue;
      AddRow(decoded_ ? dictionary.words_size() + rank : dictionary.RowOfRank(rank), scratch);
    }
  }
}

void Classifier::AddRow(int32_t row, Scratch& scratch) const {
  if (scratch.rows_size_ == kRowsAtOnce) SumRows(scratch);
  scratch.rows_[scratch.rows_size_++] = row;
  ++scratch.features_;
}

void Classifier::FindRows(Scratch& scratch) const {
  // There is room for the rows of all n-grams in an empty buffer.
  if (scratch.rows_size_ + scratch.ngrams_size_ > kRowsAtOnce) SumRows(scratch);
  const Dictionary& dictionary = model_->dictionary();
  int32_t* const rows = scratch.rows_.data() + scratch.rows_size_;
  const size_t found =
      dictionary.buckets().RanksOf(scratch.ngrams_.data(), scratch.ngrams_size_, rows);
  for (size_t i = 0; i < found; ++i) {
    rows[i] = decoded_ ? dictionary.words_size() + rows[i] : dictionary.RowOfRank(rows[i]);
  }
  scratch.rows_size_ += found;
  scratch.features_ += static_cast<int64_t>(found);
  scratch.ngrams_size_ = 0;
}

void Classifier::SumRows(Scratch& scratch) const {
  rows_.AddRows(scratch.rows_.data(), scratch.rows_size_, 1.0f, scratch.hidden_.data());
  scratch.rows_size_ = 0;
}

void Classifier::SearchTree(const Options& options, Scratch& scratch,
                            std::vector<Prediction>& best) const {
  const auto size_max = static_cast<size_t>(options.labels_max);
  const float least = options.probability_min + kLogOffset;
  const float* const hidden = scratch.hidden_.data();
  std::vector<Scratch::Branch>& branches = scratch.branches_;
  branches.assign(1, {.node = tree_.root(), .probability = 1});
  while (!branches.empty()) {
    Scratch::Branch at = branches.back();
    branches.pop_back();
    const float bound = best.size() < size_max ? least : std::max(least, best.front().probability);
    while (at.probability >= bound && !tree_.IsLeaf(at.node)) {
      const float right = Logistic(outputs_.Dot(tree_.RowOf(at.node), hidden));
      const HuffmanTree::Children& children = tree_.ChildrenOf(at.node);
      Scratch::Branch likelier = {children.left, at.probability * (1 - right + kLogOffset)};
      Scratch::Branch other = {children.right, at.probability * (right + kLogOffset)};
      if (other.probability > likelier.probability) std::swap(likelier, other);
      if (other.probability >= bound) branches.push_back(other);
      at = likelier;
    }
    if (at.probability >= bound) {
      PushBest({.label = at.node, .probability = at.probability}, size_max, best);
    }
  }
  std::sort_heap(best.begin(), best.end(), Better);
  for (Prediction& prediction : best) prediction.probability = Clamp(prediction.probability);
}

void Classifier::ComputeTree(Scratch& scratch) const {
  const int32_t labels = labels_size();
  std::vector<float>& dots = scratch.dots_;
  dots.resize(labels);
  outputs_.DotAll(scratch.hidden_.data(), dots.data());
  ApplyLogistic(dots.data(), dots.size());
  std::vector<float>& nodes = scratch.outputs_;
  nodes.resize(2 * static_cast<size_t>(labels));
  nodes[tree_.root()] = 1;
  // A node's children have lower numbers than itself.
  for (int32_t node = tree_.root(); !tree_.IsLeaf(node); --node) {
    const float right = dots[tree_.RowOf(node)];
    nodes[tree_.ChildrenOf(node).left] = nodes[node] * (1 - right + kLogOffset);
    nodes[tree_.ChildrenOf(node).right] = nodes[node] * (right + kLogOffset);
  }
}

void Classifier::ComputeFlat(Scratch& scratch) const {
  std::vector<float>& outputs = scratch.outputs_;
  outputs.resize(labels_size());
  outputs_.DotAll(scratch.hidden_.data(), outputs.data());
  if (model_->args().loss != Loss::kSoftmax) {
    for (float& output : outputs) output = SteppedLogistic(output);
    return;
  }
  ApplySoftmax(outputs.data(), outputs.size());
}

float Classifier::SteppedLogistic(float x) const {
  if (!(x >= -kSigmoidMax)) return 0;
  if (x > kSigmoidMax) return 1;
  return sigmoid_steps_[static_cast<size_t>((x + kSigmoidMax) * kSigmoidSteps / kSigmoidMax / 2)];
}

void Classifier::PickBest(const Options& options, const Scratch& scratch,
                          std::vector<Prediction>& best) const {
  const auto size_max = static_cast<size_t>(options.labels_max);
  for (int32_t label = 0; label < labels_size(); ++label) {
    const float probability = scratch.outputs_[label];
    if (!(probability >= options.probability_min)) continue;
    PushBest({.label = label, .probability = Clamp(probability + kLogOffset)}, size_max, best);
  }
  std::sort_heap(best.begin(), best.end(), Better);
}

}  // namespace hexapla::fasttext
