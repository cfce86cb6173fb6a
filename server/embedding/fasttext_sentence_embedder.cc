// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/fasttext_sentence_embedder.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/base/status_macros.h"
#include "server/fasttext/subwords.h"
#include "server/fasttext/vector_math.h"

namespace hexapla {
namespace {

// A word's vector that is longer, or not a number, is damage, and would drown a
// document's other words.
constexpr float kLengthMax = 1e6F;

// A word of this share of the text counts half.
constexpr float kHalfShare = 1e-3F;

// The share of the first of `words` words whose shares are as 1, 1/2, 1/3, ...
float ShareOfFirst(int32_t words) {
  constexpr float kEuler = 0.5772F;
  return 1 / (std::log(static_cast<float>(std::max(words, 1))) + kEuler);
}

}  // namespace

absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> FasttextSentenceEmbedder::Create(
    absl::string_view path, std::vector<std::string> languages, int dimension,
    WordWeights weights) {
  HEXAPLA_ASSIGN_OR_RETURN(std::shared_ptr<const fasttext::Model> model,
                           fasttext::Model::Read(path));
  if (model->dim() != dimension) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": its vectors have dimension ", model->dim(), ", not ", dimension));
  }
  auto embedder = FromModel(std::move(model), std::move(languages), weights);
  if (embedder.ok()) return embedder;
  return absl::Status(embedder.status().code(),
                      absl::StrCat(path, ": ", embedder.status().message()));
}

absl::StatusOr<std::unique_ptr<const SentenceEmbedder>> FasttextSentenceEmbedder::FromModel(
    std::shared_ptr<const fasttext::Model> model, std::vector<std::string> languages,
    WordWeights weights) {
  HEXAPLA_ASSIGN_OR_RETURN(auto sentence_vectors, fasttext::SentenceVectors::Create(model));
  return std::unique_ptr<const SentenceEmbedder>(new FasttextSentenceEmbedder(
      std::move(model), std::move(sentence_vectors), std::move(languages), weights));
}

FasttextSentenceEmbedder::FasttextSentenceEmbedder(
    std::shared_ptr<const fasttext::Model> model,
    std::unique_ptr<const fasttext::SentenceVectors> sentence_vectors,
    std::vector<std::string> languages, WordWeights weights)
    : model_(std::move(model)),
      sentence_vectors_(std::move(sentence_vectors)),
      languages_(std::move(languages)),
      weights_(weights),
      rank_share_(ShareOfFirst(model_->dictionary().words_size())) {}

bool FasttextSentenceEmbedder::EmbedWord(absl::string_view word, float* out) const {
  if (weights_ == WordWeights::kFrequency) {
    std::fill_n(out, dimension(), 0.0F);
    return fasttext::AddUnitWordVector(*model_, word, FrequencyWeight(word), out);
  }
  if (!fasttext::WordVector(*model_, word, out)) return false;
  if (fasttext::SquareSum(out, dimension()) <= kLengthMax * kLengthMax) return true;
  std::fill_n(out, dimension(), 0.0F);
  return false;
}

bool FasttextSentenceEmbedder::EmbedAsFastText(absl::string_view sentence, float* out) const {
  thread_local fasttext::SentenceVectors::Scratch scratch;
  sentence_vectors_->Embed(sentence, scratch, out);
  return true;
}

float FasttextSentenceEmbedder::FrequencyWeight(absl::string_view word) const {
  const int32_t rank = model_->dictionary().FindWord(word);
  if (rank < 0) return 1;
  const float share = rank_share_ / static_cast<float>(rank + 1);
  return kHalfShare / (kHalfShare + share);
}

}  // namespace hexapla
