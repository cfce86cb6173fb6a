// SPDX-License-Identifier: Apache-2.0
#include "client/alignment_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "absl/strings/str_split.h"

#include "client/text_layout.h"
#include "tests/client/fake_service.h"

namespace hexapla {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Table(const AlignmentReply& reply, const std::vector<std::string>& files,
                  const Terminal& terminal) {
  std::ostringstream output;
  WriteAlignmentTable(reply.Response(), files, terminal, output);
  return "\n" + output.str();
}

std::string Rule(int columns) {
  std::string rule;
  for (int column = 0; column < columns; ++column) rule += "─";
  return rule;
}

TEST(AlignmentTableTest, StandsSideBySide) {
  EXPECT_EQ(Table(AlignmentReply({"en", "fr"})
                      .Bead(0.99F, {{0}, {0}},
                            {{"The ferry left at 7:40."}, {"Le ferry est parti à 7 h 40."}})
                      .Bead(0.41F, {{1, 2}, {1}},
                            {{"It was late.", "Nobody minded."}, {"Il avait du retard."}})
                      .Bead(0.9F, {{3}, {}}, {{"Bells rang."}, {}})
                      .Pair(0, 1, 0.98F),
                  {"a.txt", "b.txt"}, {.columns = 52}),
            R"(
#  prob   a.txt (en)          │ b.txt (fr)
)" + Rule(52) + R"(
0  0.99   The ferry left at   │ Le ferry est parti
          7:40.               │ à 7 h 40.
1  0.41?  It was late.        │ Il avait du retard.
          Nobody minded.      │
2  0.90   Bells rang.         │ —
3 beads, 1 with a version absent (—), 1 doubtful
(?); probably one document: 0.98
)");
}

TEST(AlignmentTableTest, RightToLeftColumnsAreFlushRightAndIsolated) {
  EXPECT_EQ(Table(AlignmentReply({"ar", "en"})
                      .Bead(1, {{0}, {0}}, {{"غادرت العبّارة الرصيف 7:40."}, {"The ferry left."}})
                      .Bead(1, {{}, {1}}, {{}, {"Alone."}})
                      .Pair(0, 1, 1),
                  {"a", "b"}, {.columns = 44}),
            R"(
#  prob   a (ar)          │ b (en)
)" + Rule(44) +
                "\n0  1.00     \u2067غادرت العبّارة\u2069 │ The ferry left.\n"
                "             \u2067الرصيف 7:40.\u2069 │\n"
                "1  1.00                 \u2067—\u2069 │ Alone.\n"
                "2 beads, 1 with a version absent (—), 0\n"
                "doubtful (?); probably one document: 1.00\n");
}

TEST(AlignmentTableTest, EveryLineFitsTheTerminal) {
  TextLayout layout;
  AlignmentReply reply({"en", "zh", "ar"});
  for (int bead = 0; bead < 12; ++bead) {
    reply.Bead(0.9F, {{bead}, {bead}, {bead}},
               {{"A sentence with Donaudampfschifffahrtsgesellschaft inside it."},
                {"渡轮在早上七点四十分离开了码头，没有人听到发动机的声音。"},
                {"ودّعت بلدة ساندفيك الساحلية رائحة الديزل صباح يوم الاثنين."}});
  }
  for (const int columns : {60, 61, 80, 137}) {
    const std::string table =
        Table(reply, {"en.txt", "zh.txt", "a_very_long_file_name_of_the_arabic.txt"},
              {.columns = columns});
    const std::vector<absl::string_view> lines =
        absl::StrSplit(absl::string_view(table).substr(0, table.rfind("12 beads")), '\n');
    for (const absl::string_view line : lines)
      EXPECT_LE(layout.DisplayWidth(line), columns) << line;
  }
}

TEST(AlignmentTableTest, StacksVersionsThatWouldBeTooNarrow) {
  EXPECT_EQ(Table(AlignmentReply({"en", "fr", "de"})
                      .Bead(0.9F, {{0}, {0}, {}},
                            {{"The ferry left the quay."}, {"Le ferry a quitté le quai."}, {}})
                      .Pair(0, 1, 1),
                  {"a", "b", "c"}, {.columns = 34}),
            R"(
#  prob   a (en)
          b (fr)
          c (de)
)" + Rule(34) + R"(
0  0.90   The ferry left the quay.
          Le ferry a quitté le
          quai.
          —
1 bead, 1 with a version absent
(—), 0 doubtful (?); probably one
document: 1.00
)");
}

TEST(AlignmentTableTest, ColoursOnlyWhereAsked) {
  const AlignmentReply reply =
      AlignmentReply({"en", "fr"}).Bead(0.1F, {{0}, {}}, {{"One."}, {}}).Pair(0, 1, 1);
  EXPECT_THAT(Table(reply, {"a", "b"}, {.colour = false}), Not(HasSubstr("\033")));
  const std::string coloured = Table(reply, {"a", "b"}, {.colour = true});
  EXPECT_THAT(coloured, HasSubstr("\033[33m0  0.10?  \033[0m"));
  EXPECT_THAT(coloured, HasSubstr("\033[31m—\033[0m"));
}

TEST(AlignmentTableTest, DocumentsCannotSteerTheTerminal) {
  const std::string table =
      Table(AlignmentReply({"en", "fr"})
                .Bead(1, {{0}, {0}}, {{"\033]0;title\007\u202Ex"}, {"a\nb\tc"}})
                .Pair(0, 1, 1),
            {"a\033[2J", "b"}, {});
  EXPECT_THAT(table, Not(HasSubstr("\033")));
  EXPECT_THAT(table, Not(HasSubstr("\u202E")));
  EXPECT_THAT(table, HasSubstr("a b c"));
}

TEST(AlignmentTableTest, AnAlignmentWithoutBeadsIsAHeader) {
  EXPECT_THAT(Table(AlignmentReply({"en", "fr"}), {"a", "b"}, {}), HasSubstr("0 beads"));
}

}  // namespace
}  // namespace hexapla
