// SPDX-License-Identifier: Apache-2.0
//
// The default identifier: two models and CLD2, as models/ has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/langid/cld2_vote.h"
#include "server/langid/fasttext_language_identifier.h"

namespace hexapla {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::unique_ptr<FastTextLanguageIdentifier> Load(const OpinionWeights& weights) {
  const auto first = FastTextLanguageIdentifier::Create("models/lid.176.ftz");
  const auto second = FastTextLanguageIdentifier::Create("models/hexapla-lid.ftz");
  EXPECT_TRUE(first.ok()) << first.status() << "; deploy/fetch-language-model";
  EXPECT_TRUE(second.ok()) << second.status();
  if (!first.ok() || !second.ok()) return nullptr;
  auto pool = FastTextLanguageIdentifier::Create(**first, **second, weights);
  EXPECT_TRUE(pool.ok()) << pool.status();
  return pool.ok() ? *std::move(pool) : nullptr;
}

class PooledIdentifierTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto weights = OpinionWeights::Read("models/hexapla-identifier.txt");
    ASSERT_TRUE(weights.ok()) << weights.status();
    identifier_ = Load(*weights).release();
  }
  static void TearDownTestSuite() { delete identifier_; }
  void SetUp() override { ASSERT_NE(identifier_, nullptr); }

  static Identification Identify(const std::string& text, int guesses_max = 1) {
    return identifier_->Identify(text, {.guesses_max = guesses_max, .candidates = {}});
  }
  static std::string LanguageOf(const std::string& text) {
    return Identify(text).guesses[0].language;
  }

  static const FastTextLanguageIdentifier* identifier_;
};

const FastTextLanguageIdentifier* PooledIdentifierTest::identifier_ = nullptr;

struct Case {
  std::string language;
  std::string text;
};

TEST_F(PooledIdentifierTest, KnowsWordsThatOneModelDoesNot) {
  for (const Case& c : std::vector<Case>{{"de", "Geschwindigkeit"},
                                         {"fi", "kirjasto"},
                                         {"hu", "könyvtár"},
                                         {"pl", "książka"},
                                         {"tr", "kütüphane"},
                                         {"vi", "thư viện"},
                                         {"lt", "žmonės"},
                                         {"sv", "trädgård"},
                                         {"uk", "вулиця"}}) {
    EXPECT_EQ(LanguageOf(c.text), c.language) << c.text;
  }
}

TEST_F(PooledIdentifierTest, TellsNearLanguagesApartInSentences) {
  for (const Case& c : std::vector<Case>{
           {"nb", "Jeg vet ikke hvorfor hun ikke kom hjem i går."},
           {"da", "Jeg ved ikke, hvorfor hun ikke kom hjem i går aftes."},
           {"sk", "Neviem, prečo včera večer neprišla domov."},
           {"cs", "Nevím, proč včera večer nepřišla domů."},
           {"pt", "Não sei por que ela não voltou para casa ontem."},
           {"es", "No sé por qué ella no volvió a casa ayer."},
           {"bg", "Не знам защо тя не се прибра вкъщи снощи."},
           {"ru", "Я не знаю, почему она не пришла домой вчера."},
           {"ur", "مجھے نہیں معلوم کہ وہ کل گھر کیوں نہیں آئی۔"},
           {"fa", "نمی‌دانم چرا او دیروز به خانه نیامد."}}) {
    EXPECT_EQ(LanguageOf(c.text), c.language) << c.text;
  }
}

TEST_F(PooledIdentifierTest, SerbianSaysItsScriptWhereItIsNotTheUsual) {
  EXPECT_EQ(LanguageOf("Не знам зашто синоћ није дошла кући."), "sr");
  EXPECT_EQ(
      LanguageOf("Ne znam zašto sinoć nije došla kući, gde je bila celo veče, šta li se desilo."),
      "sr-Latn");
}

TEST_F(PooledIdentifierTest, ChineseSaysItsVariant) {
  EXPECT_EQ(LanguageOf("图书馆每天早上九点开门。"), "zh-Hans");
  EXPECT_EQ(LanguageOf("圖書館每天早上九點開門。"), "zh-Hant");
}

