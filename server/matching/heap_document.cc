// SPDX-License-Identifier: Apache-2.0
#include "server/matching/heap_document.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/base/request_error.h"
#include "server/base/status_macros.h"
#include "server/text/code_points.h"
#include "server/text/language_tag.h"

namespace hexapla {
namespace {

// Given sentences are identified on so many bytes of the first of them.
constexpr size_t kIdentifyBytesMax = 8192;
constexpr size_t kSentencesBetweenPolls = 64;

bool IsBlank(absl::string_view text) { return SkipSpaces(text, 0, text.size()) == text.size(); }

absl::Status LimitError(absl::string_view reason, absl::string_view field, absl::string_view what,
                        size_t limit, size_t value) {
  return RequestError(absl::StatusCode::kResourceExhausted,
                      {.reason = std::string(reason),
                       .field = std::string(field),
                       .limit = absl::StrCat(limit),
                       .value = absl::StrCat(value)},
                      absl::StrCat(field, ": ", what, " is ", value, "; the limit is ", limit));
}

absl::Status CheckSentences(absl::string_view field,
                            const std::vector<absl::string_view>& sentences,
                            const MatchLimits& limits) {
  if (std::all_of(sentences.begin(), sentences.end(), IsBlank)) {
    return RequestError(absl::StatusCode::kInvalidArgument,
                        {.reason = "TEXT_BLANK", .field = std::string(field)},
                        absl::StrCat(field, " holds nothing but white space"));
  }
  if (limits.sentences_max > 0 && sentences.size() > limits.sentences_max) {
    return LimitError("TOO_MANY_SENTENCES", field, "the number of sentences", limits.sentences_max,
                      sentences.size());
  }
  for (size_t s = 0; s < sentences.size() && limits.sentence_bytes_max > 0; ++s) {
    if (sentences[s].size() <= limits.sentence_bytes_max) continue;
    return LimitError("SENTENCE_TOO_LONG", field,
                      absl::StrCat("the size of sentence ", s, " in bytes"),
                      limits.sentence_bytes_max, sentences[s].size());
  }
  return absl::OkStatus();
}

DocumentLanguage LanguageOf(const MatchInput& input, const LanguageIdentifier& identifier) {
  if (!input.language.empty()) return {.tag = input.language};
  std::string sample;
  for (const absl::string_view sentence : input.sentences) {
    if (sample.size() > kIdentifyBytesMax) break;
    absl::StrAppend(&sample, sentence, " ");
  }
  const Identification answer =
      identifier.Identify(input.sentences.empty() ? input.text : sample, {});
  return {.tag = answer.guesses.front().language,
          .detected = true,
          .confidence = answer.guesses.front().confidence};
}

// The region of a canonical tag, or "": two letters or three digits.
absl::string_view RegionSubtag(absl::string_view tag) {
  for (const absl::string_view part : absl::StrSplit(tag, '-')) {
    if (part.size() == 1) return "";  // an extension begins
    const bool digits = !part.empty() && absl::ascii_isdigit(static_cast<unsigned char>(part[0]));
    if (part.data() != tag.data() && (part.size() == 2 || (part.size() == 3 && digits))) {
      return part;
    }
  }
  return "";
}

bool Differ(absl::string_view a, absl::string_view b) { return !a.empty() && !b.empty() && a != b; }

}  // namespace

struct HeapVocabulary::Index {
  absl::node_hash_map<std::string, int32_t> ids;
};

HeapVocabulary::HeapVocabulary() : index_(std::make_unique<Index>()) {}
HeapVocabulary::~HeapVocabulary() = default;

int32_t HeapVocabulary::IdOf(absl::string_view token) {
  const auto [entry, fresh] = index_->ids.try_emplace(token, static_cast<int32_t>(words_.size()));
  if (fresh) words_.push_back(&entry->first);
  return entry->second;
}

HeapReader::HeapReader(const LanguageIdentifier& identifier, const SentenceEmbedder& embedder,
                       const MatchLimits& limits, HeapVocabulary& vocabulary)
    : identifier_(identifier), embedder_(embedder), limits_(limits), vocabulary_(vocabulary) {}

absl::StatusOr<HeapDocument> HeapReader::Read(const MatchInput& input, const StopCondition& stop) {
  HEXAPLA_RETURN_IF_ERROR(stop.Check());
  HeapDocument document;
  document.language = LanguageOf(input, identifier_);
  document.covered = Covers(embedder_, document.language.tag);
  std::vector<absl::string_view> sentences = input.sentences;
  if (sentences.empty()) {
    HEXAPLA_ASSIGN_OR_RETURN(const std::vector<TextRange> ranges,
                             segmenter_.Split(input.text, document.language.tag, stop));
    for (const TextRange& range : ranges) sentences.push_back(range.Of(input.text));
  }
  HEXAPLA_RETURN_IF_ERROR(CheckSentences(
      input.sentences.empty() ? "document.content.text" : "document.content.sentences", sentences,
      limits_));
  document.sentence_count = static_cast<int>(sentences.size());
  HEXAPLA_RETURN_IF_ERROR(CountWords(sentences, document, stop));
  sentences.resize(std::min<size_t>(sentences.size(), kHeadSentences));
  document.head = std::move(sentences);
  return document;
}

absl::Status HeapReader::CountWords(const std::vector<absl::string_view>& sentences,
                                    HeapDocument& document, const StopCondition& stop) {
  // Word -> its place in document.words and the last sentence that held it.
  absl::flat_hash_map<int32_t, std::pair<int32_t, int>> places;
  size_t count = 0;
  for (size_t s = 0; s < sentences.size() && count < kHeadTokens; ++s) {
    if (s % kSentencesBetweenPolls == 0) HEXAPLA_RETURN_IF_ERROR(stop.Check());
    tokens_.Assign(sentences[s]);
    for (size_t i = 0; i < tokens_.size() && count < kHeadTokens; ++i, ++count) {
      const int32_t id = vocabulary_.IdOf(tokens_[i]);
      const auto [entry, fresh] = places.try_emplace(
          id, std::pair(static_cast<int32_t>(document.words.size()), static_cast<int>(s)));
      auto& [place, last] = entry->second;
      if (fresh) document.words.push_back({.id = id});
      if (fresh || last != static_cast<int>(s)) ++document.words[place].sentences;
      last = static_cast<int>(s);
    }
    ++document.counted_sentences;
  }
  return absl::OkStatus();
}

bool SameMatchLanguage(absl::string_view a, absl::string_view b) {
  return SameLanguage(a, b) && !Differ(ScriptSubtag(a), ScriptSubtag(b)) &&
         !Differ(RegionSubtag(a), RegionSubtag(b));
}

}  // namespace hexapla
