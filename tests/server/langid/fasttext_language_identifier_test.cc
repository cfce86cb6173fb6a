// SPDX-License-Identifier: Apache-2.0
#include "server/langid/fasttext_language_identifier.h"

#include <fasttext/fasttext.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace hexapla {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

class Lid176Test : public testing::Test {
 protected:
  void SetUp() override {
    auto identifier = FastTextLanguageIdentifier::Create("models/lid.176.ftz");
    ASSERT_TRUE(identifier.ok()) << identifier.status() << "; deploy/fetch-language-model";
    identifier_ = *std::move(identifier);
  }

  std::string LanguageOf(const std::string& text) const {
    return identifier_->Identify(text, {}).guesses[0].language;
  }

  std::unique_ptr<const FastTextLanguageIdentifier> identifier_;
};

TEST_F(Lid176Test, NamesTheLanguageOfSentences) {
  struct Case {
    std::string language;
    std::string script;
    std::string text;
  };
  const std::vector<Case> cases = {
      {"en", "Latn", "The committee will publish its report before the summer break."},
      {"fr", "Latn", "Les habitants ont demandé que la place soit rendue aux piétons."},
      {"de", "Latn", "Die Brücke wird im Herbst gesperrt, weil die Pfeiler morsch sind."},
      {"vi", "Latn", "Các nhà khoa học đã so sánh số liệu với những ghi chép cũ."},
      {"ru", "Cyrl", "Поезд пришёл на станцию рано утром, когда город ещё спал."},
      {"ar", "Arab", "يفتح المتحف أبوابه كل صباح ما عدا يوم الاثنين."},
      {"zh-Hans", "Hans", "图书馆每天早上九点开门，读者可以在二楼看书。"},
      {"zh-Hant", "Hant", "圖書館每天早上九點開門，讀者可以在二樓看書。"},
      {"ja", "Jpan", "図書館は毎朝九時に開き、二階で本を読むことができます。"},
      {"ko", "Kore", "도서관은 매일 아침 아홉 시에 문을 엽니다."},
      {"el", "Grek", "Το τρένο έφτασε νωρίς το πρωί."},
      {"th", "Thai", "ห้องสมุดเปิดทุกวันตอนเก้าโมงเช้า"},
      {"he", "Hebr", "הספרייה נפתחת בכל בוקר בשעה תשע."},
      {"hi", "Deva", "पुस्तकालय हर सुबह नौ बजे खुलता है और शाम को बंद होता है।"},
  };
  for (const Case& c : cases) {
    const Identification answer = identifier_->Identify(c.text, {});
    EXPECT_EQ(answer.guesses[0].language, c.language) << c.text;
    EXPECT_EQ(answer.script, c.script) << c.text;
    EXPECT_TRUE(answer.reliable) << c.text << answer.guesses[0].confidence;
  }
}

TEST_F(Lid176Test, NoiseChangesNothing) {
  const std::string text = "les habitants ont demandé que la place soit rendue aux piétons";
  const Identification plain = identifier_->Identify(text, {});
  const std::vector<std::string> noisy = {
      "LES HABITANTS ONT DEMANDÉ QUE LA PLACE SOIT RENDUE AUX PIÉTONS",
      "Les Habitants Ont Demandé Que La Place Soit Rendue Aux Piétons",
      "les habitants ont demande\xCC\x81 que la place soit rendue aux pie\xCC\x81tons",
      "@jane les habitants ont demandé que la place soit rendue aux piétons 😂😂 "
      "https://example.org/the/way/of/things jane@example.org",
      "« les habitants » ont demandé: que la place soit rendue (aux piétons) 12.03.2024!",
  };
  for (const std::string& other : noisy) {
    const Identification answer = identifier_->Identify(other, {});
    EXPECT_EQ(answer.guesses[0].language, "fr") << other;
    EXPECT_FLOAT_EQ(answer.guesses[0].confidence, plain.guesses[0].confidence) << other;
  }
}

