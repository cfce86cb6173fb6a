// SPDX-License-Identifier: Apache-2.0
#include "server/langid/span_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "server/langid/fasttext_language_identifier.h"
#include "server/langid/opinion_weights.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;

// Words with a "1" in front... are made of digits nowhere: a word of "a" and "b"
// is Aymara ("ay"), of "x" and "y" Xhosa ("xh"), of "n" and "m" neither for sure.
// Cyrillic is Russian, and Greek is not known.
class WordIdentifier final : public LanguageIdentifier {
 public:
  Identification Identify(absl::string_view text, const IdentifyOptions& options) const override {
    float ay = 0;
    float xh = 0;
    float ru = 0;
    float both = 0;
    for (const char c : text) {
      ay += c == 'a' || c == 'b';
      xh += c == 'x' || c == 'y';
      both += c == 'n' || c == 'm';
      ru += c == '\xD0';
    }
    const float all = ay + xh + ru + both;
    Identification answer;
    answer.script = ru > 0 ? "Cyrl" : "Latn";
    if (all == 0) {
      answer.guesses = {{"und", "", 0}};
      return answer;
    }
    const float even = 0.02f;
    const float sum = all + 3 * even;
    answer.guesses = {{"ay", "ay", (ay + both / 2 + even) / sum},
                      {"xh", "xh", (xh + both / 2 + even) / sum},
                      {"ru", "ru", (ru + even) / sum}};
    std::stable_sort(
        answer.guesses.begin(), answer.guesses.end(),
        [](const LanguageGuess& a, const LanguageGuess& b) { return a.confidence > b.confidence; });
    if (!options.candidates.empty()) {
      std::erase_if(answer.guesses, [&options](const LanguageGuess& guess) {
        return std::count(options.candidates.begin(), options.candidates.end(), guess.language) ==
               0;
      });
    }
    if (answer.guesses.empty()) answer.guesses = {{"und", "", 0}};
    answer.reliable = answer.guesses[0].confidence > 0.8f;
    if (answer.guesses.size() > static_cast<size_t>(options.guesses_max)) {
      answer.guesses.resize(options.guesses_max);
    }
    return answer;
  }
};

DetectedSpans Detect(absl::string_view text, const IdentifyOptions& options = {},
                     const Adjustments& adjustments = {}) {
  auto spans = DetectSpans(WordIdentifier(), text, options, adjustments, {});
  EXPECT_TRUE(spans.ok());
  // Whatever the text: all of it, in order, and neighbours differ.
  size_t at = 0;
  for (size_t i = 0; i < spans->spans.size(); ++i) {
    const DetectedSpan& span = spans->spans[i];
    EXPECT_EQ(span.range.begin, at);
    EXPECT_LE(span.range.begin, span.range.end);
    EXPECT_FALSE(span.identification.guesses.empty());
    at = span.range.end;
    if (i > 0) {
      EXPECT_NE(span.identification.guesses[0].language,
                spans->spans[i - 1].identification.guesses[0].language);
    }
  }
  EXPECT_EQ(at, text.size());
  return *std::move(spans);
}

// "LANGUAGE:text" of every span, with a bar between.
std::string SpansOf(absl::string_view text, const IdentifyOptions& options = {},
                    const Adjustments& adjustments = {}) {
  std::vector<std::string> parts;
  for (const DetectedSpan& span : Detect(text, options, adjustments).spans) {
    const absl::string_view piece = span.range.Of(text);
    parts.push_back(absl::StrCat(span.identification.guesses[0].language, ":", piece));
  }
  return absl::StrJoin(parts, "|");
}

TEST(SpanDetectorTest, OneLanguageIsOneSpan) {
  EXPECT_EQ(SpansOf("abba baba. Abab!\nbaab"), "ay:abba baba. Abab!\nbaab");
}

TEST(SpanDetectorTest, LinesAreCutApart) {
  EXPECT_EQ(SpansOf("abba baba abab\nxyxy yxxy xyyx\n"), "ay:abba baba abab\n|xh:xyxy yxxy xyyx\n");
}

TEST(SpanDetectorTest, SentencesAreCutApart) {
  EXPECT_EQ(SpansOf("Abba baba abab. 12 xyxy yxxy xyyx."),
            "ay:Abba baba abab. |xh:12 xyxy yxxy xyyx.");
}

