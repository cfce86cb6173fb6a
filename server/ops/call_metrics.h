// SPDX-License-Identifier: Apache-2.0
#ifndef HEXAPLA_SERVER_OPS_CALL_METRICS_H_
#define HEXAPLA_SERVER_OPS_CALL_METRICS_H_

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

#include "server/base/stage_times.h"
#include "server/service/call_monitor.h"

namespace hexapla {

// What is counted of the calls of our services, under the names of gRPC's
// proposal A66 in Prometheus' spelling, and the time that their work waited and
// computed. docs/operations.md names them all.
//
// Cost: under a microsecond a call.
// Threads: every method may be called concurrently.
class CallMetrics {
 public:
  CallMetrics();
  ~CallMetrics();

  CallMetrics(const CallMetrics&) = delete;
  CallMetrics& operator=(const CallMetrics&) = delete;

  // A method of none of our services is not counted.
  void CallStarted(absl::string_view method);
  void WorkDone(absl::string_view method, const StageTimes& stages);
  void CallEnded(const CallSummary& call);

  // For a scrape.
  std::shared_ptr<prometheus::Collectable> collectable() const { return registry_; }

 private:
  using HistogramFamily = prometheus::Family<prometheus::Histogram>;
  // Of one method and status.
  struct Ended {
    prometheus::Histogram& duration;
    prometheus::Histogram& sent;
    prometheus::Histogram& received;
  };
  struct Method {
    Method(prometheus::Counter& started_calls, prometheus::Histogram& queue_times,
           prometheus::Histogram& compute_times)
        : started(started_calls), queued(queue_times), computed(compute_times) {}

    prometheus::Counter& started;
    prometheus::Histogram& queued;
    prometheus::Histogram& computed;
    // By code, owned, made as codes come up: most never do.
    std::array<std::atomic<const Ended*>, 17> ended = {};
    // By stage, made as stages come up; the registry owns them.
    std::array<std::atomic<prometheus::Histogram*>, kStageCount> stages = {};
  };

  const Ended& EndedOf(const std::string& name, Method& method, grpc::StatusCode code);

  const std::shared_ptr<prometheus::Registry> registry_;
  HistogramFamily& duration_;
  HistogramFamily& sent_;
  HistogramFamily& received_;
  HistogramFamily& stages_;
  // Constant after construction, but for what is atomic in it.
  std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace hexapla

#endif  // HEXAPLA_SERVER_OPS_CALL_METRICS_H_