TEST_F(Lid176Test, WhatTheModelKnowsNothingOfIsUndetermined) {
  for (const std::string text : {"", "   \n", "12345", "!!!", "😂", "a", "https://example.org",
                                 "12:30 – 14:00", "\xFF\xFE"}) {
    const Identification answer = identifier_->Identify(text, {.guesses_max = 3, .candidates = {}});
    ASSERT_EQ(answer.guesses.size(), 1u) << text;
    EXPECT_EQ(answer.guesses[0].language, "und") << text;
    EXPECT_EQ(answer.guesses[0].raw_label, "");
    EXPECT_EQ(answer.guesses[0].confidence, 0);
    EXPECT_FALSE(answer.reliable);
  }
  EXPECT_EQ(identifier_->Identify("123", {}).script, "Zyyy");
}

TEST_F(Lid176Test, AScriptThatNoLanguageOfTheModelHasIsUndetermined) {
  const Identification answer = identifier_->Identify("ᎣᏏᏲ ᏙᎯᏧ ᎠᏂᏴᏫᏯ", {});
  EXPECT_EQ(answer.guesses[0].language, "und");
  EXPECT_EQ(answer.script, "Cher");
}

TEST_F(Lid176Test, ALanguageAloneInItsScriptNeedsNoModel) {
  EXPECT_EQ(LanguageOf("λ"), "el");
  EXPECT_EQ(LanguageOf("ก"), "th");
  EXPECT_EQ(LanguageOf("か"), "ja");
}

TEST_F(Lid176Test, TagsSayTheScriptWhereItIsNotTheUsualOne) {
  EXPECT_EQ(identifier_
                ->Identify("Воз је стигао рано ујутру, док је град још спавао.",
                           {.guesses_max = 1, .candidates = {"sr"}})
                .guesses[0]
                .language,
            "sr");
  EXPECT_EQ(identifier_
                ->Identify("Voz je stigao rano ujutru, dok je grad još spavao.",
                           {.guesses_max = 1, .candidates = {"sr"}})
                .guesses[0]
                .language,
            "sr-Latn");
  EXPECT_EQ(LanguageOf("中文"), "zh");
}

TEST_F(Lid176Test, GuessesAreOrderedAndSumToOneAtMost) {
  const Identification answer =
      identifier_->Identify("sne og is", {.guesses_max = 500, .candidates = {}});
  ASSERT_GT(answer.guesses.size(), 10u);
  float sum = 0;
  for (size_t i = 0; i < answer.guesses.size(); ++i) {
    sum += answer.guesses[i].confidence;
    if (i == 0) continue;
    EXPECT_LE(answer.guesses[i].confidence, answer.guesses[i - 1].confidence);
  }
  EXPECT_NEAR(sum, 1, 1e-4);
  EXPECT_EQ(identifier_->Identify("sne og is", {.guesses_max = 3, .candidates = {}}).guesses.size(),
            3u);
  EXPECT_EQ(identifier_->Identify("sne og is", {.guesses_max = 0, .candidates = {}}).guesses.size(),
            1u);
}

TEST_F(Lid176Test, OnlyCandidatesAreConsidered) {
  const std::string text = "sne og is på fjellet";
  const auto best = [&](std::vector<std::string> candidates) {
    return identifier_->Identify(text, {.guesses_max = 9, .candidates = std::move(candidates)});
  };
  const Identification answer = best({"sv", "fr"});
  ASSERT_EQ(answer.guesses.size(), 2u);
  EXPECT_EQ(answer.guesses[0].language, "sv");
  EXPECT_NEAR(answer.guesses[0].confidence + answer.guesses[1].confidence, 1, 1e-5);
  EXPECT_EQ(best({"no", "fr"}).guesses[0].language, "nb");
  EXPECT_EQ(best({"no", "fr"}).guesses[0].raw_label, "no");
  EXPECT_EQ(best({"no", "fr"}).guesses.size(), 3u);  // nb, nn, fr
  EXPECT_EQ(best({"nb", "fr"}).guesses.size(), 2u);
  EXPECT_EQ(best({"sv-SE", "qqq"}).guesses[0].language, "sv");
  EXPECT_EQ(best({"qqq"}).guesses[0].language, "und");
  EXPECT_EQ(best({"ru"}).guesses[0].language, "und");  // not in Latin script
}

TEST_F(Lid176Test, TheRawLabelIsTheModels) {
  const Identification answer = identifier_->Identify(
      "D Lüt hend gseit, si welled hüt nüme schaffe.", {.guesses_max = 1, .candidates = {"gsw"}});
  EXPECT_EQ(answer.guesses[0].language, "gsw");
  EXPECT_EQ(answer.guesses[0].raw_label, "als");
}

