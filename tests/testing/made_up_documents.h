// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_TESTING_MADE_UP_DOCUMENTS_H_
#define HEXAPLA_TESTS_TESTING_MADE_UP_DOCUMENTS_H_

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "server/alignment/bead.h"

namespace hexapla::testing {

// Two versions of a long document in made-up languages, and how they belong
// together. Word number 7 is "w7a" in the one and "w7b" in the other.
struct MadeUpDocuments {
  std::vector<std::string> source;
  std::vector<std::string> target;
  std::vector<Bead> beads;
};

struct MadeUpOptions {
  int beads = 3000;
  int words = 2000;  // of the vocabulary
  int words_a_sentence = 6;
  double deletions = 0.05;
  double insertions = 0.05;
  double merges = 0.05;  // two sentences of the source in one of the target
  // One block of sentences in the middle that the target lacks.
  int missing_block = 0;
  uint32_t seed = 1;
};

// The words that mean the same, for a TableEmbedder.
inline std::vector<std::string> MadeUpWords(const MadeUpOptions& options) {
  std::vector<std::string> table;
  for (int w = 0; w < options.words; ++w) {
    table.push_back(absl::StrCat("w", w, "a w", w, "b"));
  }
  return table;
}

inline MadeUpDocuments MakeUpDocuments(const MadeUpOptions& options) {
  MadeUpDocuments documents;
  std::mt19937 random(options.seed);
  const auto sentence = [&] {
    std::vector<int> words;
    for (int i = 0; i < options.words_a_sentence; ++i) {
      words.push_back(static_cast<int>(random() % options.words));
    }
    return words;
  };
  const auto text = [](const std::vector<int>& words, const char* language) {
    std::string result;
    for (const int word : words) absl::StrAppend(&result, "w", word, language, " ");
    result.back() = '.';
    return result;
  };
  for (int b = 0; b < options.beads; ++b) {
    const double kind = static_cast<double>(random()) / 4294967296.0;
    const bool missing = b >= options.beads / 2 && b < options.beads / 2 + options.missing_block;
    const bool deleted = missing || kind < options.deletions;
    const bool inserted = !deleted && kind < options.deletions + options.insertions;
    const bool merged =
        !deleted && !inserted && kind < options.deletions + options.insertions + options.merges;
    Bead bead{.source = {static_cast<int>(documents.source.size()), 0},
              .target = {static_cast<int>(documents.target.size()), 0}};
    std::vector<int> words = sentence();
    if (!inserted) documents.source.push_back(text(words, "a"));
    if (merged) {
      const std::vector<int> more = sentence();
      documents.source.push_back(text(more, "a"));
      words.insert(words.end(), more.begin(), more.end());
    }
    if (!deleted) documents.target.push_back(text(words, "b"));
    bead.source.end = static_cast<int>(documents.source.size());
    bead.target.end = static_cast<int>(documents.target.size());
    documents.beads.push_back(bead);
  }
  return documents;
}

}  // namespace hexapla::testing

#endif  // HEXAPLA_TESTS_TESTING_MADE_UP_DOCUMENTS_H_
