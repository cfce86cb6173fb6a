// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_TABLE_EMBEDDER_H_
#define HEXAPLA_TESTS_TESTING_TABLE_EMBEDDER_H_

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "server/embedding/embedded_document.h"
#include "server/embedding/sentence_embedder.h"

namespace hexapla::testing {

// A space of a few words. Those of one row of the table, parted by spaces, mean
// the same and share a vector of length 1; vectors of different rows are nearly at right angles.
// Other words are unknown.
//
// Example: TableEmbedder({"cat chat Katze", "milk lait Milch"})
class TableEmbedder final : public SentenceEmbedder {
 public:
  explicit TableEmbedder(const std::vector<std::string>& table,
                         std::vector<std::string> languages = {"en", "fr", "de"})
      : languages_(std::move(languages)) {
    std::mt19937 random(1);
    for (const std::string& row : table) {
      std::vector<float> vector(kDimension);
      float square = 0;
      for (float& x : vector) {
        // Not std::normal_distribution, which differs between libraries.
        for (int i = 0; i < 4; ++i) x += static_cast<float>(random()) / 4294967296.0F - 0.5F;
        square += x * x;
      }
      for (float& x : vector) x /= std::sqrt(square);
      Tokens tokens;
      tokens.Assign(row);
      for (size_t i = 0; i < tokens.size(); ++i) vectors_.emplace(tokens[i], vector);
    }
  }

  int dimension() const override { return kDimension; }
  const std::vector<std::string>& languages() const override { return languages_; }
  bool EmbedWord(absl::string_view word, float* out) const override {
    const auto found = vectors_.find(std::string(word));
    if (found == vectors_.end()) {
      std::fill_n(out, kDimension, 0.0F);
      return false;
    }
    std::copy(found->second.begin(), found->second.end(), out);
    return true;
  }

 private:
  static constexpr int kDimension = 64;

  const std::vector<std::string> languages_;
  std::map<std::string, std::vector<float>> vectors_;
};

// EmbedDocument for sentences that may be temporaries.
inline EmbeddedDocument Embed(const std::vector<std::string>& sentences,
                              const SentenceEmbedder& embedder) {
  const std::vector<absl::string_view> views(sentences.begin(), sentences.end());
  return EmbedDocument(views, embedder, {}).value();
}

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_TABLE_EMBEDDER_H_
