// SPDX-License-Identifier: Apache-2.0
//
// The manifest of a model directory: an error that names the field, or entries
// that stay inside the directory.
#include "server/models/manifest.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hexapla;
  const auto models = ParseManifest(FuzzInput(data, size).rest());
  if (!models.ok()) {
    HEXAPLA_EXPECT(absl::IsInvalidArgument(models.status()));
    return 0;
  }
  for (const ModelInfo& info : *models) {
    HEXAPLA_EXPECT(!info.name.empty() && !info.file.empty() && info.file[0] != '/');
    HEXAPLA_EXPECT(info.sha256.size() == 64 && info.size_bytes >= 0);
  }
  return 0;
}