TEST(SpanDetectorTest, AQuotationWithinASentenceIsASpan) {
  EXPECT_EQ(SpansOf("abba baba abab \"xyxy yxxy xyyx xxyy\" abba baba abab"),
            "ay:abba baba abab |xh:\"xyxy yxxy xyyx xxyy\" |ay:abba baba abab");
}

TEST(SpanDetectorTest, ANameInAnotherLanguageIsNotCutOut) {
  EXPECT_EQ(SpansOf("abba baba abab xyxy abba baba abab"), "ay:abba baba abab xyxy abba baba abab");
}

TEST(SpanDetectorTest, AScriptThatALanguageDoesNotHaveIsCutOut) {
  EXPECT_EQ(SpansOf("abba baba (слово дело тело) abab abba"),
            "ay:abba baba |ru:(слово дело тело) |ay:abab abba");
}

// The identifier as shipped, for texts whose scripts change.
class PooledSpansTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const auto first = FastTextLanguageIdentifier::Create("models/lid.176.ftz");
    const auto second = FastTextLanguageIdentifier::Create("models/hexapla-lid.ftz");
    const auto weights = OpinionWeights::Read("models/hexapla-identifier.txt");
    ASSERT_TRUE(first.ok() && second.ok() && weights.ok());
    auto pool = FastTextLanguageIdentifier::Create(**first, **second, *weights);
    ASSERT_TRUE(pool.ok()) << pool.status();
    identifier_ = std::move(*pool).release();
  }
  static void TearDownTestSuite() { delete identifier_; }
  void SetUp() override { ASSERT_NE(identifier_, nullptr); }

  static std::vector<DetectedSpan> Spans(absl::string_view text) {
    const auto found =
        DetectSpans(*identifier_, text, {.guesses_max = 3, .candidates = {}}, {}, {});
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? found->spans : std::vector<DetectedSpan>();
  }
  static std::string PiecesOf(absl::string_view text) {
    std::vector<absl::string_view> pieces;
    for (const DetectedSpan& span : Spans(text)) pieces.push_back(span.range.Of(text));
    return absl::StrJoin(pieces, "|");
  }

  static const FastTextLanguageIdentifier* identifier_;
};

const FastTextLanguageIdentifier* PooledSpansTest::identifier_ = nullptr;

TEST_F(PooledSpansTest, ShortTextIsCutWhereTheScriptChanges) {
  for (const std::string pieces : {
           "Die Sitzung ist eröffnet. |会议现在开始。",
           "The word is |你好。",
           "这是中文。 |Hello.",
           "She said: |שלום לכולם, |and left the room.",
       }) {
    EXPECT_EQ(PiecesOf(absl::StrReplaceAll(pieces, {{"|", ""}})), pieces);
  }
}

TEST_F(PooledSpansTest, SymbolsAndLatinNamesAreNotCutOut) {
  for (const std::string text : {
           "The angle α is smaller than the angle β in this drawing.",
           "我们昨天在北京的商店里买了一台 iPhone 手机，价格比网上便宜很多。",
           "Вчера мы купили новый телефон Samsung в магазине рядом с домом.",
       }) {
    EXPECT_EQ(PiecesOf(text), text);
  }
}

TEST_F(PooledSpansTest, AnAlternativeOfAnotherScriptDoesNotOutrank) {
  const std::vector<DetectedSpan> spans =
      Spans("Привет всем. Hello to everyone here. これは日本語です。");
  ASSERT_EQ(spans.size(), 3u);
  for (const DetectedSpan& span : spans) {
    const std::vector<LanguageGuess>& guesses = span.identification.guesses;
    if (guesses.size() > 1) {
      EXPECT_GE(guesses[0].confidence, guesses[1].confidence);
    }
  }
  EXPECT_EQ(spans[0].identification.guesses[0].language, "ru");
  EXPECT_GT(spans[0].identification.guesses[0].confidence, 0.5f);
}

TEST(SpanDetectorTest, WordsThatCouldBeEitherFollowTheOthers) {
  EXPECT_EQ(SpansOf("abba nmnm mnnm abab"), "ay:abba nmnm mnnm abab");
}

TEST(SpanDetectorTest, TextWithoutLettersIsOneUndeterminedSpan) {
  for (const char* text : {" ", "12345", "!!!", "😂", "\u200F\u200E", "https://example.org"}) {
    const DetectedSpans found = Detect(text);
    ASSERT_EQ(found.spans.size(), 1u) << text;
    EXPECT_EQ(found.spans[0].identification.guesses[0].language, "und");
    EXPECT_TRUE(found.shares.empty());
  }
}

