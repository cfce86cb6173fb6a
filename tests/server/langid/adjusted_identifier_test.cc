// SPDX-License-Identifier: Apache-2.0
#include "server/langid/adjusted_identifier.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "server/langid/macrolanguage.h"

namespace hexapla {
namespace {

// Gives one answer to everything.
class OneAnswer final : public LanguageIdentifier {
 public:
  explicit OneAnswer(Identification answer) : answer_(std::move(answer)) {}
  Identification Identify(absl::string_view, const IdentifyOptions& options) const override {
    asked_for = options.guesses_max;
    Identification answer = answer_;
    if (answer.guesses.size() > static_cast<size_t>(options.guesses_max)) {
      answer.guesses.resize(options.guesses_max);
    }
    return answer;
  }
  mutable int asked_for = 0;

 private:
  const Identification answer_;
};

Identification Answer(std::vector<std::pair<std::string, float>> guesses, bool reliable = false) {
  Identification answer;
  for (const auto& [language, confidence] : guesses) {
    answer.guesses.push_back({language, language, confidence});
  }
  answer.script = "Latn";
  answer.reliable = reliable;
  return answer;
}

Identification Adjust(const Identification& answer, const Adjustments& adjustments,
                      int guesses_max = 8) {
  const OneAnswer identifier(answer);
  return AdjustedIdentifier(identifier, adjustments)
      .Identify("text", {.guesses_max = guesses_max, .candidates = {}});
}

TEST(AdjustedIdentifierTest, WithoutAdjustmentsNothingIsAskedMore) {
  const OneAnswer identifier(Answer({{"hr", 0.5f}, {"sr", 0.4f}}));
  const Adjustments none;
  const Identification answer = AdjustedIdentifier(identifier, none).Identify("text", {});
  EXPECT_EQ(identifier.asked_for, 1);
  EXPECT_EQ(answer.guesses.size(), 1u);
  EXPECT_EQ(answer.guesses[0].confidence, 0.5f);
}

TEST(AdjustedIdentifierTest, AHintTipsADoubtfulCase) {
  const Identification answer =
      Adjust(Answer({{"hr", 0.5f}, {"sr", 0.3f}, {"bs", 0.2f}}), {.hints = {"sr"}});
  EXPECT_EQ(answer.guesses[0].language, "sr");
  EXPECT_NEAR(answer.guesses[0].confidence, 1.2 / 1.9, 1e-4);
  float sum = 0;
  for (const LanguageGuess& guess : answer.guesses) sum += guess.confidence;
  EXPECT_NEAR(sum, 1, 1e-4);
}

TEST(AdjustedIdentifierTest, AHintDoesNotTurnASureCase) {
  const Identification answer =
      Adjust(Answer({{"en", 0.95f}, {"fr", 0.05f}}, true), {.hints = {"fr"}});
  EXPECT_EQ(answer.guesses[0].language, "en");
  EXPECT_TRUE(answer.reliable);
}

TEST(AdjustedIdentifierTest, AnAnswerThatAHintTurnedIsNotReliable) {
  EXPECT_FALSE(Adjust(Answer({{"en", 0.7f}, {"fr", 0.3f}}, true), {.hints = {"fr"}}).reliable);
}

TEST(AdjustedIdentifierTest, AHintMeansEveryFormOfItsLanguage) {
  const Identification answer =
      Adjust(Answer({{"da", 0.4f}, {"nb", 0.3f}, {"nn", 0.3f}}), {.hints = {"no"}});
  EXPECT_EQ(answer.guesses[0].language, "nb");
  EXPECT_EQ(answer.guesses[2].language, "da");
}

TEST(AdjustedIdentifierTest, HintsOfOtherLanguagesChangeNothing) {
  const Identification answer = Adjust(Answer({{"en", 0.6f}, {"fr", 0.4f}}), {.hints = {"qqq"}});
  EXPECT_EQ(answer.guesses[0].confidence, 0.6f);
}

TEST(AdjustedIdentifierTest, AMacrolanguageAddsUpItsMembers) {
  const Adjustments group = {.hints = {}, .group_macrolanguages = true};
  const Identification answer =
      Adjust(Answer({{"sl", 0.35f}, {"hr", 0.33f}, {"sr-Latn", 0.2f}, {"bs", 0.12f}}), group);
  ASSERT_EQ(answer.guesses.size(), 2u);
  EXPECT_EQ(answer.guesses[0].language, "sh");
  EXPECT_EQ(answer.guesses[0].raw_label, "hr");
  EXPECT_NEAR(answer.guesses[0].confidence, 0.65f, 1e-5);
  EXPECT_FALSE(answer.reliable);
  EXPECT_TRUE(Adjust(Answer({{"hr", 0.5f}, {"sr", 0.45f}}), group).reliable);
}

TEST(AdjustedIdentifierTest, NoMoreGuessesThanAsked) {
  const Identification answer =
      Adjust(Answer({{"en", 0.5f}, {"fr", 0.3f}, {"de", 0.2f}}), {.hints = {"fr"}}, 2);
  EXPECT_EQ(answer.guesses.size(), 2u);
}

TEST(AdjustedIdentifierTest, UndeterminedStays) {
  const Identification answer =
      Adjust(Answer({{"und", 0.0f}}), {.hints = {"fr"}, .group_macrolanguages = true});
  EXPECT_EQ(answer.guesses[0].language, "und");
  EXPECT_EQ(answer.guesses[0].confidence, 0);
  EXPECT_FALSE(answer.reliable);
}

TEST(MacrolanguageTest, MembersHaveOneAndOthersAreThemselves) {
  EXPECT_EQ(MacrolanguageOf("hr"), "sh");
  EXPECT_EQ(MacrolanguageOf("sr-Latn"), "sh");
  EXPECT_EQ(MacrolanguageOf("id"), "ms");
  EXPECT_EQ(MacrolanguageOf("nb"), "no");
  EXPECT_EQ(MacrolanguageOf("arz"), "ar");
  EXPECT_EQ(MacrolanguageOf("yue"), "zh");
  EXPECT_EQ(MacrolanguageOf("zh-Hant"), "zh-Hant");
  EXPECT_EQ(MacrolanguageOf("en"), "en");
  EXPECT_EQ(MacrolanguageOf("und"), "und");
  EXPECT_EQ(MacrolanguageOf(""), "");
}

}  // namespace
}  // namespace hexapla
