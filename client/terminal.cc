// SPDX-License-Identifier: Apache-2.0
#include "client/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"

namespace hexapla {
namespace {

std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Terminal DetectTerminal(int file_descriptor) {
  Terminal terminal;
  terminal.interactive = isatty(file_descriptor) != 0;
  terminal.colour = terminal.interactive && EnvironmentVariable("NO_COLOR").empty() &&
                    EnvironmentVariable("TERM") != "dumb";
  int columns = 0;
  winsize size = {};
  if (absl::SimpleAtoi(EnvironmentVariable("COLUMNS"), &columns) && columns > 0) {
    terminal.columns = columns;
  } else if (ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.columns = size.ws_col;
  }
  return terminal;
}

}  // namespace hexapla