TEST(SpanDetectorTest, LettersThatNobodyKnowsAreASpanOfTheirOwn) {
  EXPECT_EQ(SpansOf("abba baba abab\nλόγος λόγος λόγος λόγος\nabba baba"),
            "ay:abba baba abab\n|und:λόγος λόγος λόγος λόγος\n|ay:abba baba");
  EXPECT_EQ(SpansOf("λόγος λόγος"), "und:λόγος λόγος");
  EXPECT_EQ(Detect("λόγος").spans[0].identification.guesses[0].confidence, 0);
}

TEST(SpanDetectorTest, SharesAreOfTheLetters) {
  const DetectedSpans found = Detect("abba baba abab\nxyxy yxxy xyyx xxyy xyxy yxxy 12345678");
  ASSERT_EQ(found.shares.size(), 2u);
  EXPECT_EQ(found.shares[0].language, "xh");
  EXPECT_NEAR(found.shares[0].share, 24.0 / 36, 1e-5);
  EXPECT_EQ(found.shares[1].language, "ay");
  EXPECT_NEAR(found.shares[1].share, 12.0 / 36, 1e-5);
}

TEST(SpanDetectorTest, ASureSpanIsReliableAndCarriesItsAlternatives) {
  const DetectedSpans found =
      Detect("abba baba abab\nxyxy yxxy xyyx", {.guesses_max = 3, .candidates = {}});
  const Identification& first = found.spans[0].identification;
  EXPECT_TRUE(first.reliable);
  EXPECT_GT(first.guesses[0].confidence, 0.9f);
  EXPECT_LE(first.guesses[0].confidence, 1.0f);
  EXPECT_EQ(first.guesses[0].raw_label, "ay");
  EXPECT_EQ(first.script, "Latn");
  ASSERT_GE(first.guesses.size(), 2u);
  EXPECT_EQ(first.guesses[1].language, "xh");
}

TEST(SpanDetectorTest, ADoubtfulWordIsNotReliable) {
  const Identification answer = Detect("nmnm").spans[0].identification;
  EXPECT_LT(answer.guesses[0].confidence, 0.6f);
  EXPECT_FALSE(answer.reliable);
}

TEST(SpanDetectorTest, OnlyCandidatesAreAnswered) {
  EXPECT_EQ(SpansOf("abba baba abab\nxyxy yxxy xyyx", {.guesses_max = 1, .candidates = {"xh"}}),
            "xh:abba baba abab\nxyxy yxxy xyyx");
}

TEST(SpanDetectorTest, AHintDecidesWhatCouldBeEither) {
  EXPECT_EQ(SpansOf("nmnm mnnm", {}, {.hints = {"xh"}}), "xh:nmnm mnnm");
  EXPECT_EQ(SpansOf("nmnm mnnm", {}, {.hints = {"ay"}}), "ay:nmnm mnnm");
  EXPECT_EQ(SpansOf("abba baba abab", {}, {.hints = {"xh"}}), "ay:abba baba abab");
}

TEST(SpanDetectorTest, LongTextsAreCutAcrossBlocks) {
  std::string text;
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&text, "abba baba. ");
  const size_t change = text.size();
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&text, "xyxy yxxy. ");
  const DetectedSpans found = Detect(text);
  ASSERT_EQ(found.spans.size(), 2u);
  EXPECT_EQ(found.spans[1].range.begin, change);
}

TEST(SpanDetectorTest, AnyTextIsCoveredWhateverItHolds) {
  static const std::vector<std::string> kParts = {
      "abba", "xyxy",   "слово", "λόγος", " ",
      "\n",   ". ",     "\"",    "(",     ")",
      "12",   "\u200F", "。",    "漢字",  std::string(1, '\0'),
      "😂",    "'",      "«",     "»",     "http://x.org/",
      "\r\n", "\u0301"};
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (size_t parts = random() % 30; parts > 0; --parts) text += kParts[random() % kParts.size()];
    Detect(text);
  }
}

TEST(SpanDetectorTest, ACancelledCallStops) {
  std::atomic<bool> cancelled = true;
  const auto spans = DetectSpans(WordIdentifier(), "abba baba", {}, {},
                                 StopCondition(&cancelled, absl::InfiniteFuture()));
  EXPECT_EQ(spans.status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace hexapla
