// SPDX-License-Identifier: Apache-2.0
#include "training/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "tests/testing/temporary_directory.h"
#include "tests/training/tiny_corpus.h"

namespace hexapla::training {
namespace {

using ::hexapla::testing::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// The words of a sentence, joined.
std::string Text(const Corpus& corpus, int32_t sentence) {
  std::string text;
  for (int64_t k = corpus.sentence_begin[sentence]; k < corpus.sentence_begin[sentence + 1]; ++k) {
    absl::StrAppend(&text, text.empty() ? "" : " ", corpus.types.word(corpus.tokens[k]));
  }
  return text;
}

// Every pair of the corpus as "en:text = fr:text".
std::vector<std::string> PairsOf(const Corpus& corpus) {
  std::vector<std::string> pairs;
  for (const PairList& list : corpus.lists) {
    for (const auto& [first, second] : list.pairs) {
      EXPECT_EQ(corpus.sentence_language[first], list.first_language);
      EXPECT_EQ(corpus.sentence_language[second], list.second_language);
      pairs.push_back(absl::StrCat(corpus.languages[list.first_language], ":", Text(corpus, first),
                                   " = ", corpus.languages[list.second_language], ":",
                                   Text(corpus, second)));
    }
  }
  return pairs;
}

// Reads a corpus of the sources and dictionaries written so far.
class ReadCorpusTest : public ::testing::Test {
 protected:
  ReadCorpusTest() {
    options_.directory = directory_.path();
    options_.sentences_min = 0;
    std::filesystem::create_directory(directory_ / "dict");
  }
  void AddSource(const std::string& name, const std::string& rows) {
    WriteSource(directory_, name, rows);
    options_.sources.push_back({.name = name});
  }
  Corpus Read() const {
    Corpus corpus;
    const absl::Status status = ReadCorpus(options_, corpus);
    EXPECT_TRUE(status.ok()) << status;
    return corpus;
  }
  absl::Status Fail() const {
    Corpus corpus;
    return ReadCorpus(options_, corpus);
  }

