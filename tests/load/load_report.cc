// SPDX-License-Identifier: Apache-2.0
#include "tests/load/load_report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hexapla::load {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kPercentiles[] = {50, 90, 99, 99.9};

double Milliseconds(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }
double Microseconds(absl::Duration duration) { return absl::ToDoubleMicroseconds(duration); }

int64_t FailedCount(const LoadResult& load) {
  int64_t count = load.wrong;
  for (const auto& [code, failed] : load.failed) count += failed;
  return count;
}

Json LatencyJson(const LatencyHistogram& latency) {
  Json json = {{"mean", Microseconds(latency.mean())}};
  for (const double percent : kPercentiles) {
    json[absl::StrCat("p", percent)] = Microseconds(latency.Percentile(percent));
  }
  json["max"] = Microseconds(latency.max());
  return json;
}

Json LoadJson(const LoadResult& load) {
  Json histogram = Json::array();
  for (const auto& [bound, count] : load.latency.Buckets()) {
    histogram.push_back({Microseconds(bound), count});
  }
  return {{"load", load.load},
          {"rate", load.rate},
          {"due", load.due},
          {"ok", load.ok},
          {"refused", load.refused},
          {"failed", load.failed},
          {"wrong", load.wrong},
          {"problem", load.problem},
          {"answers_per_second", load.answers_per_second},
          {"latency_us", LatencyJson(load.latency)},
          {"late_us", LatencyJson(load.late)},
          {"request_bytes", load.request_bytes},
          {"reply_bytes", load.reply_bytes},
          {"histogram_us", histogram}};
}

}  // namespace

std::string ToTable(const RunResult& result) {
  std::string table =
      absl::StrFormat("%-32s %9s %9s %8s %8s %6s %9s %9s %9s %9s %9s\n", "load", "due/s", "right/s",
                      "right", "refused", "wrong", "p50 ms", "p90", "p99", "p99.9", "max");
  for (const LoadResult& load : result.loads) {
    absl::StrAppendFormat(&table, "%-32s %9.0f %9.0f %8d %8d %6d", load.load, load.rate,
                          load.answers_per_second, load.ok, load.refused, FailedCount(load));
    for (const double percent : kPercentiles) {
      absl::StrAppendFormat(&table, " %9.3f", Milliseconds(load.latency.Percentile(percent)));
    }
    absl::StrAppendFormat(&table, " %9.3f\n", Milliseconds(load.latency.max()));
    if (!load.problem.empty()) absl::StrAppend(&table, "  ", load.problem, "\n");
  }
  absl::StrAppendFormat(&table, "%d calls, %d lost; processor time: server %.2f s, client %.2f s\n",
                        result.started, result.started - result.ended,
                        absl::ToDoubleSeconds(result.server_processor),
                        absl::ToDoubleSeconds(result.client_processor));
  return table;
}

std::string ToJson(const RunResult& result) {
  Json loads = Json::array();
  for (const LoadResult& load : result.loads) loads.push_back(LoadJson(load));
  const Json json = {{"all_right", result.all_right},
                     {"started", result.started},
                     {"ended", result.ended},
                     {"seconds", absl::ToDoubleSeconds(result.measured)},
                     {"server_processor_us", Microseconds(result.server_processor)},
                     {"client_processor_us", Microseconds(result.client_processor)},
                     {"loads", loads}};
  return json.dump();
}

}  // namespace hexapla::load
