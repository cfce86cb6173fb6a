// SPDX-License-Identifier: Apache-2.0
#include "server/matching/heap_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "server/base/request_error.h"
#include "tests/testing/fake_language_identifier.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::TableEmbedder;
using ::testing::ElementsAre;

class HeapReaderTest : public ::testing::Test {
 protected:
  absl::StatusOr<HeapDocument> Read(const MatchInput& input, const MatchLimits& limits = {},
                                    const StopCondition& stop = {}) {
    return HeapReader(identifier_, embedder_, limits, vocabulary_).Read(input, stop);
  }
  // "word*sentences" for each word.
  std::vector<std::string> WordsOf(const HeapDocument& document) const {
    std::vector<std::string> words;
    for (const HeapDocument::Word& word : document.words) {
      words.push_back(absl::StrCat(vocabulary_.word(word.id), "*", word.sentences));
    }
    return words;
  }

  const FakeIdentifier identifier_;
  const TableEmbedder embedder_{{"cat chat"}};
  HeapVocabulary vocabulary_;
};

TEST_F(HeapReaderTest, RawTextIsSplitAndItsLanguageDetected) {
  const HeapDocument document = Read({.text = "The cat. The Cat, the dog 7."}).value();
  EXPECT_EQ(document.language.tag, "en");
  EXPECT_TRUE(document.language.detected);
  EXPECT_TRUE(document.covered);
  EXPECT_EQ(document.sentence_count, 2);
  EXPECT_THAT(document.head, ElementsAre("The cat.", "The Cat, the dog 7."));
  EXPECT_THAT(WordsOf(document), ElementsAre("the*2", "cat*2", "dog*1", "7*1"));
}

TEST_F(HeapReaderTest, GivenSentencesAndLanguageAreKept) {
  const HeapDocument document = Read({.language = "tlh", .sentences = {"a. b", "", "c"}}).value();
  EXPECT_EQ(document.language.tag, "tlh");
  EXPECT_FALSE(document.language.detected);
  EXPECT_EQ(document.language.confidence, 1);
  EXPECT_FALSE(document.covered);
  EXPECT_THAT(document.head, ElementsAre("a. b", "", "c"));
}

TEST_F(HeapReaderTest, LongDocumentsAreKnownByTheirHead) {
  const std::vector<absl::string_view> sentences(5000, "one two");
  const HeapDocument document = Read({.language = "en", .sentences = sentences}).value();
  EXPECT_EQ(document.sentence_count, 5000);
  EXPECT_EQ(document.head.size(), static_cast<size_t>(kHeadSentences));
  EXPECT_EQ(document.counted_sentences, static_cast<int>(kHeadTokens / 2));
}

TEST_F(HeapReaderTest, TheSameSpellingIsOneWord) {
  const HeapDocument first = Read({.text = "Paris 1900"}).value();
  const HeapDocument second = Read({.text = "é PARIS"}).value();
  EXPECT_EQ(first.words[0].id, second.words[1].id);
}

struct BadDocument {
  MatchInput input;
  absl::StatusCode code;
  std::string reason;
};

TEST_F(HeapReaderTest, BadDocumentsSayWhy) {
  const std::vector<BadDocument> cases = {
      {{.text = ""}, absl::StatusCode::kInvalidArgument, "TEXT_BLANK"},
      {{.text = " \n\t "}, absl::StatusCode::kInvalidArgument, "TEXT_BLANK"},
      {{.sentences = {"", " "}}, absl::StatusCode::kInvalidArgument, "TEXT_BLANK"},
      {{.text = "One. Two. Three. Four."},
       absl::StatusCode::kResourceExhausted,
       "TOO_MANY_SENTENCES"},
      {{.text = "Eleven long."}, absl::StatusCode::kResourceExhausted, "SENTENCE_TOO_LONG"},
  };
  for (const BadDocument& test : cases) {
    const absl::Status status =
        Read(test.input, {.sentence_bytes_max = 10, .sentences_max = 3}).status();
    EXPECT_EQ(status.code(), test.code) << test.reason;
    EXPECT_EQ(FaultOf(status).reason, test.reason);
  }
}

TEST_F(HeapReaderTest, StopsWhenTold) {
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(
      Read({.text = "x"}, {}, StopCondition(&cancelled, absl::InfiniteFuture())).status().code(),
      absl::StatusCode::kCancelled);
}

TEST(SameMatchLanguageTest, TagsThatSayMoreThanOneAnotherDiffer) {
  EXPECT_TRUE(SameMatchLanguage("en", "en"));
  EXPECT_TRUE(SameMatchLanguage("pt", "pt-BR"));
  EXPECT_TRUE(SameMatchLanguage("zh-Hant", "zh-TW"));
  EXPECT_TRUE(SameMatchLanguage("no", "nb"));
  EXPECT_FALSE(SameMatchLanguage("en", "fr"));
  EXPECT_FALSE(SameMatchLanguage("pt-PT", "pt-BR"));
  EXPECT_FALSE(SameMatchLanguage("zh-Hans", "zh-Hant"));
  EXPECT_FALSE(SameMatchLanguage("zh-Hant-TW", "zh-Hant-HK"));
  EXPECT_FALSE(SameMatchLanguage("es-419", "es-ES"));
  EXPECT_FALSE(SameMatchLanguage("und", "und"));
  EXPECT_TRUE(SameMatchLanguage("en-x-us", "en-US"));
}

}  // namespace
}  // namespace hexapla
