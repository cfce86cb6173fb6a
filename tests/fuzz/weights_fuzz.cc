// SPDX-License-Identifier: Apache-2.0
//
// The three small text files of fitted weights. The first byte chooses.
#include "server/langid/opinion_weights.h"
#include "server/similarity/pair_weights.h"
#include "server/similarity/scoring_weights.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hexapla;
  FuzzInput input(data, size);
  absl::Status status;
  switch (input.Choose(3)) {
    case 0:
      status = ScoringWeights::Parse(input.rest(), "weights").status();
      break;
    case 1:
      status = PairWeights::Parse(input.rest(), "weights").status();
      break;
    default:
      status = OpinionWeights::Parse(input.rest(), "weights").status();
      break;
  }
  HEXAPLA_EXPECT(status.ok() || absl::IsInvalidArgument(status) || absl::IsDataLoss(status));
  return 0;
}
