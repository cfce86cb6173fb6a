// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_CLIENT_TERMINAL_H_
#define HEXAPLA_CLIENT_TERMINAL_H_

namespace hexapla {

// What the program knows about the place its output goes to.
struct Terminal {
  // A person looks at it; else a file or another program reads it.
  bool interactive = false;
  // Columns of a line.
  int columns = 80;
  bool colour = false;
};

// Asks about a file descriptor. The width is $COLUMNS where that is a number, else
// what the terminal says, else 80. Colour needs a terminal that is not "dumb" and
// $NO_COLOR unset or empty.
Terminal DetectTerminal(int file_descriptor);

}  // namespace hexapla

#endif  // HEXAPLA_CLIENT_TERMINAL_H_
