// SPDX-License-Identifier: Apache-2.0
//
// Signatures of documents.
//
// A word counts by its rarity among the sentences of its language in this very
// heap: that works with three documents as with ten thousand, where the share
// of documents would call every word of a lone document rare. The words are
// visited one by one, over an inverted index, so that a word's vector is needed
// only while it is added to the documents that hold it.
//
// What all documents of a language share (its frequent words, its corner of the
// space) would make any two of that language look alike, so the mean of the
// language is taken off; of a language with few documents mostly the mean of
// the heap instead, for there its own mean is mostly signal.
#include "server/matching/document_signatures.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/container/flat_hash_map.h"

#include "server/base/status_macros.h"
#include "server/similarity/cosine.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

// So many documents of a language weigh as much as the mean of the heap.
constexpr float kMeanDocuments = 4;
// A teller stands in no more documents than this, or than this share of them.
constexpr size_t kTellerDocumentsMax = 64;
constexpr size_t kWordsBetweenPolls = 256;

// Documents by word: entries [begin[w], begin[w + 1]) are those of word w.
struct InvertedIndex {
  struct Entry {
    int32_t document;
    int32_t sentences;
  };
  std::vector<size_t> begin;
  std::vector<Entry> entries;
};

absl::StatusOr<InvertedIndex> Invert(const std::vector<HeapDocument>& documents, size_t words,
                                     const StopCondition& stop) {
  InvertedIndex index;
  index.begin.resize(words + 1);
  for (const HeapDocument& document : documents) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (const HeapDocument::Word& word : document.words) ++index.begin[word.id + 1];
  }
  for (size_t w = 0; w < words; ++w) index.begin[w + 1] += index.begin[w];
  index.entries.resize(index.begin.back());
  std::vector<size_t> next(index.begin.begin(), index.begin.end() - 1);
  for (size_t d = 0; d < documents.size(); ++d) {
    HEXAPLA_RETURN_IF_ERROR(stop.Check());
    for (const HeapDocument::Word& word : documents[d].words) {
      index.entries[next[word.id]++] = {static_cast<int32_t>(d), word.sentences};
    }
  }
  return index;
}

// Numbers the languages of the documents by their first subtag.
struct LanguageNumbers {
  std::vector<int> of_document;
  std::vector<float> documents;  // of each language
  std::vector<float> sentences;
};

LanguageNumbers NumberLanguages(const std::vector<HeapDocument>& documents) {
  LanguageNumbers numbers;
  absl::flat_hash_map<std::string, int> known;
  for (const HeapDocument& document : documents) {
    const int number =
        known.try_emplace(LanguageSubtag(document.language.tag), static_cast<int>(known.size()))
            .first->second;
    numbers.documents.resize(known.size());
    numbers.sentences.resize(known.size());
    numbers.of_document.push_back(number);
    ++numbers.documents[number];
    numbers.sentences[number] += static_cast<float>(document.counted_sentences);
  }
  return numbers;
}

void AddScaled(float scale, const float* x, int dimension, float* sum) {
  for (int k = 0; k < dimension; ++k) sum[k] += scale * x[k];
}

// One word after the other, over all its documents.
class SignatureBuilder {
 public:
  SignatureBuilder(const std::vector<HeapDocument>& documents, int dimension)
      : documents_(documents),
        languages_(NumberLanguages(documents)),
        word_sentences_(languages_.documents.size()),
        word_vector_(dimension) {
    signatures_.vectors = EmbeddingMatrix(documents.size(), dimension);
    signatures_.tellers.resize(documents.size());
  }

