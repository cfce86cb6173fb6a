// SPDX-License-Identifier: Apache-2.0
#include "client/formats/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/string_view.h"

#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Write(const AlignmentReply& reply, const std::vector<std::string>& files) {
  std::ostringstream output;
  WriteHtmlReport(reply.Response(), files, output);
  return output.str();
}

int Count(const std::string& page, const std::string& what) {
  int count = 0;
  for (size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) ++count;
  return count;
}

TEST(EscapeHtmlTest, LeavesNoMarkup) {
  EXPECT_EQ(EscapeHtml("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(EscapeHtml(absl::string_view("\0\x1B\x7F\t\n\r", 6)), "\uFFFD\uFFFD\uFFFD\t\n ");
  EXPECT_EQ(EscapeHtml("naïve 北京 \U0001F600"), "naïve 北京 \U0001F600");
}

TEST(HtmlReportTest, VersionsAreColumnsInTheirOwnDirection) {
  const std::string page =
      Write(AlignmentReply({"en", "fr", "ar"}).Bead(1, {{0}, {0, 1}, {0}}).Pair(0, 2, 0.25F),
            {"a.txt", "b.txt", "c.txt"});
  EXPECT_THAT(page, HasSubstr("<td lang=\"en\" dir=\"ltr\" class=\""));
  EXPECT_THAT(page, HasSubstr("<p>1.0</p><p>1.1</p></td>"));
  EXPECT_THAT(page, HasSubstr("<td lang=\"ar\" dir=\"rtl\" class=\""));
  EXPECT_THAT(page, HasSubstr("<small>Arabic (ar), 0 sentences</small>"));
  EXPECT_THAT(page, HasSubstr("a.txt</th><th>c.txt</th><td>0.25</td>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"col\" class=\"rtl\" data-name=\"c.txt\">"));
  EXPECT_THAT(page, HasSubstr("--versions: 3;"));
}

TEST(HtmlReportTest, DoubtAndAbsenceAreMarked) {
  const std::string page = Write(AlignmentReply({"en", "fr"})
                                     .Bead(0.49F, {{0}, {0}})
                                     .Bead(0.79F, {{1}, {1}})
                                     .Bead(0.8F, {{2}, {}}),
                                 {"a", "b"});
  EXPECT_THAT(page, HasSubstr("3 beads, 1 with a version absent, 1 doubtful"));
  EXPECT_EQ(Count(page, "class=\"has-doubt \""), 1);
  EXPECT_EQ(Count(page, "class=\"has-gap\""), 1);
  EXPECT_THAT(page, HasSubstr("0.49?</th>"));
  EXPECT_EQ(Count(page, "class=\"low\" tabindex"), 2);
  EXPECT_THAT(page, HasSubstr("<p aria-label=\"absent\">—</p>"));
}

TEST(HtmlReportTest, WarningsNameTheFiles) {
  const std::string page =
      Write(AlignmentReply({"en", "fr"})
                .Warning(v1::Warning::REASON_VERSIONS_UNRELATED, {0, 1},
                         "versions[0] and versions[1] look unrelated")
                .Warning(v1::Warning::REASON_LANGUAGE_NOT_COVERED, {1}, "no vectors for it"),
            {"a.txt", "b<.txt"});
  EXPECT_THAT(page, HasSubstr("<li>a.txt and b&lt;.txt look unrelated</li>"));
  EXPECT_THAT(page, HasSubstr("<li>b&lt;.txt: no vectors for it</li>"));
}

TEST(HtmlReportTest, OneCellIsInTheOrderOfTab) {
  const std::string page =
      Write(AlignmentReply({"en", "fr"}).Bead(1, {{0}, {0}}).Bead(1, {{1}, {1}}), {"a", "b"});
  EXPECT_EQ(Count(page, "tabindex=\"0\""), 1);
}

TEST(HtmlReportTest, HostileTextStaysText) {
  const std::string hostile = "</script></p><img src=x onerror=alert(1)> \" ' \u202Eabc";
  const std::string page =
      Write(AlignmentReply({"en", "x\"><script>"})
                .Bead(1, {{0}, {0}}, {{hostile}, {"<!--"}})
                .Warning(v1::Warning::REASON_LANGUAGE_NOT_COVERED, {1, 99}, "<b>bold</b>"),
            {"</title><script>alert(2)</script>", "\u202Eb\x1B.txt"});
  EXPECT_EQ(Count(page, "<script>"), 1);
  EXPECT_EQ(Count(page, "</script>"), 1);
  EXPECT_EQ(Count(page, "</title>"), 1);
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  EXPECT_THAT(page, Not(HasSubstr("<b>")));
  EXPECT_THAT(page, HasSubstr("<td lang=\"x&quot;&gt;&lt;script&gt;\""));
  EXPECT_THAT(page, HasSubstr("<th scope=\"col\" data-name=\"b\uFFFD.txt\">"));
}

TEST(HtmlReportTest, ThePageForbidsItselfToLoadAnything) {
  const std::string page = Write(AlignmentReply({"en", "fr"}).Bead(1, {{0}, {0}}), {"a", "b"});
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; style-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("http:")));
  EXPECT_THAT(page, Not(HasSubstr("https:")));
  EXPECT_THAT(page, Not(HasSubstr(" style=")));
}

TEST(HtmlReportTest, NoBeadsMakeAPageToo) {
  EXPECT_THAT(Write(AlignmentReply({"en", "fr"}), {"a", "b"}), HasSubstr("0 beads"));
}

}  // namespace
}  // namespace hexapla
