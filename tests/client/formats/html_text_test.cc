// SPDX-License-Identifier: Apache-2.0
#include "client/formats/html_text.h"

#include <gtest/gtest.h>

#include <string>

namespace hexapla {
namespace {

TEST(HtmlTextTest, BlocksAreParagraphs) {
  EXPECT_EQ(HtmlText("<!DOCTYPE html><html><head><title>T</title></head><body>"
                     "<h1>A  heading</h1><p>One <b>bold</b>\n  word.<p>Two.<ul><li>x<li>y</ul>"
                     "<table><tr><td>c1<td>c2</table></body></html>"),
            "A heading\n\nOne bold word.\n\nTwo.\n\nx\n\ny\n\nc1\n\nc2");
}

TEST(HtmlTextTest, ABreakIsALineBreak) {
  EXPECT_EQ(HtmlText("<p>Main Street 1<br>Sandvik<br/> <br>Norway</p>"),
            "Main Street 1\nSandvik\nNorway");
}

TEST(HtmlTextTest, WhatIsNotRunningTextIsLeftOut) {
  EXPECT_EQ(HtmlText("<nav><a href=/>Home</a></nav><script>var a = '<p>x</p>';</script>"
                     "<style>p{}</style><noscript>n</noscript><template><p>t</p></template>"
                     "<svg><text>s</text></svg><button>b</button><select><option>o</select>"
                     "<p hidden>h</p><i aria-hidden=\"true\">i</i><!-- c --><p>kept</p>"),
            "kept");
}

TEST(HtmlTextTest, CodeBlocksAreLeftOutAndOtherPreformattedTextKeepsItsLines) {
  EXPECT_EQ(HtmlText("<p>Call <code>f()</code> now.</p><pre><code>int x;</code></pre>"
                     "<pre>A poem\n  of two lines</pre>"),
            "Call f() now.\n\nA poem\n  of two lines");
}

TEST(HtmlTextTest, ReferencesBecomeCharacters) {
  EXPECT_EQ(HtmlText("caf&eacute; &lt;b&gt; &amp;c &#x5317;&nbsp;x"), "café <b> &c 北\u00A0x");
}

TEST(HtmlTextTest, LineEndsVanishInScriptsWithoutSpaces) {
  EXPECT_EQ(HtmlText("<p>今天\n天气</p><p>two\nwords</p>"), "今天天气\n\ntwo words");
  EXPECT_EQ(HtmlText("<p><ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>へ</p>"),
            "東京へ");
}

TEST(HtmlTextTest, AnyBytesAreAPage) {
  EXPECT_EQ(HtmlText(""), "");
  EXPECT_EQ(HtmlText("no markup at all"), "no markup at all");
  EXPECT_EQ(HtmlText("</p></div><b>open <i>never</b> closed"), "open never closed");
  EXPECT_EQ(HtmlText("<"), "<");
  EXPECT_EQ(HtmlText("<p>cut <a href=\"x"), "cut");
}

TEST(HtmlTextTest, DeepNestingNeedsNoStack) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<div>";
  EXPECT_EQ(HtmlText(deep + "text"), "text");
}

TEST(DeclaredHtmlEncodingTest, IsTheOneOfTheMetaElement) {
  EXPECT_EQ(DeclaredHtmlEncoding("<html><head><META Charset=\"Windows-1251\">"), "windows-1251");
  EXPECT_EQ(DeclaredHtmlEncoding("<meta http-equiv=Content-Type "
                                 "content='text/html; charset=shift_jis'>"),
            "shift_jis");
  EXPECT_EQ(DeclaredHtmlEncoding("<p>charset=x</p>"), "");
  EXPECT_EQ(DeclaredHtmlEncoding(std::string(2000, ' ') + "<meta charset=x>"), "");
  EXPECT_EQ(DeclaredHtmlEncoding(""), "");
}

}  // namespace
}  // namespace hexapla
