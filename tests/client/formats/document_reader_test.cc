// SPDX-License-Identifier: Apache-2.0
#include "client/formats/document_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/client/temporary_file.h"

namespace hexapla {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ReadDocumentTest : public testing::Test {
 protected:
  // Reads `content` from standard input.
  absl::StatusOr<InputDocument> Read(const std::string& content, const InputOptions& options) {
    std::istringstream input(content);
    return ReadDocument("-", options, input, notes_);
  }

  std::ostringstream notes_;
};

template <typename Result>
std::string Complaint(const Result& result) {
  return std::string(result.status().message());
}

TEST(ResolveFormatTest, TheEndingOfTheNameDecides) {
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "a.MD", ""), InputFormat::kMarkdown);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "a.htm", ""), InputFormat::kHtml);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "a.srt", ""), InputFormat::kSrt);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "a.jsonl", ""), InputFormat::kJsonl);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "a.txt", "# not Markdown"), InputFormat::kText);
  EXPECT_EQ(ResolveFormat(InputFormat::kText, "a.md", ""), InputFormat::kText);
}

TEST(ResolveFormatTest, APageIsKnownByItsBegin) {
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "-", " \n<!DOCTYPE HTML>"), InputFormat::kHtml);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "page", "<html lang=en>"), InputFormat::kHtml);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "-", "<?xml version='1.0'?>\n<html>"),
            InputFormat::kHtml);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "-", "<!DOCTYPE\nhtml PUBLIC '-'>"),
            InputFormat::kHtml);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "-", "<!-- saved -->\n<!doctype html>\n<p>"),
            InputFormat::kHtml);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "-", "<?xml version='1.0'?><a>use <html in"),
            InputFormat::kText);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "-", "<html"), InputFormat::kText);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "-", "<!--"), InputFormat::kText);
  EXPECT_EQ(ResolveFormat(InputFormat::kAuto, "-", "<p>some text"), InputFormat::kText);
}

TEST_F(ReadDocumentTest, ReadsEveryFormat) {
  EXPECT_EQ(Read("a *b*", {})->text, "a *b*");
  EXPECT_EQ(Read("a *b*", {.format = InputFormat::kMarkdown})->text, "a b");
  EXPECT_EQ(Read("a <b>b</b>", {.format = InputFormat::kHtml})->text, "a b");
  EXPECT_THAT(Read("a\r\n\nb", {.format = InputFormat::kLines})->sentences,
              ElementsAre("a", "", "b"));
  EXPECT_THAT(Read("\"a\"", {.format = InputFormat::kJsonl})->sentences, ElementsAre("a"));
  EXPECT_THAT(Read("1\n0:0:0 --> 0:0:1\na", {.format = InputFormat::kSrt})->sentences,
              ElementsAre("a"));
  EXPECT_EQ(notes_.str(), "");
}

TEST_F(ReadDocumentTest, AGuessedEncodingIsSaid) {
  const std::string page = "<html><meta charset=windows-1251><p>\xCF\xF0\xE8</p>";
  EXPECT_EQ(Read(page, {.encoding = "auto"})->text, "При");
  EXPECT_EQ(notes_.str(), "note: -: read as windows-1251\n");
}

TEST_F(ReadDocumentTest, ErrorsNameTheFile) {
  EXPECT_THAT(Complaint(Read("caf\xE9", {})), StartsWith("-: invalid UTF-8 at byte"));
  EXPECT_THAT(Complaint(Read("{", {.format = InputFormat::kJsonl})), StartsWith("-: line 1: "));
  std::istringstream no_input;
  EXPECT_THAT(Complaint(ReadDocument("/nonexistent", {}, no_input, notes_)),
              StartsWith("/nonexistent: "));
}

TEST_F(ReadDocumentTest, FilesThatAreNoTextAreNamed) {
  for (const std::string begin :
       {"PK\3\4", "%PDF-1.7\n", "\xD0\xCF\x11\xE0", "{\\rtf1", "\x1F\x8B\x08", "BZh11AY&SY"}) {
    for (const InputFormat format : {InputFormat::kAuto, InputFormat::kLines}) {
      EXPECT_THAT(Complaint(Read(begin + "x", {.format = format, .encoding = "auto"})),
                  HasSubstr("save it as text or HTML, first"))
          << begin;
    }
  }
  EXPECT_EQ(Read("PK is a key; BZh, %PDF and {\\rtf are not.", {})->text,
            "PK is a key; BZh, %PDF and {\\rtf are not.");
}

TEST_F(ReadDocumentTest, XmlIsReadOnlyByName) {
  for (const std::string xml : {"<?xml version='1.0'?><tmx/>", "<tmx version='1.4'>a</tmx>",
                                " <xliff>a</xliff>", "<!DOCTYPE tmx SYSTEM 'tmx14.dtd'><tmx/>"}) {
    EXPECT_THAT(Complaint(Read(xml, {})), HasSubstr("--input_format=")) << xml;
    EXPECT_EQ(Read(xml, {.format = InputFormat::kText})->text, xml);
  }
  for (const std::string text :
       {"<!DOCTYPE of the file> is text.", "<xliffs are nice.", "<tmx", "<?xml is what I like.",
        "<p>One.</p>", "<!DOCTYPE", "<!-- x", "<?", "<"}) {
    EXPECT_EQ(Read(text, {})->text, text);
  }
}

TEST_F(ReadDocumentTest, MarkupWithoutTextIsAnError) {
  EXPECT_THAT(Complaint(Read("<nav>Home</nav>", {.format = InputFormat::kHtml})),
              HasSubstr("no text is left"));
  EXPECT_EQ(Read("", {.format = InputFormat::kHtml})->text, "");
}

TEST(CheckNotBlankTest, BlankDocumentsAreErrors) {
  EXPECT_EQ(CheckNotBlank("f", {}).message(), "f is empty");
  EXPECT_EQ(CheckNotBlank("f", {.text = " \n"}).message(), "f holds nothing but white space");
  EXPECT_FALSE(CheckNotBlank("f", {.has_sentences = true, .sentences = {"", " "}}).ok());
  EXPECT_TRUE(CheckNotBlank("f", {.has_sentences = true, .sentences = {"", "a"}}).ok());
  EXPECT_TRUE(CheckNotBlank("f", {.text = "a"}).ok());
}

TEST(FillVersionTest, SentencesAndTextGoWhereTheyBelong) {
  v1::DocumentVersion version;
  FillVersion({.text = "a"}, version);
  EXPECT_EQ(version.text(), "a");
  version.Clear();
  FillVersion({.has_sentences = true, .sentences = {"", "b"}}, version);
  EXPECT_THAT(version.sentences(), ElementsAre("", "b"));
  EXPECT_EQ(version.text(), "");
}

}  // namespace
}  // namespace hexapla
