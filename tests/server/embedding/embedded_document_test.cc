// SPDX-License-Identifier: Apache-2.0
#include "server/embedding/embedded_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "tests/testing/random_text.h"
#include "tests/testing/table_embedder.h"

namespace hexapla {
namespace {

using ::hexapla::testing::Embed;
using ::hexapla::testing::TableEmbedder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const TableEmbedder& Space() {
  static const auto* const kSpace = new TableEmbedder({"cat chat", "drinks boit", "milk lait"});
  return *kSpace;
}

std::vector<std::string> WordsOf(const EmbeddedDocument& document) {
  std::vector<std::string> words;
  for (const EmbeddedDocument::Word& word : document.words) words.push_back(word.text);
  return words;
}

TEST(EmbedDocumentTest, WordsAreNumberedInOrderOfFirstSight) {
  const EmbeddedDocument document = Embed({"The cat, the milk.", "Milk!", "A cat."}, Space());
  EXPECT_THAT(WordsOf(document), ElementsAre("the", "cat", "milk", "a"));
  EXPECT_THAT(document.tokens, ElementsAre(0, 1, 0, 2, 2, 3, 1));
  EXPECT_THAT(document.token_begin, ElementsAre(0, 4, 5, 7));
  EXPECT_EQ(document.size(), 3);
  EXPECT_EQ(document.tokens_of(0), 4);
  EXPECT_EQ(document.tokens_of(2), 2);
}

TEST(EmbedDocumentTest, ALongSentenceIsSampledEvenly) {
  std::string sentence;
  for (int w = 0; w < 1920; ++w) sentence += "w" + std::to_string(w) + " ";
  const EmbeddedDocument document = Embed({sentence, "cat"}, Space());
  EXPECT_EQ(document.tokens_of(0), static_cast<int>(kSentenceTokensMax));
  EXPECT_EQ(document.words[0].text, "w0");
  EXPECT_EQ(document.words[1].text, "w10");
  EXPECT_EQ(document.words[191].text, "w1910");
  EXPECT_EQ(document.tokens_of(1), 1);
}

TEST(EmbedDocumentTest, AWordCountsOnceASentence) {
  const EmbeddedDocument document = Embed({"cat cat cat", "milk", "cat"}, Space());
  EXPECT_EQ(document.words[0].sentences, 2);
  EXPECT_EQ(document.words[1].sentences, 1);
}

TEST(EmbedDocumentTest, NumbersAreTold) {
  const EmbeddedDocument document = Embed({"cat 42 ٤٢ b2"}, Space());
  ASSERT_THAT(WordsOf(document), ElementsAre("cat", "42", "b2"));
  EXPECT_EQ(document.words[0].kind, TokenKind::kWord);
  EXPECT_EQ(document.words[1].kind, TokenKind::kNumber);
  EXPECT_EQ(document.words[2].kind, TokenKind::kWord);
}

TEST(EmbedDocumentTest, ASentenceIsTheSumOfItsWords) {
  const EmbeddedDocument document = Embed({"cat milk cat unheard"}, Space());
  std::vector<float> cat(Space().dimension());
  std::vector<float> milk(Space().dimension());
  ASSERT_TRUE(Space().EmbedWord("cat", cat.data()));
  ASSERT_TRUE(Space().EmbedWord("milk", milk.data()));
  for (int k = 0; k < Space().dimension(); ++k) {
    EXPECT_EQ(document.word_vectors.row(0)[k], cat[k]);
    EXPECT_EQ(document.word_vectors.row(2)[k], 0);
    EXPECT_FLOAT_EQ(document.sentence_vectors.row(0)[k], 2 * cat[k] + milk[k]);
  }
}

TEST(EmbedDocumentTest, LengthsCountCharactersWithoutSpaces) {
  const EmbeddedDocument document =
      Embed({"a bc\td", "été", "中国 人", "😀", "co-op.", ""}, Space());
  EXPECT_THAT(document.lengths, ElementsAre(4, 3, 3, 1, 6, 0));
}

TEST(EmbedDocumentTest, BlankSentencesHaveNothing) {
  const EmbeddedDocument document = Embed({"", " \t", "cat", "\u3000\u00A0", "..."}, Space());
  EXPECT_THAT(document.lengths, ElementsAre(0, 0, 3, 0, 3));
  EXPECT_THAT(document.token_begin, ElementsAre(0, 0, 0, 1, 1, 1));
  for (const int s : {0, 1, 3, 4}) {
    for (int k = 0; k < Space().dimension(); ++k) {
      EXPECT_EQ(document.sentence_vectors.row(s)[k], 0);
    }
  }
}

TEST(EmbedDocumentTest, NoSentencesMakeAnEmptyDocument) {
  const EmbeddedDocument document = Embed({}, Space());
  EXPECT_EQ(document.size(), 0);
  EXPECT_THAT(document.words, IsEmpty());
  EXPECT_THAT(document.token_begin, ElementsAre(0));
  EXPECT_EQ(document.sentence_vectors.rows(), 0u);
}

TEST(EmbedDocumentTest, UnitsCountTheFullStopsInside) {
  struct Case {
    std::string sentence;
    int units;
  };
  const std::vector<Case> cases = {
      {"", 1},
      {"...", 1},
      {"It rained", 1},
      {"It rained.", 1},
      {"It rained. We left.", 2},
      {"Really?! Yes... No.", 3},
      {"It costs 3.14 euros.", 1},
      {"example.org is a name.", 1},
      {"“It rained.” We left.", 2},
      {"下雨了。我们走了。", 2},
      {"क्या? हाँ। अच्छा।", 3},
      {"لماذا؟ لا أعرف.", 2},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(Embed({c.sentence}, Space()).units, ElementsAre(c.units)) << c.sentence;
  }
}

TEST(EmbedDocumentTest, ABreakWithoutAFullStopIsACut) {
  struct Case {
    std::string before;
    std::string after;
    int cut;
  };
  const std::vector<Case> cases = {
      {"It rained.", "We left.", 0},   {"It rained,", "We left.", 1},
      {"It rained", "We left.", 1},    {"He said:", "Go.", 1},
      {"It rained.", "we left.", 1},   {"“It rained.”", "We left.", 0},
      {"It rained. ", " We left.", 0}, {"It rained.", "” We left.", 1},
      {"下雨了。", "我们走了。", 0},   {"下雨了，", "我们走了。", 1},
      {"It rained…", "We left.", 0},   {"It rained.", "«We left.»", 0},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(Embed({c.before, c.after}, Space()).cut_after, ElementsAre(c.cut, 0))
        << c.before << "|" << c.after;
  }
}

TEST(EmbedDocumentTest, RandomTextGivesAWholeDocument) {
  std::mt19937 random(17);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> sentences;
    for (int s = 0; s < 20; ++s) {
      sentences.push_back(hexapla::testing::RandomText(random() % 20, random));
    }
    const EmbeddedDocument document = Embed(sentences, Space());
    EXPECT_EQ(document.size(), 20);
    EXPECT_EQ(document.token_begin.size(), 21u);
    EXPECT_EQ(document.units.size(), 20u);
    EXPECT_EQ(document.cut_after.size(), 20u);
    EXPECT_EQ(document.sentence_vectors.rows(), 20u);
    EXPECT_EQ(document.word_vectors.rows(), document.words.size());
    EXPECT_EQ(document.token_begin.back(), static_cast<int>(document.tokens.size()));
    EXPECT_EQ(document.cut_after.back(), 0);
    for (const EmbeddedDocument::Word& word : document.words) {
      EXPECT_GE(word.sentences, 1);
      EXPECT_LE(word.sentences, 20);
    }
  }
}

TEST(EmbedDocumentTest, StopsWhenTold) {
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(EmbedDocument({"cat"}, Space(), StopCondition(&cancelled, absl::InfiniteFuture()))
                .status()
                .code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(
      EmbedDocument({"cat"}, Space(), StopCondition(nullptr, absl::InfinitePast())).status().code(),
      absl::StatusCode::kDeadlineExceeded);
}

TEST(CoversTest, LanguagesAreComparedWhateverScriptAndRegion) {
  const TableEmbedder space({}, {"en", "pt", "no", "fil", "zh", "hr"});
  for (const char* language : {"en", "EN", "en-GB", "eng", "pt-BR", "no", "nb", "nn-NO", "fil",
                               "tl", "zh-Hant-TW", "cmn"}) {
    EXPECT_TRUE(Covers(space, language)) << language;
  }
  for (const char* language : {"", "und", "fr", "e", "enm", "pt_BR", "yue", "sr", "bs", "sh"}) {
    EXPECT_FALSE(Covers(space, language)) << language;
  }
}

}  // namespace
}  // namespace hexapla
