// SPDX-License-Identifier: Apache-2.0
//
// The file of hexaplad's --config: options, or one line that says what is wrong.
// It never leaves this machine's memory (memfd).
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"

#include "server/ops/options.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hexapla;
  static const int file = memfd_create("config", 0);
  HEXAPLA_EXPECT(ftruncate(file, 0) == 0);
  HEXAPLA_EXPECT(pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  const std::string flag = absl::StrCat("--config=/proc/self/fd/", file);
  const char* const arguments[] = {"hexaplad", flag.c_str()};
  const auto parsed = ParseOptions(2, arguments);
  if (const auto* exit = std::get_if<CommandLineExit>(&parsed)) {
    HEXAPLA_EXPECT(exit->code == 2 || exit->code == 0);
    HEXAPLA_EXPECT(!exit->err.empty() || !exit->out.empty());
  }
  return 0;
}
