// SPDX-License-Identifier: Apache-2.0
#include "client/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace hexapla {
namespace {

// A pseudo-terminal of 97 columns and an environment that says nothing.
class TerminalTest : public testing::Test {
 protected:
  void SetUp() override {
    winsize size = {};
    size.ws_col = 97;
    size.ws_row = 24;
    ASSERT_EQ(openpty(&primary_, &secondary_, nullptr, nullptr, &size), 0);
    unsetenv("COLUMNS");
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
  }
  void TearDown() override {
    close(primary_);
    close(secondary_);
  }

  int primary_ = -1;
  int secondary_ = -1;
};

TEST_F(TerminalTest, ATerminalHasItsWidthAndColour) {
  const Terminal terminal = DetectTerminal(secondary_);
  EXPECT_TRUE(terminal.interactive);
  EXPECT_TRUE(terminal.colour);
  EXPECT_EQ(terminal.columns, 97);
}

TEST_F(TerminalTest, APipeHasNeither) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Terminal terminal = DetectTerminal(ends[1]);
  EXPECT_FALSE(terminal.interactive);
  EXPECT_FALSE(terminal.colour);
  EXPECT_EQ(terminal.columns, 80);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(TerminalTest, TheEnvironmentSetsTheWidth) {
  setenv("COLUMNS", "120", 1);
  EXPECT_EQ(DetectTerminal(secondary_).columns, 120);
  for (const char* wrong : {"", "wide", "0", "-5"}) {
    setenv("COLUMNS", wrong, 1);
    EXPECT_EQ(DetectTerminal(secondary_).columns, 97) << wrong;
  }
}

TEST_F(TerminalTest, TheEnvironmentTurnsColourOff) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(DetectTerminal(secondary_).colour);
  setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(DetectTerminal(secondary_).colour);
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(DetectTerminal(secondary_).colour);
}

}  // namespace
}  // namespace hexapla
