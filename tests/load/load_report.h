// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_LOAD_LOAD_REPORT_H_
#define HEXAPLA_TESTS_LOAD_LOAD_REPORT_H_

#include <string>

#include "tests/load/load_runner.h"

namespace hexapla::load {

// For people: a line a load and phase, latencies in milliseconds, then a line about
// processor time. Ends with a newline.
std::string ToTable(const RunResult& result);

// For programs: one JSON object, times in microseconds; the histogram of a load is
// a list of [upper bound, count].
std::string ToJson(const RunResult& result);

}  // namespace hexapla::load

#endif  // HEXAPLA_TESTS_LOAD_LOAD_REPORT_H_
