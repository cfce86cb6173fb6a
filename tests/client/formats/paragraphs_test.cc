// SPDX-License-Identifier: Apache-2.0
#include "client/formats/paragraphs.h"

#include <gtest/gtest.h>

namespace hexapla {
namespace {

TEST(ParagraphsTest, JoinsWhatTheHeaderShows) {
  Paragraphs paragraphs;
  paragraphs.AddText("One\n two");
  paragraphs.EndParagraph();
  paragraphs.AddText("3");
  paragraphs.BreakLine();
  paragraphs.AddText("4");
  EXPECT_EQ(paragraphs.Take(), "One two\n\n3\n4");
  EXPECT_EQ(paragraphs.Take(), "");
}

TEST(ParagraphsTest, WhiteSpaceAtTheEndsIsDropped) {
  Paragraphs paragraphs;
  paragraphs.EndParagraph();
  paragraphs.AddText("  a ");
  paragraphs.EndParagraph();
  paragraphs.EndParagraph();
  paragraphs.AddText(" ");
  EXPECT_EQ(paragraphs.Take(), "a");
}

TEST(ParagraphsTest, NoBreakSpacesStay) {
  Paragraphs paragraphs;
  paragraphs.AddText("7\u00A0h \u00A0 40");
  EXPECT_EQ(paragraphs.Take(), "7\u00A0h \u00A0 40");
}

TEST(ParagraphsTest, PreformattedTextStaysAsItIs) {
  Paragraphs paragraphs;
  paragraphs.AddPreformatted("a\n  b\n");
  EXPECT_EQ(paragraphs.Take(), "a\n  b");
}

}  // namespace
}  // namespace hexapla
