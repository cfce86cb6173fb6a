// SPDX-License-Identifier: Apache-2.0
//
// One thread per open load waits until a call is due and makes it; threads with a
// completion queue each take the answers, count them, and make the next call of a
// closed client. A call's latency counts from the time at which it was due: a
// driver that waits for slow answers before it asks again, and then counts from
// there, leaves out just the calls that would have suffered (coordinated omission).
#include "tests/load/load_runner.h"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "server/base/status_macros.h"
#include "server/ops/status_name.h"
#include "tests/load/arrivals.h"

namespace hexapla::load {
namespace {

using Clock = std::chrono::steady_clock;

// How often the waiting for the end looks whether it has come.
constexpr absl::Duration kPoll = absl::Milliseconds(1);

absl::StatusOr<clockid_t> ProcessorClockOf(pid_t process) {
  clockid_t clock = 0;
  if (clock_getcpuclockid(process, &clock) == 0) return clock;
  return absl::NotFoundError(absl::StrCat("there is no process ", process));
}

absl::Duration Read(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return absl::DurationFromTimespec(time);
}

// What one thread counts of one phase of a load.
struct Tally : CallCounts {
  int64_t answered_in_time = 0;
  int64_t reply_bytes = 0;

  void Merge(const Tally& other) {
    due += other.due;
    ok += other.ok;
    refused += other.refused;
    for (const auto& [code, count] : other.failed) failed[code] += count;
    wrong += other.wrong;
    if (problem.empty()) problem = other.problem;
    answered_in_time += other.answered_in_time;
    reply_bytes += other.reply_bytes;
    latency.Merge(other.latency);
    late.Merge(other.late);
  }
};

// A call under way, as the tag in the queue.
struct Flight {
  size_t load = 0;
  absl::Duration due;
  absl::Duration made;
  std::unique_ptr<PendingCall> call;
};

// A thread that takes answers, and what it has counted, by load and phase.
struct Taker {
  grpc::CompletionQueue queue;
  std::vector<std::vector<Tally>> tallies;
  std::thread thread;
};

class Run {
 public:
  Run(const RunOptions& options, std::vector<clockid_t> servers)
      : options_(options), servers_(std::move(servers)) {}

  absl::Status Prepare(const std::vector<std::shared_ptr<grpc::Channel>>& channels) {
    for (const LoadSpec& load : options_.loads) {
      std::vector<std::unique_ptr<Caller>>& callers = callers_.emplace_back();
      for (const auto& channel : channels) {
        HEXAPLA_ASSIGN_OR_RETURN(callers.emplace_back(),
                                 MakeCaller(load.call, channel, options_.echo));
      }
    }
    for (int i = 0; i < std::max(1, options_.threads); ++i) {
      Taker& taker = *takers_.emplace_back(std::make_unique<Taker>());
      for (const LoadSpec& load : options_.loads) {
        taker.tallies.emplace_back(std::max<size_t>(1, load.rates.size()));
      }
    }
    return absl::OkStatus();
  }

  RunResult Go();

 private:
  absl::Duration Now() const { return absl::FromChrono(Clock::now() - start_); }
  absl::Duration End() const { return options_.warm_up + options_.duration; }
  bool IsMeasured(absl::Duration time) const { return time >= options_.warm_up && time < End(); }
  size_t PhaseOf(const LoadSpec& load, absl::Duration due) const {
    if (load.rates.size() < 2) return 0;
    const auto phases = static_cast<int64_t>(load.rates.size());
    const int64_t phase = (due - options_.warm_up) / (options_.duration / phases);
    return static_cast<size_t>(std::clamp<int64_t>(phase, 0, phases - 1));
  }

  // Whether one call more may be made.
  bool MayCall() { return tickets_.fetch_add(1, std::memory_order_relaxed) < options_.calls_max; }
  int64_t InFlight() const { return started_ - ended_; }
  bool IsUsedUp() const { return tickets_ >= options_.calls_max && InFlight() == 0; }

  void Make(size_t load, absl::Duration due);
  void Pace(size_t load);
  void TakeAnswers(Taker& taker);
  // Returns at `time`, or as soon as no call is left to wait for.
  void SleepUntil(absl::Duration time) const;
  void Count(const Flight& flight, absl::Duration now, Tally& tally) const;
  absl::Duration ServerProcessor() const;
  void Collect(RunResult& result) const;

