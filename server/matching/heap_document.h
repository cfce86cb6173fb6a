// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_MATCHING_HEAP_DOCUMENT_H_
#define HEXAPLA_SERVER_MATCHING_HEAP_DOCUMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "server/base/stop_condition.h"
#include "server/embedding/sentence_embedder.h"
#include "server/langid/language_identifier.h"
#include "server/text/segmenter.h"
#include "server/text/tokenizer.h"

namespace hexapla {

// A document of a heap as the caller gives it. Borrows the caller's text.
struct MatchInput {
  // Canonical BCP-47; empty: detect it.
  std::string language = {};
  // Raw text; used when `sentences` is empty.
  absl::string_view text = {};
  std::vector<absl::string_view> sentences = {};
};

// Limits of one document; 0 means none.
struct MatchLimits {
  size_t sentence_bytes_max = 0;
  size_t sentences_max = 0;
};

// The language of a document.
struct DocumentLanguage {
  std::string tag = "und";  // BCP-47, given or detected; "und" if neither
  bool detected = false;
  double confidence = 1;
};

// A document is known by its head: what two long documents say first tells
// whether they are versions of one another, and keeps time and memory linear.
inline constexpr int kHeadSentences = 40;
inline constexpr size_t kHeadTokens = 3000;

// What a match keeps of a document while it runs. Borrows the caller's text.
struct HeapDocument {
  DocumentLanguage language;
  bool covered = false;  // whether the space was made for the language
  int sentence_count = 0;
  // The first kHeadSentences sentences.
  std::vector<absl::string_view> head;
  // Tokens of the first sentences, at most kHeadTokens, each token once and with
  // the number of sentences that hold it.
  struct Word {
    int32_t id = 0;
    int32_t sentences = 0;
  };
  std::vector<Word> words;
  // Sentences whose tokens are in `words`.
  int counted_sentences = 0;
};

// The distinct tokens of a heap, numbered. The same spelling in two languages is
// one token.
class HeapVocabulary {
 public:
  HeapVocabulary();
  ~HeapVocabulary();
  HeapVocabulary(const HeapVocabulary&) = delete;
  HeapVocabulary& operator=(const HeapVocabulary&) = delete;

  int32_t IdOf(absl::string_view token);
  size_t size() const { return words_.size(); }
  const std::string& word(int32_t id) const { return *words_[id]; }

 private:
  struct Index;
  std::unique_ptr<Index> index_;
  std::vector<const std::string*> words_;  // keys of the index
};

// Reads documents one by one: language, sentences, words of the head.
//
// Lifetime: borrows its arguments. Threads: one at a time.
class HeapReader {
 public:
  HeapReader(const LanguageIdentifier& identifier, const SentenceEmbedder& embedder,
             const MatchLimits& limits, HeapVocabulary& vocabulary);

  // Errors of the document: InvalidArgument with TEXT_BLANK, ResourceExhausted
  // with TOO_MANY_SENTENCES or SENTENCE_TOO_LONG; or as `stop` says.
  // Cost: linear in its text.
  absl::StatusOr<HeapDocument> Read(const MatchInput& input, const StopCondition& stop);

 private:
  absl::Status CountWords(const std::vector<absl::string_view>& sentences, HeapDocument& document,
                          const StopCondition& stop);

  const LanguageIdentifier& identifier_;
  const SentenceEmbedder& embedder_;
  const MatchLimits limits_;
  HeapVocabulary& vocabulary_;
  const Segmenter segmenter_;
  Tokens tokens_;
};

// Whether two canonical tags name one language for the purpose of a match, in
// which no two documents of a group may be in one language. They do not when
// both name a script and these differ, or both a region: "zh-Hans" and "zh-Hant"
// are two versions, and so are "pt-BR" and "pt-PT", but not "pt" and "pt-BR".
// "und" is no language.
bool SameMatchLanguage(absl::string_view a, absl::string_view b);

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_MATCHING_HEAP_DOCUMENT_H_
