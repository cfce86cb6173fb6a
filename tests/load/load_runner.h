// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_TESTS_LOAD_LOAD_RUNNER_H_
#define HEXAPLA_TESTS_LOAD_LOAD_RUNNER_H_

#include <grpcpp/channel.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "tests/load/calls.h"
#include "tests/load/latency_histogram.h"
#include "tests/load/load_spec.h"

namespace hexapla::load {

struct RunOptions {
  // Run at the same time.
  std::vector<LoadSpec> loads;
  // Calls that are due before this are made, and checked, but not measured.
  absl::Duration warm_up = absl::Seconds(1);
  absl::Duration duration = absl::Seconds(5);
  // Of one call.
  absl::Duration timeout = absl::Seconds(30);
  // No more calls are made when so many are, the warm-up's included.
  int64_t calls_max = 10'000'000;
  // An open load makes no further calls while it has so many under way; the time
  // that they then wait is part of their latency.
  int in_flight_max = 20'000;
  // Threads that take replies, each with a completion queue of its own.
  int threads = 1;
  EchoSizes echo;
  // Whose processor time is measured, too; 0: nobody's.
  std::vector<pid_t> servers;
  // RESOURCE_EXHAUSTED is an answer like another: the server may refuse.
  bool may_refuse = false;
};

// What came of the calls due in some measured time.
struct CallCounts {
  // How many, and how they ended.
  int64_t due = 0;
  int64_t ok = 0;
  int64_t refused = 0;
  // Failed calls by code, and replies that were wrong.
  std::map<std::string, int64_t> failed;
  int64_t wrong = 0;
  // Of the first failed or wrong call; "" without.
  std::string problem;
  // From the time at which the call was due to its answer, of those that were OK.
  LatencyHistogram latency;
  // By how much the call was made later than due: what the driver itself adds.
  LatencyHistogram late;
};

// What came of one load, or of one of its phases. Calls belong to the phase in
// which they were due.
struct LoadResult : CallCounts {
  std::string load;
  // The rate asked for; 0 of a closed load.
  double rate = 0;
  // Right answers that came in the measured time, whenever they were due, a second.
  double answers_per_second = 0;
  int64_t request_bytes = 0;
  // On average.
  double reply_bytes = 0;
};

struct RunResult {
  // Each load's phases in turn.
  std::vector<LoadResult> loads;
  // The measured time, and the processor time that went by in it.
  absl::Duration measured;
  absl::Duration server_processor;
  absl::Duration client_processor;
  // All calls made and all that came back, the warm-up included: a lost one shows.
  int64_t started = 0;
  int64_t ended = 0;
  // Whether any call failed, was answered wrongly or got lost.
  bool all_right = true;
};

// Runs the loads over `channels`, call by call on each in turn, until the time is
// up and all calls have come back.
// Errors: InvalidArgument for an unknown call; NotFound for a server's process.
absl::StatusOr<RunResult> RunLoads(const RunOptions& options,
                                   const std::vector<std::shared_ptr<grpc::Channel>>& channels);

}  // namespace hexapla::load

#endif  // HEXAPLA_TESTS_LOAD_LOAD_RUNNER_H_