  const RunOptions& options_;
  const std::vector<clockid_t> servers_;
  // By load and channel.
  std::vector<std::vector<std::unique_ptr<Caller>>> callers_;
  std::vector<std::unique_ptr<Taker>> takers_;
  Clock::time_point start_;
  // Calls that were asked for, the last of them perhaps in vain.
  std::atomic<int64_t> tickets_ = 0;
  std::atomic<int64_t> started_ = 0;
  std::atomic<int64_t> ended_ = 0;
  std::atomic<uint64_t> next_channel_ = 0;
};

void Run::Make(size_t load, absl::Duration due) {
  ++started_;
  const uint64_t turn = next_channel_.fetch_add(1, std::memory_order_relaxed);
  const Caller& caller = *callers_[load][turn % callers_[load].size()];
  Taker& taker = *takers_[turn % takers_.size()];
  const auto deadline =
      std::chrono::system_clock::now() + absl::ToChronoNanoseconds(options_.timeout);
  caller.Start(deadline, taker.queue, [&](std::unique_ptr<PendingCall> call) {
    return new Flight{.load = load, .due = due, .made = Now(), .call = std::move(call)};
  });
}

void Run::Pace(size_t load) {
  // The kernel would otherwise wake this thread up to 50 µs late.
  prctl(PR_SET_TIMERSLACK, 1UL);
  const LoadSpec& spec = options_.loads[load];
  std::vector<ArrivalPhase> phases = {{spec.rates.front(), options_.warm_up}};
  for (const double rate : spec.rates) {
    phases.push_back({rate, options_.duration / static_cast<int64_t>(spec.rates.size())});
  }
  Arrivals arrivals(spec.arrival, std::move(phases), /*seed=*/load + 1);
  while (const auto due = arrivals.Next()) {
    if (!MayCall()) return;
    std::this_thread::sleep_until(start_ + absl::ToChronoNanoseconds(*due));
    while (InFlight() >= options_.in_flight_max) absl::SleepFor(kPoll);
    Make(load, *due);
  }
}

void Run::TakeAnswers(Taker& taker) {
  void* tag = nullptr;
  bool ok = false;
  while (taker.queue.Next(&tag, &ok)) {
    const std::unique_ptr<const Flight> flight(static_cast<Flight*>(tag));
    const LoadSpec& load = options_.loads[flight->load];
    const absl::Duration now = Now();
    if (load.arrival == Arrival::kClosed && now < End() && MayCall()) Make(flight->load, now);
    Count(*flight, now, taker.tallies[flight->load][PhaseOf(load, flight->due)]);
    ++ended_;
  }
}

void Run::Count(const Flight& flight, absl::Duration now, Tally& tally) const {
  const grpc::Status& status = flight.call->status();
  const bool measured = IsMeasured(flight.due);
  tally.due += measured;
  if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED && options_.may_refuse) {
    tally.refused += measured;
    return;
  }
  if (!status.ok()) {
    const char* const code = StatusName(status.error_code());
    ++tally.failed[code];
    if (tally.problem.empty()) tally.problem = absl::StrCat(code, ": ", status.error_message());
    return;
  }
  const absl::Status right = flight.call->CheckReply();
  if (!right.ok()) {
    ++tally.wrong;
    if (tally.problem.empty()) tally.problem = std::string(right.message());
    return;
  }
  if (IsMeasured(now)) ++tally.answered_in_time;
  if (!measured) return;
  ++tally.ok;
  tally.reply_bytes += static_cast<int64_t>(flight.call->reply_bytes());
  tally.latency.Add(now - flight.due);
  tally.late.Add(flight.made - flight.due);
}

absl::Duration Run::ServerProcessor() const {
  absl::Duration sum;
  for (const clockid_t clock : servers_) sum += Read(clock);
  return sum;
}

void Run::SleepUntil(absl::Duration time) const {
  while (Now() < time && !IsUsedUp()) absl::SleepFor(std::min(kPoll, time - Now()));
}

RunResult Run::Go() {
  RunResult result;
  start_ = Clock::now();
  for (const auto& taker : takers_) {
    taker->thread = std::thread([this, &taker = *taker] { TakeAnswers(taker); });
  }
  std::vector<std::thread> pacers;
  for (size_t load = 0; load < options_.loads.size(); ++load) {
    if (options_.loads[load].arrival != Arrival::kClosed) {
      pacers.emplace_back([this, load] { Pace(load); });
    }
    for (int client = 0; client < options_.loads[load].clients && MayCall(); ++client) {
      Make(load, Now());
    }
  }
  SleepUntil(options_.warm_up);
  const absl::Duration server = ServerProcessor();
  const absl::Duration client = Read(CLOCK_PROCESS_CPUTIME_ID);
  const absl::Duration begin = Now();
  SleepUntil(End());
  result.measured = Now() - begin;
  result.server_processor = ServerProcessor() - server;
  result.client_processor = Read(CLOCK_PROCESS_CPUTIME_ID) - client;
  for (std::thread& pacer : pacers) pacer.join();
  // Every call has a deadline, so this ends.
  while (InFlight() > 0) absl::SleepFor(kPoll);
  for (const auto& taker : takers_) {
    taker->queue.Shutdown();
    taker->thread.join();
  }
  Collect(result);
  return result;
}

void Run::Collect(RunResult& result) const {
  result.started = started_;
  result.ended = ended_;
  for (size_t load = 0; load < options_.loads.size(); ++load) {
    const LoadSpec& spec = options_.loads[load];
    const size_t phases = takers_.front()->tallies[load].size();
    for (size_t phase = 0; phase < phases; ++phase) {
      Tally sum;
      for (const auto& taker : takers_) sum.Merge(taker->tallies[load][phase]);
      result.all_right = result.all_right && sum.failed.empty() && sum.wrong == 0;
      const double seconds = absl::ToDoubleSeconds(result.measured) / static_cast<double>(phases);
      LoadResult& counted = result.loads.emplace_back();
      static_cast<CallCounts&>(counted) = sum;
      counted.load = spec.text;
      if (!spec.rates.empty()) counted.rate = spec.rates[phase];
      if (seconds > 0) {
        counted.answers_per_second = static_cast<double>(sum.answered_in_time) / seconds;
      }
      counted.request_bytes = static_cast<int64_t>(callers_[load].front()->request_bytes());
      if (sum.ok > 0) {
        counted.reply_bytes = static_cast<double>(sum.reply_bytes) / static_cast<double>(sum.ok);
      }
    }
  }
  result.all_right = result.all_right && result.started == result.ended;
}

}  // namespace

absl::StatusOr<RunResult> RunLoads(const RunOptions& options,
                                   const std::vector<std::shared_ptr<grpc::Channel>>& channels) {
  std::vector<clockid_t> servers;
  for (const pid_t process : options.servers) {
    HEXAPLA_ASSIGN_OR_RETURN(servers.emplace_back(), ProcessorClockOf(process));
  }
  Run run(options, std::move(servers));
  HEXAPLA_RETURN_IF_ERROR(run.Prepare(channels));
  return run.Go();
}

}  // namespace hexapla::load
