// SPDX-License-Identifier: Apache-2.0
#include "client/corpus_format.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const CorpusItem kItem = {.line = 7, .id = "a"};

v1::AlignDocumentsResponse TwoBeads() {
  v1::AlignDocumentsResponse response = AlignmentReply({"en", "fr"})
                                            .Bead(0.97F, {{0}, {0}}, {{"One\nline."}, {"Un."}})
                                            .Bead(0.5F, {{1}, {}}, {{"Two."}, {}})
                                            .Response();
  response.mutable_summary()->set_document_probability(0.25);
  return response;
}

CorpusFormat Tmx() { return CorpusFormat(OutputFormat::kTmx, {}); }
CorpusFormat Xliff() { return CorpusFormat(OutputFormat::kXliff, {"en", "fr"}); }

TEST(CorpusFormatTest, JsonlIsLinesAlone) {
  const CorpusFormat format(OutputFormat::kJsonl, {});
  EXPECT_EQ(format.head() + format.foot(true) + format.foot(false), "");
  EXPECT_FALSE(format.needs_text());
  EXPECT_THAT(format.ResultLine(kItem, TwoBeads()), StartsWith(R"({"id":"a","beads":[{"sides":)"));
  EXPECT_EQ(format.ErrorLine(kItem, absl::NotFoundError("x"), false),
            CorpusErrorLine(kItem, absl::NotFoundError("x"), false));
}

TEST(CorpusFormatTest, TmxIsOneMemoryOfAllSets) {
  const CorpusFormat format = Tmx();
  EXPECT_TRUE(format.needs_text());
  EXPECT_THAT(format.head(), StartsWith(R"(<?xml version="1.0" encoding="UTF-8"?>)"));
  EXPECT_THAT(format.head(), HasSubstr(R"(srclang="*all*")"));
  EXPECT_THAT(format.head(), testing::EndsWith("<body>"));
  EXPECT_EQ(format.foot(true), "</body></tmx>");
  EXPECT_EQ(format.foot(false), "</body></tmx>");
  EXPECT_EQ(format.ResultLine(kItem, TwoBeads()),
            R"(<!--{"id":"a","beads":2,"document_probability":0.25}-->)"
            R"(<tu tuid="7-0"><prop type="x-set">a</prop><prop type="x-probability">0.9700</prop>)"
            R"(<tuv xml:lang="en"><seg>One&#10;line.</seg></tuv>)"
            R"(<tuv xml:lang="fr"><seg>Un.</seg></tuv></tu>)"
            R"(<tu tuid="7-1"><prop type="x-set">a</prop><prop type="x-probability">0.5000</prop>)"
            R"(<tuv xml:lang="en"><seg>Two.</seg></tuv></tu>)");
}

TEST(CorpusFormatTest, XliffIsAFileForEachSet) {
  const CorpusFormat format = Xliff();
  EXPECT_THAT(format.head(), HasSubstr(R"(version="2.1" srcLang="en" trgLang="fr">)"));
  EXPECT_EQ(format.foot(true), "</xliff>");
  EXPECT_EQ(format.foot(false),
            R"(<file id="f0"><unit id="0"><segment><source/></segment></unit></file></xliff>)");
  const std::string line = format.ResultLine(kItem, TwoBeads());
  EXPECT_THAT(line, HasSubstr(R"(}--><file id="f7" original="a" xml:space="preserve">)"));
  EXPECT_THAT(line, HasSubstr(R"(<mda:meta type="document-probability">0.2500</mda:meta>)"));
  EXPECT_THAT(line, HasSubstr(R"(<unit id="1">)"));
  EXPECT_THAT(line, testing::EndsWith("</file>"));
}

TEST(CorpusFormatTest, XliffTakesSetsOfItsTwoLanguagesOnly) {
  v1::AlignDocumentsRequest set;
  set.add_versions()->set_language("en");
  EXPECT_THAT(std::string(Xliff().Check(set).message()), HasSubstr("1 given; XLIFF holds two"));
  set.add_versions()->set_language("de");
  EXPECT_THAT(std::string(Xliff().Check(set).message()),
              HasSubstr("versions[1].language is not fr"));
  EXPECT_TRUE(Tmx().Check(set).ok());
  set.mutable_versions(1)->set_language("fr");
  EXPECT_TRUE(Xliff().Check(set).ok());
}

TEST(CorpusFormatTest, WhatAnyIdSaysIsDoneIsReadBack) {
  for (const std::string id : {"a", "é --> <tu> & --", "\x01\n\"\\", "\uFFFE-", "--"}) {
    for (const CorpusFormat& format : {CorpusFormat(OutputFormat::kJsonl, {}), Tmx(), Xliff()}) {
      const CorpusItem item = {.line = 7, .id = id};
      const std::string result = format.ResultLine(item, TwoBeads());
      const std::string error = format.ErrorLine(item, absl::NotFoundError("x -- y"), false);
      EXPECT_THAT(result + error, Not(HasSubstr("\n")));
      const auto done = format.ParseDone(result);
      ASSERT_TRUE(done.ok()) << result;
      EXPECT_EQ(done->id, id);
      EXPECT_FALSE(done->failed);
      const auto failed = format.ParseDone(error);
      ASSERT_TRUE(failed.ok()) << error;
      EXPECT_EQ(failed->id, id);
      EXPECT_TRUE(failed->failed);
    }
  }
}

TEST(CorpusFormatTest, CommentsOfXmlHoldNoDoubleHyphen) {
  const std::string line =
      Tmx().ErrorLine({.line = 1, .id = "---->"}, absl::NotFoundError("--"), false);
  EXPECT_EQ(line.find("--", 4), line.size() - 3);
}

TEST(CorpusFormatTest, ABeginningOfEveryLineOfOursIsKnown) {
  for (const CorpusFormat& format : {CorpusFormat(OutputFormat::kJsonl, {}), Tmx(), Xliff()}) {
    for (const std::string& line : {format.head(), format.ResultLine(kItem, TwoBeads()),
                                    format.ErrorLine({.line = 7}, absl::NotFoundError("x"), true),
                                    format.foot(true), format.foot(false)}) {
      for (size_t cut = 1; cut < line.size(); ++cut) {
        EXPECT_TRUE(format.MayBeCut(line.substr(0, cut))) << line.substr(0, cut);
      }
    }
    for (const char* other : {"notes", "<html>", "<!-- a comment", R"({"id":"a","versions":[)"}) {
      EXPECT_FALSE(format.MayBeCut(other)) << other;
    }
  }
}

TEST(CorpusFormatTest, HeadsOfOtherDocumentsAreRefused) {
  std::string older = Tmx().head();
  older.replace(older.find("creationtoolversion=\"") + 21, 1, "9");
  EXPECT_TRUE(Tmx().IsHead(older));
  EXPECT_TRUE(Xliff().IsHead(Xliff().head()));
  EXPECT_FALSE(Tmx().IsHead(Xliff().head()));
  EXPECT_FALSE(Xliff().IsHead(CorpusFormat(OutputFormat::kXliff, {"en", "de"}).head()));
  EXPECT_FALSE(CorpusFormat(OutputFormat::kJsonl, {}).IsHead("x"));
}

}  // namespace
}  // namespace hexapla