TEST_F(PooledIdentifierTest, TheBestTwoAreTheSameHoweverManyAreAskedFor) {
  for (const std::string text :
       {"The library in the old town stays open until midnight during the exams.",
        "Nous avons attendu le train pendant des heures, mais il n'est jamais venu.",
        "Jeg vet ikke hvorfor hun ikke kom hjem i går kveld, men jeg spør henne.",
        "Не знам зашто синоћ није дошла кући, где је била цело вече.",
        "لا أعرف لماذا لم تعد إلى البيت ليلة أمس مع أخيها الصغير"}) {
    const Identification one = Identify(text, 1);
    const Identification two = Identify(text, 2);
    const Identification many = Identify(text, 9);
    ASSERT_THAT(two.guesses, SizeIs(2)) << text;
    EXPECT_EQ(two.guesses[0].confidence, one.guesses[0].confidence) << text;
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(two.guesses[i].language, many.guesses[i].language) << text;
      EXPECT_EQ(two.guesses[i].raw_label, many.guesses[i].raw_label) << text;
      EXPECT_NEAR(two.guesses[i].confidence, many.guesses[i].confidence, 1e-3) << text;
    }
  }
}

TEST_F(PooledIdentifierTest, NoiseChangesNothing) {
  const std::string clean = "Wir haben gestern lange auf den Zug gewartet.";
  const Identification answer = Identify(clean);
  for (const std::string text :
       {"WIR HABEN GESTERN LANGE AUF DEN ZUG GEWARTET.",
        "Wir Haben Gestern Lange Auf Den Zug Gewartet.",
        "https://www.example.org/en/the-news Wir haben gestern lange auf den Zug gewartet.",
        "Wir haben gestern lange auf den Zug gewartet. jane@mail.example.com",
        "😂👍🏽 Wir haben gestern lange auf den Zug gewartet. 🎉",
        "@jane 12:30 Wir haben gestern lange auf den Zug gewartet!!!"}) {
    const Identification noisy = Identify(text);
    EXPECT_EQ(noisy.guesses[0].language, "de") << text;
    EXPECT_EQ(noisy.guesses[0].confidence, answer.guesses[0].confidence) << text;
  }
}

TEST_F(PooledIdentifierTest, WhatHasNoLettersIsUnd) {
  for (const std::string text : {"", " ", "12345", "!!!", "😂", "\n\t\r", "2024-05-17 12:30",
                                 "\u200f\u200e\u200f", "https://www.example.org/", "-", "٣٤٥"}) {
    const Identification answer = Identify(text, 5);
    ASSERT_THAT(answer.guesses, SizeIs(1)) << text;
    EXPECT_EQ(answer.guesses[0].language, "und") << text;
    EXPECT_EQ(answer.guesses[0].confidence, 0) << text;
    EXPECT_FALSE(answer.reliable) << text;
    EXPECT_EQ(answer.script, "Zyyy") << text;
  }
  EXPECT_EQ(LanguageOf(std::string("\0\0\0", 3)), "und");
}

TEST_F(PooledIdentifierTest, AScriptThatNobodyKnowsIsUnd) {
  // Cherokee and Tifinagh letters.
  for (const std::string text : {"ᎣᏏᏲ ᏙᎯᏧ", "ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ"}) {
    const Identification answer = Identify(text);
    EXPECT_EQ(answer.guesses[0].language, "und") << text;
    EXPECT_NE(answer.script, "Zyyy") << text;
    EXPECT_FALSE(answer.reliable);
  }
}

TEST_F(PooledIdentifierTest, WhatNobodyCanTellIsNotReliable) {
  for (const std::string text : {"a", "no", "xqzt wkpf", "ok", "Tom"}) {
    EXPECT_FALSE(Identify(text).reliable) << text << Identify(text).guesses[0].confidence;
  }
}