TEST_F(Lid176Test, LongTextsOfAnyKindAreAnswered) {
  std::string text;
  while (text.size() < (1 << 20))
    text += "Der Zug kam früh am Morgen an, als die Stadt noch schlief. ";
  EXPECT_EQ(LanguageOf(text), "de");
  EXPECT_EQ(LanguageOf(std::string(1 << 20, '1')), "und");
  LanguageOf(std::string(1 << 20, 'x'));
  LanguageOf(std::string(1 << 20, '\xFF'));
}

TEST_F(Lid176Test, ThreadsShareAnIdentifier) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const bool french = (i + t) % 2 == 0;
        EXPECT_EQ(
            LanguageOf(french ? "la place du marché est fermée" : "the market square is closed"),
            french ? "fr" : "en");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Lid176Test, LanguagesAreListed) {
  const std::vector<std::string> languages = identifier_->Languages();
  EXPECT_EQ(languages.size(), 176u);
  EXPECT_THAT(languages, Contains("gsw"));
  EXPECT_TRUE(std::is_sorted(languages.begin(), languages.end()));
}

// A model with labels as OpenLID and GlotLID have them.
std::string TrainScriptLabels() {
  const std::string path = testing::TempDir() + "/scripts_" + std::to_string(getpid());
  {
    std::ofstream out(path + ".txt");
    for (int i = 0; i < 60; ++i) {
      out << "__label__zho_Hans 图书馆 开门 说明\n__label__zho_Hant 圖書館 開門 說明\n"
          << "__label__srp_Cyrl воз стигао рано\n__label__srp_Latn voz stigao rano\n"
          << "__label__als_Latn treni arriti herët\n__label__noise voz treni\n";
    }
  }
  ::fasttext::Args args;
  args.input = path + ".txt";
  args.model = ::fasttext::model_name::sup;
  args.loss = ::fasttext::loss_name::softmax;
  args.dim = 8;
  args.minn = 1;
  args.maxn = 3;
  args.bucket = 1000;
  args.minCount = 1;
  args.thread = 1;
  args.epoch = 20;
  args.lr = 0.5;
  args.verbose = 0;
  ::fasttext::FastText model;
  model.train(args);
  model.saveModel(path + ".bin");
  return path + ".bin";
}

TEST(ScriptLabelsTest, LabelsWithScriptsAreUnderstood) {
  auto identifier = FastTextLanguageIdentifier::Create(TrainScriptLabels());
  ASSERT_TRUE(identifier.ok()) << identifier.status();
  const auto language = [&](const std::string& text, std::vector<std::string> candidates = {}) {
    const IdentifyOptions options = {.guesses_max = 1, .candidates = std::move(candidates)};
    return (*identifier)->Identify(text, options).guesses[0].language;
  };
  EXPECT_THAT((*identifier)->Languages(),
              ElementsAre("sq", "sr", "sr-Latn", "und", "zh-Hans", "zh-Hant"));
  EXPECT_EQ(language("图书馆 说明"), "zh-Hans");
  EXPECT_EQ(language("圖書館 說明"), "zh-Hant");
  EXPECT_EQ(language("воз стигао"), "sr");
  EXPECT_EQ(language("voz stigao rano", {"sr", "sq"}), "sr-Latn");
  EXPECT_EQ(language("voz stigao rano", {"sr-Latn"}), "sr-Latn");
  EXPECT_EQ(language("treni arriti"), "sq");
  EXPECT_EQ(language("图书馆", {"zh-Hant"}), "zh-Hant");
  EXPECT_EQ(language("图书馆", {"zh"}), "zh-Hans");
}

TEST(CreateTest, WhatIsNoIdentifierIsRefused) {
  EXPECT_EQ(FastTextLanguageIdentifier::Create("/nowhere/lid.ftz").status().code(),
            absl::StatusCode::kNotFound);
  const std::string path = testing::TempDir() + "/damaged.ftz";
  std::ofstream(path) << "not a model at all";
  EXPECT_EQ(FastTextLanguageIdentifier::Create(path).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace hexapla
