// SPDX-License-Identifier: Apache-2.0
//
// The lines of `hexapla corpus`: those of its input and, read again when a run is
// resumed, those of its output. Names of languages come in between.
#include <string>

#include "client/corpus_format.h"
#include "client/corpus_item.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hexapla;
  const absl::string_view line = FuzzInput(data, size).rest();
  const CorpusItem item = ParseCorpusItem(7, line, {"en", ""});
  HEXAPLA_EXPECT(item.line == 7);
  // A set that may be sent must be fit for protobuf, which takes UTF-8 only.
  std::string bytes;
  if (item.status.ok()) HEXAPLA_EXPECT(item.request.SerializeToString(&bytes));
  // A line of ours must be read back.
  const std::string error =
      CorpusErrorLine(item, absl::InternalError("why"), /*by_line=*/item.id.empty());
  HEXAPLA_EXPECT(ParseCorpusDone(error).ok());
  ParseCorpusDone(line).IgnoreError();
  for (const OutputFormat name : {OutputFormat::kTmx, OutputFormat::kXliff}) {
    const CorpusFormat format(name, {"en", "fr"});
    HEXAPLA_EXPECT(format
                       .ParseDone(format.ErrorLine(item, absl::InternalError("why"),
                                                   /*by_line=*/item.id.empty()))
                       .ok());
    format.MayBeCut(line);
    format.IsHead(line);
  }
  return 0;
}