TEST_F(PooledIdentifierTest, ConfidencesOfAllGuessesSumToOne) {
  for (const std::string text : {"und", "das Haus", "la casa de mi abuela es muy grande y bonita",
                                 "The committee will publish its report before the summer break.",
                                 "Wasserkocher", "привет"}) {
    const Identification answer = Identify(text, 1000);
    float sum = 0;
    for (size_t i = 0; i < answer.guesses.size(); ++i) {
      sum += answer.guesses[i].confidence;
      if (i == 0) continue;
      EXPECT_LE(answer.guesses[i].confidence, answer.guesses[i - 1].confidence);
    }
    EXPECT_NEAR(sum, 1, 1e-4) << text;
  }
}

TEST_F(PooledIdentifierTest, TheFirstGuessDoesNotDependOnHowManyAreWanted) {
  for (const std::string text :
       {"Wasserkocher", "no", "The committee will publish its report before the summer break.",
        "Den gamle mannen gikk langs elva og tenkte på sommeren som var forbi."}) {
    const Identification one = Identify(text, 1);
    const Identification many = Identify(text, 4);
    ASSERT_THAT(many.guesses, SizeIs(4)) << text;
    EXPECT_EQ(one.guesses[0].language, many.guesses[0].language);
    EXPECT_EQ(one.guesses[0].raw_label, many.guesses[0].raw_label);
    EXPECT_NEAR(one.guesses[0].confidence, many.guesses[0].confidence, 1e-5);
    EXPECT_EQ(one.reliable, many.reliable);
  }
}

TEST_F(PooledIdentifierTest, OnlyCandidatesAreAnswered) {
  const std::string text = "The committee will publish its report before the summer break.";
  const Identification answer =
      identifier_->Identify(text, {.guesses_max = 5, .candidates = {"de", "nl", "ja"}});
  ASSERT_THAT(answer.guesses, SizeIs(2));
  std::vector<std::string> languages;
  for (const LanguageGuess& guess : answer.guesses) languages.push_back(guess.language);
  EXPECT_THAT(languages, testing::UnorderedElementsAre("de", "nl"));
  EXPECT_EQ(
      identifier_->Identify(text, {.guesses_max = 1, .candidates = {"ja"}}).guesses[0].language,
      "und");
}

TEST_F(PooledIdentifierTest, AnswersAmongTheWrongCandidatesAreNotReliable) {
  const std::string text = "The committee will publish its report before the summer break.";
  const auto reliable = [&](std::vector<std::string> candidates) {
    return identifier_->Identify(text, {.guesses_max = 1, .candidates = std::move(candidates)})
        .reliable;
  };
  EXPECT_FALSE(reliable({"de"}));
  EXPECT_FALSE(reliable({"de", "nl"}));
  EXPECT_TRUE(reliable({"de", "en"}));
}

TEST_F(PooledIdentifierTest, KeepsAllLanguagesOfTheFirstModel) {
  const auto first = FastTextLanguageIdentifier::Create("models/lid.176.ftz");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(identifier_->Languages(), (*first)->Languages());
  EXPECT_THAT(identifier_->Languages(), SizeIs(176));
}

TEST_F(PooledIdentifierTest, AnyBytesHaveAnAnswer) {
  const std::vector<std::string> texts = {
      std::string(1, '\0') + "Guten Abend" + std::string(3, '\0'),
      "\xed\xa0\x80 lone surrogate \xed\xbf\xbf",
      "\xff\xfe\xc0\x80\xf5",
      "caf\xc3",
      "\u202e\u2066\u200f",
      "</s> __label__de </s>",
      std::string(5000, 'a'),
  };
  for (const std::string& text : texts) {
    const Identification answer = Identify(text, 3);
    ASSERT_THAT(answer.guesses, testing::Not(IsEmpty()));
    for (const LanguageGuess& guess : answer.guesses) {
      EXPECT_GE(guess.confidence, 0);
      EXPECT_LE(guess.confidence, 1);
    }
  }
}

