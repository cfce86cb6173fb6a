// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TRAINING_CORPUS_H_
#define HEXAPLA_TRAINING_CORPUS_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hexapla::training {

// The distinct words of everything read, numbered in order of first sight.
class WordTypes {
 public:
  int32_t Intern(absl::string_view word);
  size_t size() const { return words_.size(); }
  const std::string& word(int32_t type) const { return words_[type]; }

 private:
  std::deque<std::string> words_;  // never moves its elements
  absl::flat_hash_map<absl::string_view, int32_t> ids_;
};

// Where pairs come from and how much they count.
struct SourceOptions {
  std::string name;   // file NAME.tsv.xz in the corpus directory
  double weight = 1;  // of its pairs against those of other sources
  size_t rows_max = SIZE_MAX;
};

// Pairs of sentences of one source in one pair of languages.
struct PairList {
  int source = 0;
  int first_language = 0;  // index into Corpus::languages
  int second_language = 0;
  std::vector<std::pair<int32_t, int32_t>> pairs;  // sentence numbers
};

// Parallel text as word types. Sentences are shared: a row of a multi-way
// source in five languages is five sentences and up to ten pairs.
//
// Memory: four bytes a token, eight a pair.
struct Corpus {
  WordTypes types;
  std::vector<std::string> languages;  // primary subtags: "pt" for pt-BR too
  std::vector<bool> language_kept;     // of those read before the dictionaries
  std::vector<SourceOptions> sources;

  std::vector<int32_t> tokens;  // of all sentences, one after another
  std::vector<int64_t> sentence_begin{0};
  std::vector<int16_t> sentence_language;

  std::vector<PairList> lists;

  bool kept(int language) const {
    return language < static_cast<int>(language_kept.size()) && language_kept[language];
  }
  size_t sentences() const { return sentence_language.size(); }
  int32_t sentence_size(int32_t s) const {
    return static_cast<int32_t>(sentence_begin[s + 1] - sentence_begin[s]);
  }
};

struct CorpusOptions {
  std::string directory;  // holds NAME.tsv.xz and dict/en-XX.tsv.xz
  std::vector<SourceOptions> sources;
  // Languages to read, primary subtags; empty: all.
  std::vector<std::string> languages = {};
  // Languages of fewer sentences are dropped, except those of `always`.
  size_t sentences_min = 10000;
  std::vector<std::string> always = {};
  // Sentences of more tokens are left out.
  int tokens_max = 120;
  double dictionary_weight = 1;
  // Keeps one row of every `stride`, for quick trials.
  int stride = 1;
  int threads = 2;
};

// Reads xz-compressed TSV with language codes in the first row (or the four
// columns lang1 lang2 text1 text2). Errors: NotFound, DataLoss.
absl::Status ReadCorpus(const CorpusOptions& options, Corpus& corpus);

// "pt_BR" -> "pt", "nb" -> "no", "tl" -> "fil": the languages as the space
// tells them apart.
std::string PrimaryLanguage(absl::string_view code);

}  // namespace hexapla::training

#endif  // HEXAPLA_TRAINING_CORPUS_H_
