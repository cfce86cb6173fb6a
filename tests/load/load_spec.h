// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_LOAD_LOAD_SPEC_H_
#define HEXAPLA_TESTS_LOAD_LOAD_SPEC_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hexapla::load {

// How the calls of a load come.
enum class Arrival {
  kClosed,    // each client calls again once it has its answer
  kConstant,  // at equal intervals, whatever the server does
  kPoisson,   // at random, independent of one another, whatever the server does
};

// One stream of like calls.
struct LoadSpec {
  // As it was written: "detect:poisson:500/5000/500".
  std::string text;
  // The name of a call, as calls.h has them.
  std::string call;
  Arrival arrival = Arrival::kClosed;
  // Of a closed load; 1 to 10,000.
  int clients = 0;
  // Of an open load, calls a second, 0 (a pause) to 1,000,000, not all 0: each
  // holds for an equal part of the time. At most 64.
  std::vector<double> rates;
};

// Reads CALL:closed:CLIENTS, CALL:constant:RATE[/RATE...] or CALL:poisson:RATE[/...].
// Errors: InvalidArgument, naming what is wrong; the call is not looked up.
absl::StatusOr<LoadSpec> ParseLoadSpec(absl::string_view text);

}  // namespace hexapla::load

#endif  // HEXAPLA_TESTS_LOAD_LOAD_SPEC_H_