TEST_F(PooledIdentifierTest, TenMegabytesOfOneLineTakeBoundedTime) {
  std::string words;
  while (words.size() < (10 << 20)) words += "Wir haben gestern lange auf den Zug gewartet ";
  std::string word;
  while (word.size() < (10 << 20)) word += "straßenbahn";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(LanguageOf(words), "de");
  EXPECT_THAT(Identify(word).guesses, SizeIs(1));
  EXPECT_THAT(Identify(std::string(10 << 20, '\x80')).guesses, SizeIs(1));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(40));
}

TEST_F(PooledIdentifierTest, AnswersAreTheSameInManyThreads) {
  const std::vector<std::string> texts = {"Wasserkocher", "no", "привет", "la casa", "你好"};
  std::vector<Identification> expected;
  for (const std::string& text : texts) expected.push_back(Identify(text, 3));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const Identification answer = Identify(texts[i % texts.size()], 3);
        const Identification& wanted = expected[i % texts.size()];
        ASSERT_EQ(answer.guesses.size(), wanted.guesses.size());
        EXPECT_EQ(answer.guesses[0].language, wanted.guesses[0].language);
        EXPECT_EQ(answer.guesses[0].confidence, wanted.guesses[0].confidence);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(PooledIdentifierTest, OpinionsAreThoseOfContenders) {
  const FastTextLanguageIdentifier::Opinions opinions = identifier_->OpinionsOn("Wasserkocher!");
  EXPECT_EQ(opinions.letters, 12u);
  EXPECT_THAT(opinions.languages, Contains("de"));
  ASSERT_EQ(opinions.first.size(), opinions.languages.size());
  ASSERT_EQ(opinions.second.size(), opinions.languages.size());
  EXPECT_THAT(opinions.first, Each(testing::Ge(kOpinionMin)));
  EXPECT_LT(opinions.vote, static_cast<int>(opinions.languages.size()));
  EXPECT_EQ(identifier_->OpinionsOn("12345").letters, 0u);
}

TEST(PoolTest, ModelsWithoutACommonLanguageAreRefused) {
  const auto first = FastTextLanguageIdentifier::Create("models/hexapla-lid.ftz");
  ASSERT_TRUE(first.ok()) << first.status();
  // A space has one label, which is no language.
  const auto second = FastTextLanguageIdentifier::Create("models/hexapla-space.ftz");
  if (!second.ok()) GTEST_SKIP() << second.status();
  const auto pool = FastTextLanguageIdentifier::Create(**first, **second, OpinionWeights());
  EXPECT_EQ(pool.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PoolTest, WeightsDecideWhoIsHeard) {
  OpinionWeights second_only;
  second_only.models.second.fill(1);
  second_only.models.absent.fill(-20);
  const auto identifier = Load(second_only);
  ASSERT_NE(identifier, nullptr);
  const auto second = FastTextLanguageIdentifier::Create("models/hexapla-lid.ftz");
  for (const std::string text : {"Wasserkocher", "kirjasto", "könyvtár", "вулиця"}) {
    EXPECT_EQ(identifier->Identify(text, {}).guesses[0].language,
              (*second)->Identify(text, {}).guesses[0].language);
  }
}

TEST(AskCld2Test, HasTheFullTables) {
  const std::vector<std::string> languages = Cld2Languages();
  const auto language_of = [&](const std::string& text) { return languages.at(AskCld2(text)); };
  EXPECT_EQ(language_of("el tren llegó con mucho retraso y nadie sabía por qué"), "es");
  EXPECT_EQ(language_of("jeg vet ikke hvorfor hun ikke kom hjem i går"), "nb");
  // The small tables do not know Hawaiian.
  EXPECT_EQ(language_of("aloha kakahiaka e nā keiki o ka ʻāina aloha"), "haw");
}

TEST(AskCld2Test, WhatItDoesNotKnowIsUnd) {
  const std::vector<std::string> languages = Cld2Languages();
  for (const std::string text : {"", "12345"})
    EXPECT_EQ(languages.at(AskCld2(text)), "und") << text;
}

}  // namespace
}  // namespace hexapla
