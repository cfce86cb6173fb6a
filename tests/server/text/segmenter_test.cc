// SPDX-License-Identifier: Apache-2.0
#include "server/text/segmenter.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unicode/brkiter.h>
#include <unicode/utext.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"

#include "server/text/code_points.h"
#include "server/text/utf8.h"
#include "tests/testing/golden.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Segmenter& TheSegmenter() {
  static const Segmenter* const segmenter = new Segmenter;
  return *segmenter;
}

std::vector<TextRange> Split(absl::string_view text, absl::string_view language = "en") {
  auto sentences = TheSegmenter().Split(text, language, StopCondition());
  EXPECT_TRUE(sentences.ok()) << sentences.status();
  return *std::move(sentences);
}

std::vector<std::string> Sentences(absl::string_view text, absl::string_view language = "en") {
  std::vector<std::string> sentences;
  for (const TextRange& range : Split(text, language)) {
    sentences.emplace_back(std::string(range.Of(text)));
  }
  return sentences;
}

bool IsBlank(absl::string_view text) { return SkipSpaces(text, 0, text.size()) == text.size(); }

// The invariants of the class comment.
void ExpectRebuilds(absl::string_view text, absl::string_view language) {
  size_t end = 0;
  for (const TextRange& range : Split(text, language)) {
    ASSERT_GE(range.begin, end);
    ASSERT_GT(range.end, range.begin);
    ASSERT_LE(range.end, text.size());
    EXPECT_TRUE(IsBlank(text.substr(end, range.begin - end)));
    EXPECT_EQ(Trim(text, range), range);
    EXPECT_EQ(FirstInvalidUtf8(range.Of(text)), std::nullopt);
    end = range.end;
  }
  EXPECT_TRUE(IsBlank(text.substr(end)));
}

TEST(SegmenterTest, SplitsAsTheGoldenFilesSay) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/golden/segmenter")) {
    const std::string language = entry.path().stem().string();
    const auto cases = testing::ReadGoldenFile(entry.path().string());
    ASSERT_TRUE(cases.ok()) << cases.status();
    for (const testing::GoldenCase& c : *cases) {
      std::vector<std::string> sentences = Sentences(c.input, language);
      for (std::string& sentence : sentences) {
        sentence = absl::StrReplaceAll(sentence, {{"\n", "⏎"}});
      }
      const std::string actual = absl::StrJoin(sentences, "\n");
      EXPECT_EQ(actual, c.expected) << entry.path() << ":" << c.line;
      ExpectRebuilds(c.input, language);
    }
    ++files;
  }
  EXPECT_GE(files, 16);
}

TEST(SegmenterTest, NoTextHasNoSentences) {
  EXPECT_THAT(Split(""), IsEmpty());
  EXPECT_THAT(Split(" \n\t\r\n\u00A0\u2028\u3000\u200B\uFEFF"), IsEmpty());
}

TEST(SegmenterTest, TrimsEveryKindOfSpace) {
  EXPECT_THAT(Sentences("\uFEFF\u00A0 One.\u00A0 Two. \u3000\n\n"), ElementsAre("One.", "Two."));
}

TEST(SegmenterTest, EndsAtEveryKindOfLineBreak) {
  EXPECT_THAT(Sentences("one\ntwo\r\nthree\rfour\u2028five\u2029six\u0085seven"),
              ElementsAre("one", "two", "three", "four", "five", "six", "seven"));
}

TEST(SegmenterTest, KeepsNulBytesAndMarksWithoutLetters) {
  const absl::string_view text("a\0b. \0 C.", 9);
  ExpectRebuilds(text, "en");
  EXPECT_THAT(Sentences("\u200F\u200E\u202B"), ElementsAre("\u200F\u200E\u202B"));
  EXPECT_THAT(Sentences("\u0301\u0302"), ElementsAre("\u0301\u0302"));
}

TEST(SegmenterTest, TheRegionOfALanguageChangesNothing) {
  const absl::string_view text = "Am 3. Oktober kam er. Gut.";
  EXPECT_EQ(Split(text, "de-CH"), Split(text, "de"));
  EXPECT_EQ(Split(text, "DE_at"), Split(text, "de"));
  EXPECT_EQ(Sentences(text, "de").size(), 2u);
}