  void AddWord(int32_t word, const std::string& text, const SentenceEmbedder& embedder,
               const InvertedIndex::Entry* begin, const InvertedIndex::Entry* end) {
    std::fill(word_sentences_.begin(), word_sentences_.end(), 0.0F);
    for (const auto* entry = begin; entry != end; ++entry) {
      word_sentences_[LanguageOf(*entry)] += static_cast<float>(entry->sentences);
    }
    AddTellers(word, begin, end);
    if (!embedder.EmbedWord(text, word_vector_.data())) return;
    for (const auto* entry = begin; entry != end; ++entry) {
      if (!documents_[entry->document].covered) continue;
      const int language = LanguageOf(*entry);
      const float rarity = std::log(1 + languages_.sentences[language] / word_sentences_[language]);
      AddScaled(rarity * (1 + std::log(static_cast<float>(entry->sentences))), word_vector_.data(),
                signatures_.vectors.dimension(), signatures_.vectors.row(entry->document));
    }
  }

  DocumentSignatures Finish() {
    NormalizeRows(signatures_.vectors);
    TakeOffMeans();
    NormalizeRows(signatures_.vectors);
    for (auto& tellers : signatures_.tellers) {
      float squares = 0;
      for (const auto& teller : tellers) squares += teller.weight * teller.weight;
      for (auto& teller : tellers) teller.weight /= std::sqrt(squares);
    }
    return std::move(signatures_);
  }

 private:
  int LanguageOf(const InvertedIndex::Entry& entry) const {
    return languages_.of_document[entry.document];
  }

  void AddTellers(int32_t word, const InvertedIndex::Entry* begin,
                  const InvertedIndex::Entry* end) {
    const auto count = static_cast<size_t>(end - begin);
    const size_t most = std::clamp<size_t>(documents_.size() / 2, 2, kTellerDocumentsMax);
    if (count < 2 || count > most) return;
    const int first = LanguageOf(*begin);
    if (std::all_of(begin, end, [&](const auto& entry) { return LanguageOf(entry) == first; })) {
      return;
    }
    const float weight =
        std::log(1 + static_cast<float>(documents_.size()) / static_cast<float>(count));
    for (const auto* entry = begin; entry != end; ++entry) {
      signatures_.tellers[entry->document].push_back({word, weight});
    }
  }

  void TakeOffMeans() {
    const int dimension = signatures_.vectors.dimension();
    EmbeddingMatrix means(languages_.documents.size(), dimension);
    std::vector<float> heap_mean(dimension);
    float covered = 0;
    for (size_t d = 0; d < documents_.size(); ++d) {
      if (!documents_[d].covered) continue;
      AddScaled(1, signatures_.vectors.row(d), dimension, means.row(languages_.of_document[d]));
      AddScaled(1, signatures_.vectors.row(d), dimension, heap_mean.data());
      ++covered;
    }
    for (float& x : heap_mean) x /= std::max(1.0F, covered);
    for (size_t d = 0; d < documents_.size(); ++d) {
      if (!documents_[d].covered) continue;
      const int language = languages_.of_document[d];
      const float all = languages_.documents[language] + kMeanDocuments;
      AddScaled(-1 / all, means.row(language), dimension, signatures_.vectors.row(d));
      AddScaled(-kMeanDocuments / all, heap_mean.data(), dimension, signatures_.vectors.row(d));
    }
  }

  const std::vector<HeapDocument>& documents_;
  const LanguageNumbers languages_;
  DocumentSignatures signatures_;
  std::vector<float> word_sentences_;  // that hold the word at hand, by language
  std::vector<float> word_vector_;
};

}  // namespace

absl::StatusOr<DocumentSignatures> ComputeSignatures(const std::vector<HeapDocument>& documents,
                                                     const HeapVocabulary& vocabulary,
                                                     const SentenceEmbedder& embedder,
                                                     const StopCondition& stop) {
  HEXAPLA_ASSIGN_OR_RETURN(const InvertedIndex index, Invert(documents, vocabulary.size(), stop));
  SignatureBuilder builder(documents, embedder.dimension());
  for (size_t w = 0; w < vocabulary.size(); ++w) {
    if (w % kWordsBetweenPolls == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
    const auto word = static_cast<int32_t>(w);
    builder.AddWord(word, vocabulary.word(word), embedder, index.entries.data() + index.begin[w],
                    index.entries.data() + index.begin[w + 1]);
  }
  return builder.Finish();
}

}  // namespace hexapla