  TemporaryDirectory directory_;
  CorpusOptions options_;
};

TEST_F(ReadCorpusTest, ARowIsAPairOfEveryTwoLanguages) {
  AddSource("news", "en\tfr_CA\tde\nThe cat.\tLe chat.\tDie Katze.\nA dog.\t\tEin Hund.\n");
  const Corpus corpus = Read();
  EXPECT_THAT(corpus.languages, ElementsAre("en", "fr", "de"));
  EXPECT_EQ(corpus.sentences(), 5u);
  EXPECT_THAT(PairsOf(corpus),
              UnorderedElementsAre("en:the cat = fr:le chat", "en:the cat = de:die katze",
                                   "fr:le chat = de:die katze", "en:a dog = de:ein hund"));
}

TEST_F(ReadCorpusTest, TatoebaRowsNameTheirOwnLanguages) {
  AddSource("tatoeba.pairs",
            "lang1\tlang2\ttext1\ttext2\nen\tfr\tYes.\tOui.\nde\ten\tNein.\tNo.\n");
  const Corpus corpus = Read();
  EXPECT_THAT(corpus.languages, ElementsAre("en", "fr", "de"));
  EXPECT_THAT(PairsOf(corpus), UnorderedElementsAre("en:yes = fr:oui", "en:no = de:nein"));
}

TEST_F(ReadCorpusTest, RowsThatAreOfNoUseAreLeftOut) {
  options_.tokens_max = 3;
  AddSource("news",
            "en\tfr\n"
            "only English\t\n"          // one language
            "one two three four\tun\n"  // too long
            "good\t\xff\xfe\n"          // no UTF-8
            "...\tbon\n"                // no word
            "good\n"                    // a column too few
            "good\tbon\tsurplus\n");
  EXPECT_THAT(PairsOf(Read()), ElementsAre("en:good = fr:bon"));
}

TEST_F(ReadCorpusTest, WordsAreSharedByAllSentences) {
  AddSource("news", "en\tfr\ncat radio cat\tradio chat\n");
  const Corpus corpus = Read();
  EXPECT_EQ(corpus.types.size(), 3u);
  EXPECT_THAT(corpus.tokens, ElementsAre(0, 1, 0, 1, 2));
  EXPECT_EQ(corpus.sentence_size(0), 3);
}

TEST_F(ReadCorpusTest, LanguagesAndRowsMayBeLimited) {
  AddSource("news", "en\tfr\tde\na1\tb1\tc1\na2\tb2\tc2\na3\tb3\tc3\na4\tb4\tc4\n");
  options_.languages = {"en", "de"};
  EXPECT_EQ(PairsOf(Read()).size(), 4u);
  options_.sources[0].rows_max = 3;
  EXPECT_THAT(PairsOf(Read()), ElementsAre("en:a1 = de:c1", "en:a2 = de:c2", "en:a3 = de:c3"));
  options_.stride = 2;
  EXPECT_THAT(PairsOf(Read()), ElementsAre("en:a1 = de:c1", "en:a3 = de:c3"));
}

TEST_F(ReadCorpusTest, RareLanguagesAreDroppedUnlessWanted) {
  AddSource("news", "en\tfr\tis\na1\tb1\tc1\na2\tb2\t\na3\tb3\t\n");
  options_.sentences_min = 3;
  EXPECT_EQ(PairsOf(Read()).size(), 3u);
  options_.always = {"is"};
  EXPECT_EQ(PairsOf(Read()).size(), 5u);
}

TEST_F(ReadCorpusTest, DictionariesOfKeptLanguagesAreRead) {
  AddSource("news", "en\tfr\nYes.\tOui.\n");
  directory_.Write("dict/en-fr.tsv.xz", Xz("en\tfr\ncat\tchat\n\tvide\ndog\tchien\n"));
  directory_.Write("dict/en-xx.tsv.xz", Xz("en\txx\ncat\tzzz\n"));
  options_.dictionary_weight = 0.5;
  const Corpus corpus = Read();
  EXPECT_THAT(PairsOf(corpus),
              ElementsAre("en:yes = fr:oui", "en:cat = fr:chat", "en:dog = fr:chien"));
  ASSERT_EQ(corpus.sources.size(), 2u);
  EXPECT_EQ(corpus.sources[1].weight, 0.5);
  EXPECT_EQ(corpus.lists[0].source, 0);
  EXPECT_EQ(corpus.lists[1].source, 1);
}

TEST_F(ReadCorpusTest, ManyRowsKeepTheirOrderWhateverTheThreads) {
  AddSource("news", MadeUpRows(9000, 3));
  options_.threads = 1;
  const Corpus one = Read();
  options_.threads = 3;
  const Corpus three = Read();
  EXPECT_EQ(one.sentences(), 27000u);
  EXPECT_EQ(one.tokens, three.tokens);
  EXPECT_EQ(one.sentence_begin, three.sentence_begin);
}

TEST_F(ReadCorpusTest, AMissingSourceIsNotFound) {
  options_.sources = {{.name = "absent"}};
  EXPECT_EQ(Fail().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(Fail().message()), HasSubstr("absent.tsv.xz"));
}

TEST_F(ReadCorpusTest, MissingDictionariesAreNotFound) {
  AddSource("news", "en\tfr\nYes.\tOui.\n");
  std::filesystem::remove(directory_ / "dict");
  EXPECT_EQ(Fail().code(), absl::StatusCode::kNotFound);
}

TEST_F(ReadCorpusTest, ADamagedSourceIsToldAsDataLoss) {
  const std::string whole = Xz(MadeUpRows(9000, 1));
  options_.sources = {{.name = "news"}};
  directory_.Write("news.tsv.xz", whole.substr(0, whole.size() - 1000));
  EXPECT_EQ(Fail().code(), absl::StatusCode::kDataLoss);
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 0x40;
  directory_.Write("news.tsv.xz", flipped);
  EXPECT_FALSE(Fail().ok());
  directory_.Write("news.tsv.xz", "no xz at all");
  EXPECT_FALSE(Fail().ok());
}

TEST(PrimaryLanguageTest, CodesOfOneLanguageAreJoined) {
  struct Case {
    std::string code;
    std::string primary;
  };
  for (const Case& c :
       {Case{"en", "en"}, Case{"pt_BR", "pt"}, Case{"zh-Hant-TW", "zh"}, Case{"EN-us", "en"},
        Case{"nb", "no"}, Case{"nn_NO", "no"}, Case{"tl", "fil"}, Case{"prs", "fa"}}) {
    EXPECT_EQ(PrimaryLanguage(c.code), c.primary) << c.code;
  }
}

TEST(WordTypesTest, AWordHasOneNumber) {
  WordTypes types;
  EXPECT_EQ(types.Intern("a"), 0);
  EXPECT_EQ(types.Intern("b"), 1);
  EXPECT_EQ(types.Intern("a"), 0);
  for (int i = 0; i < 5000; ++i) types.Intern(absl::StrCat("w", i));
  EXPECT_EQ(types.Intern("w0"), 2);
  EXPECT_EQ(types.word(1), "b");
  EXPECT_EQ(types.size(), 5002u);
}

}  // namespace
}  // namespace hexapla::training