TEST(SegmenterTest, AnUnknownLanguageIsSplitLikeNone) {
  const absl::string_view text = "Mr. Hale left. Then M. Petit came.";
  EXPECT_EQ(Split(text, "tlh"), Split(text, "und"));
  EXPECT_EQ(Split(text, ""), Split(text, "und"));
  EXPECT_EQ(Split(text, "").size(), 2u);
}

// Where a text holds nothing difficult, Unicode's rules and ours agree.
TEST(SegmenterTest, AgreesWithIcuOnPlainText) {
  const std::vector<std::string> texts = {
      "The bell rang. Nobody moved! Why not? It was late.",
      "La cloche sonna. Personne ne bougea! Pourquoi? Il était tard.",
      "Колокол зазвонил. Никто не двинулся! Почему? Было поздно.",
      "钟响了。没有人动！为什么？天晚了。",
      "鐘が鳴った。誰も動かなかった！なぜ？遅かった。",
      "घंटी बजी। कोई नहीं हिला। क्यों? देर हो गई थी।",
      "رن الجرس. لم يتحرك أحد! لماذا؟ كان الوقت متأخرا.",
  };
  for (const std::string& text : texts) {
    UErrorCode error = U_ZERO_ERROR;
    const std::unique_ptr<icu::BreakIterator> icu_sentences(
        icu::BreakIterator::createSentenceInstance(icu::Locale::getRoot(), error));
    UText utext = UTEXT_INITIALIZER;
    utext_openUTF8(&utext, text.data(), static_cast<int64_t>(text.size()), &error);
    icu_sentences->setText(&utext, error);
    ASSERT_TRUE(U_SUCCESS(error));
    std::vector<TextRange> expected;
    for (int32_t begin = 0, end; (end = icu_sentences->next()) != icu::BreakIterator::DONE;
         begin = end) {
      expected.push_back(Trim(text, {static_cast<size_t>(begin), static_cast<size_t>(end)}));
    }
    EXPECT_EQ(Split(text, "und"), expected) << text;
    utext_close(&utext);
  }
}

// Characters that the rules look at, and some that they do not.
std::string RandomText(std::mt19937& random, size_t length) {
  static const std::vector<std::string> pieces = {
      ".",      "..",  "...",    "…",  "!",    "?",      "。", "؟",      "।",
      "．",     " ",   "  ",     "\n", "\r\n", "\u00A0", "\"", "'",      "“",
      "”",      "«",   "»",      "」", "(",    ")",      "（", "）",     "[",
      "]",      "[3]", "\u2029", "a",  "B",    "Mr",     "z",  "3",      "XI",
      "é",      "他",  "说",     "と", "한",   "ا",      "क",  "\u0301", "\u200F",
      "😀",      ",",   ";",      ":",  "-",    "–",      "*",  "¹",      std::string(1, '\0'),
      "\uFEFF", "etc", "U.S."};
  std::uniform_int_distribution<size_t> pick(0, pieces.size() - 1);
  std::string text;
  for (size_t i = 0; i < length; ++i) text += pieces[pick(random)];
  return text;
}

TEST(SegmenterTest, RangesRebuildAnyText) {
  std::mt19937 random(20240229);
  const std::vector<std::string> languages = {"en", "fr", "de", "ru", "zh", "ja",
                                              "ko", "ar", "th", "el", "hy", ""};
  for (int round = 0; round < 3000; ++round) {
    const std::string text = RandomText(random, 1 + random() % 60);
    const std::string& language = languages[random() % languages.size()];
    SCOPED_TRACE(absl::StrCat("round ", round, " ", language));
    ASSERT_NO_FATAL_FAILURE(ExpectRebuilds(text, language));
  }
}

