// SPDX-License-Identifier: Apache-2.0
#include "client/formats/markdown_text.h"

#include <gtest/gtest.h>

#include <string>

namespace hexapla {
namespace {

TEST(MarkdownTextTest, BlocksAreParagraphs) {
  EXPECT_EQ(MarkdownText("# A *heading*\n\nOne line\nand its rest.\n\n- x\n- y\n\n> quoted\n"),
            "A heading\n\nOne line and its rest.\n\nx\n\ny\n\nquoted");
}

TEST(MarkdownTextTest, ItemsOfATightListAreApart) {
  EXPECT_EQ(MarkdownText("1. one\n2. two\n   more\n"), "one\n\ntwo more");
}

TEST(MarkdownTextTest, CellsOfATableAreParagraphs) {
  EXPECT_EQ(
      MarkdownText("Times:\n\n| Ferry | Sails |\n|---|:-:|\n| *Aurora* | at `12` |\n| | no |\n"),
      "Times:\n\nFerry\n\nSails\n\nAurora\n\nat 12\n\nno");
  EXPECT_EQ(MarkdownText("a | b\nc | d\n"), "a | b c | d");
}

TEST(MarkdownTextTest, TablesThatWouldFillTheMemoryAreText) {
  for (const std::string end : {"\n", "\r\n", "\r", "\n\f\n", "\n\v\n"}) {
    std::string table;
    for (const char* cell : {"|a", "|-"}) {
      for (int i = 0; i < 1000; ++i) table += cell;
      table += "|\n";
    }
    for (int i = 0; i < 1000; ++i) table += "b" + end;
    EXPECT_EQ(MarkdownText("| a |\n|---|\n| b |\n\n" + table).substr(0, 7), "| a | |");
  }
}

TEST(MarkdownTextTest, MarksOfTasksAndDeletionsAreLeftOut) {
  EXPECT_EQ(MarkdownText("- [x] done\n- [ ] open\n- [see] ~~old~~ new\n"),
            "done\n\nopen\n\n[see] old new");
  EXPECT_EQ(MarkdownText("It takes 3~5 days, or 10~20."), "It takes 3~5 days, or 10~20.");
}

TEST(MarkdownTextTest, LinksAndCodeInLinesKeepTheirText) {
  EXPECT_EQ(MarkdownText("See [the **guide**](http://x.example/a) and `f(<x>)` &copy;."),
            "See the guide and f(<x>) ©.");
}

TEST(MarkdownTextTest, CodeBlocksHtmlAndPicturesAreLeftOut) {
  EXPECT_EQ(MarkdownText("a\n\n```\ncode\n```\n\n    indented\n\n<div>raw</div>\n\n"
                         "![alt *text*](p.png) b <br> c\n\n---\n"),
            "a\n\nb c");
}

TEST(MarkdownTextTest, AHardBreakIsALineBreak) {
  EXPECT_EQ(MarkdownText("one  \ntwo\\\nthree"), "one\ntwo\nthree");
}

TEST(MarkdownTextTest, LineEndsVanishInScriptsWithoutSpaces) {
  EXPECT_EQ(MarkdownText("今天\n天气。\n"), "今天天气。");
}

TEST(MarkdownTextTest, FrontMatterIsLeftOut) {
  EXPECT_EQ(MarkdownText("---\r\ntitle: x\r\n---\r\nText\r\n"), "Text");
  EXPECT_EQ(MarkdownText("---\ntitle: x\n...\nText\n"), "Text");
}

TEST(MarkdownTextTest, ARuleIsNoFrontMatter) {
  EXPECT_EQ(MarkdownText("---\n\nText\n"), "Text");
  EXPECT_EQ(MarkdownText("Text\n\n---\n\nmore\n\n---\n"), "Text\n\nmore");
}

TEST(MarkdownTextTest, BlankDocumentsHaveNoText) {
  EXPECT_EQ(MarkdownText(""), "");
  EXPECT_EQ(MarkdownText("\n \n"), "");
}

TEST(MarkdownTextTest, DeepNestingIsRead) {
  EXPECT_EQ(MarkdownText(std::string(2000, '>') + " deep"), "deep");
}

}  // namespace
}  // namespace hexapla