TEST(SegmenterTest, RangesRebuildAnyCodePoints) {
  std::mt19937 random(7);
  std::uniform_int_distribution<UChar32> pick(0, 0x10FFFF);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 50; ++i) {
      const UChar32 c = random() % 2 == 0 ? pick(random) : pick(random) % 0x3100;
      if (U_IS_SURROGATE(c)) continue;
      char bytes[U8_MAX_LENGTH];
      size_t size = 0;
      U8_APPEND_UNSAFE(bytes, size, c);
      text.append(bytes, size);
    }
    ASSERT_NO_FATAL_FAILURE(ExpectRebuilds(text, "und"));
  }
}

TEST(SegmenterTest, IllFormedBytesDoNoHarm) {
  std::mt19937 random(11);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += static_cast<char>(random());
    text += ". A\xE3\x80";
    size_t end = 0;
    for (const TextRange& range : Split(text, "en")) {
      ASSERT_GE(range.begin, end);
      ASSERT_GT(range.end, range.begin);
      end = range.end;
    }
    ASSERT_LE(end, text.size());
  }
}

std::string Repeat(absl::string_view piece, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text.append(piece.data(), piece.size());
  return text;
}

// Each would take minutes if any look back or ahead were not bounded.
TEST(SegmenterTest, HostileTextsTakeLinearTime) {
  constexpr size_t kBytes = 1 << 19;
  const std::vector<std::string> pieces = {
      "x",         ".",         ". ",    ".\"",          ".\"a",        ". \"",
      "a. ",       "a.",        "?)",    "(?) ",         "\u0301",      "\u200F",
      " ",         ".        ", "\n",    "a\n",          "U.S. ",       "1. ",
      "! ? ",      "»",         ". »",   "。”",          "。“他",       "…",
      ".[1]",      "Mr. ",      "ا. ",   ". lower",      "\u2028",      "[",
      "a.b.c. d ", "- ",        "? ??x", "ab. cd. \"ef", "“a.” (b!) c", std::string(1, '\0'),
  };
  for (const std::string& piece : pieces) {
    const std::string text = Repeat(piece, kBytes);
    const absl::Time start = absl::Now();
    Split(text, "en");
    Split(text, "el");
    EXPECT_LT(absl::Now() - start, absl::Seconds(20)) << piece;
  }
  const std::string spaces = absl::StrCat("a.", std::string(kBytes, ' '), "b. C");
  EXPECT_EQ(Split(spaces).size(), 2u);
}

TEST(SegmenterTest, StopsWhenTold) {
  const std::string text = Repeat("One sentence. ", 1 << 20);
  const std::atomic<bool> cancelled = true;
  EXPECT_EQ(TheSegmenter()
                .Split(text, "en", StopCondition(&cancelled, absl::InfiniteFuture()))
                .status()
                .code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(TheSegmenter()
                .Split(Repeat("x", 1 << 20), "en", StopCondition(nullptr, absl::InfinitePast()))
                .status()
                .code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(SegmenterTest, ThreadsShareOne) {
  const std::string text = Repeat("Mr. Hale left. \"Why?\" she asked. Am 3. Mai. ", 1 << 16);
  const std::vector<TextRange> expected = Split(text, "de");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(Split(text, "de"), expected); });
  }
  for (std::thread& thread : threads) thread.join();
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A real article in three languages, split by hand. It is not ours to ship.
TEST(DevelopmentArticleTest, IsSplitAsByHand) {
  const std::filesystem::path shared = "../shared";
  struct Case {
    const char* language;
    const char* raw;
    const char* sentences;
  };
  const std::vector<Case> cases = {
      {"en", "seeds/000_d9a8f98555bef14e.txt", "gold/seeds-multi/000/en.txt"},
      {"fr", "seeds/002_ae62ac346f31ca50.txt", "gold/seeds-multi/000/fr.txt"},
      {"ar", "seeds/003_1e0bbe17658d588b.txt", "gold/seeds-multi/000/ar.txt"},
  };
  for (const Case& c : cases) {
    if (!std::filesystem::exists(shared / c.raw)) {
      GTEST_SKIP() << "no development data at " << shared / c.raw;
    }
    const std::string raw = ReadFile(shared / c.raw);
    EXPECT_EQ(absl::StrCat(absl::StrJoin(Sentences(raw, c.language), "\n"), "\n"),
              ReadFile(shared / c.sentences));
  }
}

}  // namespace
}  // namespace hexapla
